{#- Tables and views of a warehouse that each build makes anew: written in place. dbt's own write beside the old relation,
    swap by renaming and drop the old one, for readers that this file never has; on DuckDB that is a fifth of the build. -#}
{% materialization table, adapter = "duckdb" %}
    {%- set target = this.incorporate(type="table") -%}
    {{ _drop_what_is_there(this) }}
    {% call statement("main") -%} {{ create_table_as(False, target, compiled_code) }} {%- endcall %}
    {% do persist_docs(target, model) %}
    {{ adapter.commit() }}
    {{ return({"relations": [target]}) }}
{% endmaterialization %}

{% materialization view, adapter = "duckdb" %}
    {%- set target = this.incorporate(type="view") -%}
    {{ _drop_what_is_there(this) }}
    {% call statement("main") -%} {{ create_view_as(target, compiled_code) }} {%- endcall %}
    {% do persist_docs(target, model) %}
    {{ adapter.commit() }}
    {{ return({"relations": [target]}) }}
{% endmaterialization %}

{% macro _drop_what_is_there(relation) -%}
    {%- set existing = load_cached_relation(relation) -%}
    {%- if existing is not none %} {% do adapter.drop_relation(existing) %} {% endif -%}
{%- endmacro %}
