"""All Together Fairer: the warehouse of Marmot beacon indicators for Cheshire and Merseyside.

The flow, one folder a step:

`catalogue` (what we collect) -> `landing` (the publishers' bytes; `sources` ask for them through `http`, the bundled
`snapshot` can answer in their place) -> `warehouse` (`formats` turn bytes into rows of text, dbt turns rows into
figures) -> `quality` (admission between the two halves of dbt, then the checks of the mart) -> `release` (what readers
get) -> `alerts` (what people are notified of).

`returns` holds what organisations send themselves. `pipeline` has the steps, `orchestration` puts them into Dagster,
`cli` is the command `atf`.

Belongs here: the version. Does not belong here: code of any step. An import goes down the rooms in docs/rooms.svg.
"""

__version__ = "0.1.0"
