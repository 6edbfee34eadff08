{{ staged_fuel_poverty("desnz_fuel_poverty") }}
