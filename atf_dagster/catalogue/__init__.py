"""What we collect: areas, the 22 beacon indicators and, one file a published table, the datasets.

Belongs here: facts about publishers, datasets, indicators and areas, as YAML, and the loader that
checks them. Does not belong here: how a publisher is asked (`sources`) or what SQL does with a row.
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
