"""All that imports Dagster.

Belongs here: definitions, resources, assets, automation, running a refresh as a Dagster job, the web server. Does not
belong here: the steps of a refresh (`pipeline`), HTTP.
"""
