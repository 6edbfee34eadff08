"""A release made from the bundled snapshot names no address of a file that its publisher never served."""

from __future__ import annotations

import re

import pytest

from atf_dagster.snapshot.answer import MADE_UP
from support.home import PublishedHome

MARKED = re.compile(MADE_UP.replace("-", "[-_]"))

ADDRESSES_OF_THE_PUBLISHERS = tuple(
    re.compile(pattern)
    for pattern in (
        # What is asked with parameters is a question, and its address is the publisher's whatever the answer.
        r"https://fingertips\.phe\.org\.uk/api/all_data/csv/by_indicator_id\?",
        r"https://www\.ons\.gov\.uk/explore-local-statistics/api/v1/data\.csv\?",
        r"https://www\.nomisweb\.co\.uk/api/v01/dataset/(NM_2002_1|NM_17_5)\.data\.csv\?",
        r"https://api\.ukhsa-dashboard\.data\.gov\.uk/themes/[^?]+\?",
        r"https://services1\.arcgis\.com/.*/(LAD24_RGN24_EN_LU|LTLA23_UTLA23_EW_LU)/FeatureServer/0/query\?",
        r"https://api\.education\.gov\.uk/statistics/v1/data-sets/[0-9a-f-]{36}/csv\?",
        # Files whose address is known from the publishers' own pages.
        r"https://www\.ons\.gov\.uk/file\?uri=.*/mid20232023localauthorityboundarieseditionofthisdataset/mye23tablesew",
        r"https://www\.ons\.gov\.uk/file\?uri=.*/adhocs/12615death[a-z]+2015to2019/data\.xlsx",
        r"https://www\.ons\.gov\.uk/file\?uri=.*/1march2020to30june2020/referencetablesworkbook2\.xlsx",
        r"https://assets\.publishing\.service\.gov\.uk/media/5d8b3cfbe5274a08be69aa91/File_10_-_IoD2019_",
        r"https://assets\.publishing\.service\.gov\.uk/media/691dece32c6b98ecdbc500d5/File_1_IoD2025_",
        r"https://assets\.publishing\.service\.gov\.uk/media/6917412ebc34c86ce4e6e7fc/File_10_-_IoD2025_.*_v2\.xlsx",
    )
)


def test_an_address_is_the_publishers_own_or_says_that_it_is_made_up(published_home: PublishedHome) -> None:
    urls = [url for (url,) in published_home.rows("select url from mart.dim_vintage")]
    assert urls
    unknown = [
        url
        for url in urls
        if not MARKED.search(url) and not any(known.match(url) for known in ADDRESSES_OF_THE_PUBLISHERS)
    ]
    assert unknown == []


@pytest.mark.parametrize(
    "dataset",
    [
        *("ees_early_years", "ees_attainment_by_19", "ees_neet_16_17", "ons_beta_below_real_living_wage"),
        *("govuk_desnz_fuel_poverty", "govuk_desnz_fuel_poverty_editions", "govuk_dft_walking_cycling_2018"),
        *("govuk_dwp_children_in_low_income", "govuk_mhclg_temporary_accommodation"),
        "open_geography_boundaries",
    ],
)
def test_an_address_that_is_not_known_is_marked(published_home: PublishedHome, dataset: str) -> None:
    ((url,),) = published_home.rows(f"select url from mart.dim_vintage where dataset = '{dataset}'")
    assert MARKED.search(url)
