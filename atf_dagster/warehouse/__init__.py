"""From landed bytes to dbt: raw Parquet, the tables that tell dbt what we know, and running dbt itself.

Belongs here: what dbt reads and how it is run. Does not belong here: SQL (`dbt_project`), checks (`quality`).
"""
