{#- Each column finds its row in the dimension named for it; null passes, as contracts say where null is
    allowed. One query a model, because each test costs a round trip. Fails with one row a column and value.
    columns: {column: dimension.key}. -#}
{% test refers_to(model, columns) %}
    {% for column, target in columns.items() %}
        {%- set dimension, key = target.split(".") %}
        select '{{ column }}' as column_name, referring.{{ column }} as found, count(*) as n_rows
        from {{ model }} as referring
        left join {{ ref(dimension) }} as described on referring.{{ column }} = described.{{ key }}
        where referring.{{ column }} is not null and described.{{ key }} is null
        group by referring.{{ column }}
        {% if not loop.last %}
            union all
        {% endif %}
    {% endfor %}
{% endtest %}
