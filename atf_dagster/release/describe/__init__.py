"""What a release says of its own files, for programs: names, types, keys, allowed values, licence, sources.

    package       what all of them say: title, licence, sources, the guard of CSV
    datapackage   `datapackage.json`, by Data Package version 2
    csvw          `csv/<table>.csv-metadata.json` and `csv/csv-metadata.json`, by CSV on the Web
    parquet       the key-value metadata in each Parquet file

Belongs here: descriptions, all made from the contract and the catalogue. Does not belong here: the figures and their
files (`candidate`), pages and JSON for people (`report`).
"""

from atf_dagster.release.describe.csvw import write_csvw
from atf_dagster.release.describe.datapackage import datapackage
from atf_dagster.release.describe.package import Package, package
from atf_dagster.release.describe.parquet import key_values

__all__ = ["Package", "datapackage", "key_values", "package", "write_csvw"]
