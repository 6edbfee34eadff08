"""All Together Fairer: the warehouse of Marmot beacon indicators for Cheshire and Merseyside.

The flow, one folder a step: `catalogue` (what we collect) -> `http` (how we ask) -> `landing` (what
they said, byte for byte) -> `sources` (what their bytes mean as rows) -> `dbt_project` (what the rows
mean as figures) -> `quality` (whether they may be believed) -> `release` (what readers get).
`assets` puts these steps into Dagster, `refresh.py` runs them, `cli.py` is the command `atf`.

An import goes down that list or sideways into a leaf such as `settings`, never up.
"""

__version__ = "0.1.0"
