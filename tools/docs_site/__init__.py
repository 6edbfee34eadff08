"""The documentation site: `make docs` builds it from README, docs, dbt's descriptions and the catalogue.

`python -m tools.docs_site` writes the sources of the site into .cache/docs_site; Zensical, which has an environment of
its own beside this file, makes them the site. Nothing of it is committed.

Belongs here: which pages the site has, and pages that are made from other facts. Does not belong here: what a page says
(`docs`), what a column means (the YAML of its model).
"""
