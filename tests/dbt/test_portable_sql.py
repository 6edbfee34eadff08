"""The SQL of the dbt project reads alike on DuckDB and Spark; what does not goes through a dispatched macro.

Belongs here: constructs that fail on the other engine, or silently give another value there.
Does not belong here: what the models compute (test_dbt_project).
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2] / "dbt_project"
# Tests and models alike are read by both engines; a macro named for an engine is that engine's own.
FILES = sorted(path for folder in ("models", "macros", "tests") for path in (PROJECT / folder).rglob("*.sql"))
ENGINES_OWN = re.compile(r"\{%-? macro (?:duckdb|spark)__.*?%\}.*?\{%-? endmacro -?%\}", re.S)

FAILS_ON_SPARK = {
    "a cast with :: (write cast)": r"::",
    "qualify (filter in an outer query)": r"\bqualify\b",
    "* exclude or * replace (name the columns)": r"\*\s+(?:exclude|replace)\b",
    "varchar or text as a type (write string)": r"\bas\s+(?:varchar|text)\b",
    "regexp_matches (compare regexp_extract with '')": r"\bregexp_matches\b",
    "a regular expression operator": r"\s!?~\*?\s",
    "strptime or strftime (write casts)": r"\b(?:try_)?str[pf]time\b",
    "date_diff (use dbt.datediff)": r"\bdate_?diff\s*\(\s*'",
    "integer division with //": r"//",
    "a comma before from": r",\s*\bfrom\b",
    "ignore nulls within lag or lead": r"\bignore\s+nulls\b",
    "quantile_cont (write percentile_cont)": r"\bquantile_cont\b",
    "arg_max or arg_min (write max_by, min_by)": r"\barg_(?:max|min)\b",
    "string_agg (concat_ws over array_agg)": r"\bstring_agg\b|\blistagg\b",
    "a list literal": r"[(,=]\s*\[",
    "unnest (explode differs)": r"\bunnest\s*\(",
    "generate_series (write range)": r"\bgenerate_series\b",
    "a struct literal": r"\{\s*'\w+'\s*:",
    "a JSON arrow": r"->>?",
    "union by name": r"\bunion\s+(?:all\s+)?by\s+name\b",
    "an as-of join": r"\basof\b",
    "a recursive query": r"\bwith\s+recursive\b",
    "starts_with (write left or like)": r"\bstarts_with\s*\(",
    "strip_accents": r"\bstrip_accents\b",
    "sha256 (write md5 or dbt.hash)": r"\bsha256\s*\(",
    "reading files outside the macro that registers raw": r"\bread_(?:csv|parquet|json)\w*\s*\(",
    "hugeint": r"\bhugeint\b",
}
DIFFERS_ON_SPARK = {
    "a doubled quote within a literal (Spark joins the two)": r"(?<=\w)''(?=\w)",
    "regexp_replace (the first match there, all here; use a macro)": r"\bregexp_replace\s*\(",
    "regexp_extract without its group": r"\bregexp_extract\s*\((?:[^()]|\([^()]*\))*,\s*'[^']*'\s*\)",
    "a backslash class in a literal (write [0-9])": r"'[^'\n]*\\[dwsbDWSB][^'\n]*'",
    "concat (null counts as blank here only; write || or concat_ws)": r"\bconcat\s*\(",
    "a rounding cast of a literal": r"\bcast\s*\(\s*[0-9]+\.[0-9]+\s+as\s+int\b",
}


def sql_of(path: Path) -> str:
    """The SQL of a file: without comments and macros that belong to one engine, and a word in place of Jinja."""
    text = ENGINES_OWN.sub("", path.read_text("utf-8"))
    text = re.sub(r"\{#.*?#\}", " ", text, flags=re.S)
    text = re.sub(r"\{%.*?%\}|\{\{.*?\}\}", " jinja ", text, flags=re.S)
    return re.sub(r"--[^\n]*", " ", text)


def without_literals(sql: str) -> str:
    """What stands within quotes is data, such as the brackets of a regular expression."""
    return re.sub(r"'(?:[^']|'')*'", "'text'", sql)


def not_portable(sql: str) -> list[str]:
    """What of `sql` fails or differs on the other engine, with the words found."""
    bare = without_literals(sql)
    matches = [(what, re.search(pattern, bare, re.I)) for what, pattern in FAILS_ON_SPARK.items()]
    matches += [(what, re.search(pattern, sql, re.I)) for what, pattern in DIFFERS_ON_SPARK.items()]
    return [f"{what}: {match.group(0).strip()!r}" for what, match in matches if match]


def test_there_is_sql_to_look_at() -> None:
    assert len(FILES) > 20


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_sql_runs_alike_on_both_engines(path: Path) -> None:
    assert not_portable(sql_of(path)) == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_row_number_and_lag_has_an_order(path: Path) -> None:
    """Without an order the engines pick different rows."""
    windows = re.findall(
        r"\b(?:row_number|dense_rank|lag|lead)\s*\([^()]*\)\s+over\s*\(((?:[^()]|\([^()]*\))*)\)",
        sql_of(path),
        re.I,
    )
    assert all("order by" in window.lower() for window in windows), path


def test_the_guard_finds_each_construct_it_names() -> None:
    """One line of SQL for each pattern, so that a pattern that matches nothing does not pass for a rule."""
    bad = {
        "select x::int": "::",
        "select x qualify row_number() over (order by x) = 1": "qualify",
        "select * exclude (x)": "exclude",
        "select cast(x as varchar)": "varchar",
        "where regexp_matches(x, 'a')": "regexp_matches",
        "where x ~ 'a'": "operator",
        "select strptime(x, '%Y')": "strptime",
        "select date_diff('day', a, b)": "date_diff",
        "select a // b": "//",
        "select a, from t": "comma",
        "select lag(x ignore nulls) over (order by y)": "ignore nulls",
        "select quantile_cont(x, 0.5)": "quantile_cont",
        "select arg_max(x, y)": "arg_max",
        "select string_agg(x, ',')": "string_agg",
        "select f([1, 2])": "list literal",
        "from unnest(x)": "unnest",
        "from generate_series(1, 2)": "generate_series",
        "select {'a': 1}": "struct",
        "select x ->> 'a'": "arrow",
        "union all by name select 1": "by name",
        "asof join t": "as-of",
        "with recursive t as (select 1)": "recursive",
        "where starts_with(a, 'b')": "starts_with",
        "select strip_accents(a)": "strip_accents",
        "select sha256(a)": "sha256",
        "from read_parquet('a')": "reading files",
        "cast(x as hugeint)": "hugeint",
        "select 'it''s'": "doubled quote",
        "select regexp_replace(a, 'b', '')": "regexp_replace",
        "select regexp_extract(a, '^b')": "without its group",
        r"where a like '\d'": "backslash",
        "select concat(a, b)": "concat",
        "select cast(12.7 as int)": "rounding",
    }
    for sql, name in bad.items():
        assert any(name in what for what in not_portable(sql)), sql
    assert len(bad) == len(FAILS_ON_SPARK) + len(DIFFERS_ON_SPARK)


def test_sql_is_formatted() -> None:
    sqlfmt = Path(sys.executable).parent / "sqlfmt"
    if not sqlfmt.exists():
        pytest.skip("sqlfmt is not installed beside this Python: it is one of the development dependencies")
    checked = subprocess.run(
        [str(sqlfmt), "--check", "--no-progressbar", *map(str, FILES)],
        cwd=PROJECT.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr
