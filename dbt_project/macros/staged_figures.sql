{#- The shape of a figure as staged: what every staging model of figures gives, in this order. -#}
{#- Column -> the SQL that stands for it where a model does not name it. A column that stands for itself must be in the
    relation. `measure` tells several measures of one row apart; `source_rows` is how many landed rows a figure was put
    together from, the first being `source_row`; `is_superseded` is true of a figure that the same vintage has in a better
    place. Sex and age have no default: a figure of nobody knows whom is wrong
    in silence. -#}
{% macro staged_shape() -%}
    {{
        return(
            {
                "vintage_id": "vintage_id",
                "dataset": "dataset",
                "part": "part",
                "source_row": "source_row",
                "source_rows": "1",
                "measure": "cast(null as string)",
                "area_code": "area_code",
                "area_name": "area_name",
                "sex": none,
                "age": none,
                "breakdown_type": "'Total'",
                "breakdown_value": "'Total'",
                "period_label": "period_label",
                "period_length": "cast(null as string)",
                "period_start": "period_start",
                "period_end": "period_end",
                "value_text": "value_text",
                "value": "value",
                "numerator": "cast(null as double)",
                "denominator": "cast(null as double)",
                "lci_95": "cast(null as double)",
                "uci_95": "cast(null as double)",
                "lci_998": "cast(null as double)",
                "uci_998": "cast(null as double)",
                "status": figure_status("marker", "value"),
                "status_note": "cast(null as string)",
                "publisher_outcome": "cast(null as string)",
                "is_superseded": "false",
            }
        )
    }}
{%- endmacro %}

{#- The closing select of a staging model of figures, from `relation`, its last step. `columns` names, with commas between
    them, what the relation has under the shape's own names; a keyword gives the SQL of a column. `cell` is the column
    whose cell is the figure, where nothing else decides on its text, number and status. The rest has the default of the
    shape. `sex=none` and `age=none` say that the dataset tells them and not the row; sexes and ages of rows are put into
    the mart's words here (people.sql). `unknown_beside` is the SQL of whether a cell of the counts or limits is unknown,
    see `unknown_among`: such a figure is held as if the cell were its value. A model that says nothing of sex or age,
    gives counts or limits without `unknown_beside`, or names a column that the shape does not have, does not compile. -#}
{% macro staged_figures(relation, columns="", cell=none, unknown_beside=none) -%}
    {%- set shape = staged_shape() -%}
    {%- set given = dict(kwargs) -%}
    {%- for name in columns.replace(" ", "").split(",") if name -%}
        {%- do given.update({name: name}) -%}
    {%- endfor -%}
    {%- if cell -%}
        {%- set number = number_of(cell) -%}
        {%- do shape.update(
            {
                "value_text": cell,
                "value": number,
                "status": figure_status(marker_status(cell), number),
            }
        ) -%}
    {%- endif -%}
    {%- for name in ("sex", "age") if name not in given -%}
        {{
            exceptions.raise_compiler_error(
                "staged_figures in "
                ~ model.name
                ~ ": the argument `"
                ~ name
                ~ "` is missing and has no default. "
                ~ "Give its SQL, or none where the catalogue's dataset says it."
            )
        }}
    {%- endfor -%}
    {%- for name in ("numerator", "denominator", "lci_95", "uci_95", "lci_998", "uci_998") -%}
        {%- if name in given and not unknown_beside -%}
            {{
                exceptions.raise_compiler_error(
                    "staged_figures in "
                    ~ model.name
                    ~ ": `"
                    ~ name
                    ~ "` is given and `unknown_beside` is not. "
                    ~ "Give the SQL of whether its cell is unknown, see the macro unknown_among."
                )
            }}
        {%- endif -%}
    {%- endfor -%}
    {%- for name in given if name not in shape -%}
        {{
            exceptions.raise_compiler_error(
                "staged_figures in "
                ~ model.name
                ~ ": a staged figure has no column `"
                ~ name
                ~ "`. It has "
                ~ shape
                | join(", ") ~ "."
            )
        }}
    {%- endfor -%}
    {%- set status = given.get("status", shape["status"]) -%}
    {%- if unknown_beside -%}
        {%- set status = "case when " ~ unknown_beside ~ " then 'unknown_marker' else " ~ status ~ " end" -%}
    {%- endif -%}
    {%- set people = {"sex": sex_words("said.said_sex"), "age": age_words("said.said_age")} -%}
    {%- do given.update({"status": status}) -%}
    select
        {%- for name, default in shape.items() %}
            {%- if name in people and given[name] %} {{ people[name] }} as {{ name }},
            {%- else %}
                {{ given.get(name, default) or "cast(null as string)" }}
                as {{ name }} {{- "," if not loop.last }}
            {%- endif %}
        {%- endfor %}
    from
        (
            select
                *,
                {{ given["sex"] or "cast(null as string)" }} as said_sex,
                {{ given["age"] or "cast(null as string)" }} as said_age
            from {{ relation }}
        ) as said
{%- endmacro %}

{#- Names of the staging models of one kind: `figure`, which close with staged_figures, or `reference`, the others. dbt
    must know what a model reads before it has parsed the project, so that the project's graph cannot tell; whoever starts
    dbt lists the folder (atf_dagster/warehouse/shared_shape.py). dbt parses a model anew when its variable changes. -#}
{% macro staging_models(kind) -%}
    {{ return(env_var("DBT_" ~ kind | upper ~ "_MODELS").split(",")) }}
{%- endmacro %}

{#- The same three of a cell as columns, for a model that decides by them: text as published, number, and the status that a
    marker in place of a number says. -#}
{% macro value_of(cell) -%}
    {{ cell }} as value_text, {{ number_of(cell) }} as value, {{ marker_status(cell) }} as marker
{%- endmacro %}
