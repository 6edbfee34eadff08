{#- The grain: no two rows share these columns. Fails with one row a repeated key. -#}
{% test unique_key(model, columns) %}
    select {{ columns | join(", ") }}, count(*) as n_rows
    from {{ model }}
    group by {{ columns | join(", ") }}
    having count(*) > 1
{% endtest %}
