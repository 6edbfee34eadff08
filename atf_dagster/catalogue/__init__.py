"""What we collect: areas, the 22 beacon indicators, and the datasets, with one file for each published table.

Belongs here: facts about publishers, datasets, indicators and areas as YAML, the loader that checks them. Does not
belong here: how a publisher is asked (`sources`), what SQL does with a row (dbt).
"""

from atf_dagster.catalogue.load import CatalogueError, load
from atf_dagster.catalogue.model import Area, AreaChange, Catalogue, Collection, Dataset, IndicatorCard, Part

__all__ = [
    "Area",
    "AreaChange",
    "Catalogue",
    "CatalogueError",
    "Collection",
    "Dataset",
    "IndicatorCard",
    "Part",
    "load",
]
