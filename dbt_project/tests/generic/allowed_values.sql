{#- Each column holds only the values listed for it; null passes, as contracts say where null is allowed. One
    query a model, because each test costs a round trip. Fails with one row a column and value.
    columns: {column: [values]}. -#}
{% test allowed_values(model, columns) %}
    {% for column, values in columns.items() %}
        select '{{ column }}' as column_name, {{ column }} as found, count(*) as n_rows
        from {{ model }}
        where
            {{ column }}
            not in ({% for value in values %}'{{ value }}'{% if not loop.last %}, {% endif %} {% endfor %})
        group by {{ column }}
        {% if not loop.last %}
            union all
        {% endif %}
    {% endfor %}
{% endtest %}
