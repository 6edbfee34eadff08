"""Each of the 22 beacon indicators is answered: by a figure, a labelled proxy, or the reason why there is none."""

from __future__ import annotations

from support.home import PublishedHome

COUNCILS = "in (select area_code from mart.dim_area where area_type = 'council' and in_cheshire_merseyside)"
ANSWERED = (
    "select distinct coalesce(i.proxy_for, i.indicator_code) from mart.fct_observation as o "
    "inner join mart.dim_indicator as i on o.indicator_code = i.indicator_code "
    f"where o.value is not null and o.area_code {COUNCILS} "
    "and (i.beacon_no is not null or i.proxy_for is not null)"
)


def test_at_least_fourteen_have_figures_for_the_councils(published_home: PublishedHome) -> None:
    answered = {row[0] for row in published_home.rows(ANSWERED)}
    assert len(answered) >= 14
    own = published_home.rows(
        "select distinct i.beacon_no from mart.fct_observation as o inner join mart.dim_indicator as i "
        "on o.indicator_code = i.indicator_code "
        f"where i.beacon_no is not null and o.value is not null and o.area_code {COUNCILS}"
    )
    assert len(own) >= 10  # figures of their own, no proxy


def test_the_figures_come_from_at_least_seven_publishers(published_home: PublishedHome) -> None:
    """Counted as organisations: ONS publishes by three interfaces and counts once."""
    publishers = published_home.rows(
        "select distinct v.publisher from mart.fct_observation as o "
        "inner join mart.dim_vintage as v on o.vintage_id = v.vintage_id where o.value is not null"
    )
    organisations = {
        "Office for National Statistics" if "Office for National Statistics" in name else name.split(",")[0]
        for (name,) in publishers
    }
    assert len(organisations) >= 7, sorted(organisations)


def test_every_other_one_says_why_it_is_empty_in_every_council(published_home: PublishedHome) -> None:
    rows = published_home.rows(
        "select c.indicator_code, c.area_code, c.state, c.reason, i.beacon_no from mart.coverage as c "
        f"inner join mart.dim_indicator as i on c.indicator_code = i.indicator_code where c.area_code {COUNCILS}"
    )
    beacon = [row for row in rows if row[4] is not None]
    assert len(beacon) == 22 * 9
    assert len(rows) == 9 * published_home.rows("select count(*) from mart.dim_indicator")[0][0]
    for indicator, area, state, reason, _ in rows:
        assert (reason is None) == (state == "current"), (indicator, area, state, reason)


def test_a_proxy_is_called_one_and_never_stands_under_the_indicator_itself(published_home: PublishedHome) -> None:
    for code in ("ATF08", "ATF15", "ATF22"):
        assert published_home.rows(f"select count(*) from mart.fct_observation where indicator_code = '{code}'") == [
            (0,)
        ]
        proxies = published_home.rows(
            "select distinct i.is_proxy, i.proxy_note is not null from mart.fct_observation as o "
            f"inner join mart.dim_indicator as i on o.indicator_code = i.indicator_code where i.proxy_for = '{code}'"
        )
        assert proxies == [(True, True)]


def test_the_licence_of_every_vintage_is_shown_and_is_the_open_government_licence(
    published_home: PublishedHome,
) -> None:
    licences = published_home.rows("select distinct licence, attribution is not null from mart.dim_vintage")
    assert licences == [("Open Government Licence v3.0", True)]
    package = published_home.release / "datapackage.json"
    text = package.read_text("utf-8")
    for publisher in published_home.rows("select distinct publisher from mart.dim_vintage"):
        assert publisher[0] in text


def test_the_seeds_of_local_returns_say_that_none_was_received(published_home: PublishedHome) -> None:
    rows = published_home.rows(
        "select distinct indicator_code, state, reason from mart.coverage "
        f"where indicator_code in ('ATF12', 'ATF20', 'ATF21') and area_code {COUNCILS} order by 1"
    )
    assert rows == [(code, "empty", "local_return_not_received") for code in ("ATF12", "ATF20", "ATF21")]
