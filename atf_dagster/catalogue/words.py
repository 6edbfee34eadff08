"""The codes of the mart in plain words, from words.yml.

Belongs here: reading that file alone, for those who need no other part of the catalogue. Does not belong here:
sentences that are made with these words (`report.words`).
"""

from functools import cache
from pathlib import Path

from atf_dagster.files import read_yaml

FILE = Path(__file__).with_name("words.yml")


@cache
def words_of(code_type: str) -> dict[str, str]:
    """Code -> words, of one type: `status`, `coverage_state`, `reason`, `trend`, `trend_judged` or `unit`."""
    return dict(read_yaml(FILE)[code_type])
