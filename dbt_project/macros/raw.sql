{#- Registers the raw Parquet folders as relations: a view on DuckDB; on another engine an external table.
    One folder a source table, `ATF_RAW/<table>/*.parquet`; columns are matched by name, because publishers
    add and drop columns between vintages. -#}
{% macro register_raw() %}
    {%- if execute -%}
        {%- for source in graph.sources.values() | sort(attribute="name") if source.schema == "raw" %}
            {% if loop.first %} {{ register_raw_schema(source) }} {% endif %}
            {% do adapter.dispatch("register_raw_table", "all_together_fairer")(source) %}
        {%- endfor -%}
    {%- endif -%}
{% endmacro %}

{% macro register_raw_schema(source) %}
    {% call statement("register_raw_schema", auto_begin=False) %}
        create schema if not exists {{ source.schema }}
    {% endcall %}
{% endmacro %}

{% macro duckdb__register_raw_table(source) %}
    {%- set folder = env_var("ATF_RAW").replace("'", "''") -%}
    {% call statement("register_" ~ source.name, auto_begin=False) %}
        create or replace view {{ source.schema }}.{{ source.name }} as
        select *
        from read_parquet('{{ folder }}/{{ source.name }}/*.parquet', union_by_name = true)
    {% endcall %}
{% endmacro %}
