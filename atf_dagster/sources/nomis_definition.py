"""Reads NOMIS's SDMX definitions in JSON: the dimensions, codes and areas of its datasets.

Belongs here: reading these definitions. Does not belong here: fetching them (`nomis`), rows (`nomis_page`).
"""

import re
from collections.abc import Sequence
from typing import Any

from atf_dagster.formats.body import BodyRejected, NoData
from atf_dagster.sources.shapes import broken, inside, objects

_CHANGED = (
    "A data engineer opens the definition's address and compares it with `ask` in catalogue/collections/nomis.yml. If "
    "the publisher changed its interface, correct sources/nomis_definition.py."
)


def dimensions(definition: Any, dataset: str) -> list[str]:
    """Names of the dimensions that a query must pin, as a query writes them.

    Without geography, time and frequency. Raises NoData where the publisher says that there is no such dataset: by
    `keyfamilies` that is null. Raises BodyRejected for any other shape.
    """
    where = f"the definition of {dataset}"
    families = inside(definition, where, "structure", "keyfamilies")
    if families is None:
        raise NoData(f"The publisher has no dataset {dataset} any longer.")
    (family, *_) = objects(_listed(inside(families, where, "keyfamily")), where, "components")
    entries = objects(_listed(inside(family, where, "components", "dimension")), where, "conceptref")
    found = [
        str(entry["conceptref"]).lower()
        for entry in entries
        if str(entry.get("isfrequencydimension", "")).lower() != "true"
    ]
    names = [name for name in found if name not in ("geography", "time", "freq")]
    if "geography" not in found or not names:
        raise BodyRejected(
            "not_this_json", f"The definition of {dataset} names no geography or no other dimension.", _CHANGED
        )
    return names


def codes(listing: Any, wanted: str, where: str) -> tuple[str, ...]:
    """`label: TEXT; TEXT` gives one code for each TEXT; `code: TEXT` every code of that form. Raises BodyRejected."""
    known = _codes(listing, where)
    kind, _, rest = wanted.partition(":")
    if kind == "code":
        chosen = [code for code, _ in known if re.fullmatch(rest.strip(), code)]
        if not chosen:
            raise _not_one(where, rest.strip(), known, [])
        return tuple(chosen)
    found = []
    for label in (part.strip() for part in rest.split(";")):
        fits = [code for code, text in known if re.fullmatch(label, text, re.IGNORECASE)]
        if len(fits) != 1:
            raise _not_one(where, label, known, fits)
        found += fits
    return tuple(found)


def areas_of_type(listing: Any, wanted: Sequence[str], where: str) -> list[str]:
    """The publisher's own numbers of areas, which it lists with GSS codes. Raises BodyRejected where one is missing."""
    numbers = numbers_of_areas(listing, where)
    missing = [code for code in wanted if code not in numbers]
    if missing:
        raise BodyRejected(
            "area_types_changed",
            f"The publisher's list of areas ({where}) does not have {', '.join(missing)}.",
            "Kinds of area get new numbers when boundaries change. A data engineer reads the dataset's kinds at "
            ".../geography/TYPE.def.htm and corrects `geography` in catalogue/collections/nomis.yml.",
        )
    return [numbers[code] for code in wanted]


def numbers_of_areas(listing: Any, where: str) -> dict[str, str]:
    """GSS code -> the publisher's own number, from a list of areas. Raises BodyRejected where that is none.

    The code is one of an area's annotations. Which one is not documented, but no other annotation looks like a code.
    """
    entries = _entries(listing, where)
    found = {
        str(annotation["annotationtext"]): str(entry["value"])
        for entry in entries
        for annotation in _listed(_inside(entry, "annotations", "annotation"))
        if isinstance(annotation, dict) and re.fullmatch("[A-Z][0-9]{8}", str(annotation.get("annotationtext")))
    }
    if entries and not found:
        raise broken(where, f"none of its {len(entries)} areas has a GSS code")
    return found


def _codes(listing: Any, where: str) -> list[tuple[str, str]]:
    entries = _entries(listing, where)
    known = [
        (str(entry["value"]), " ".join(str(_inside(entry, "description", "value") or "").split())) for entry in entries
    ]
    if not any(text for _, text in known):
        raise broken(where, f"none of its {len(known)} codes has a description")
    return known


def _entries(listing: Any, where: str) -> list[dict[str, Any]]:
    """The entries of a list of codes. Raises BodyRejected where the listing has no such list."""
    lists = inside(listing, where, "structure", "codelists")
    if lists is None:  # the publisher has no codes of this kind
        return []
    (codes_of, *_) = objects(_listed(inside(lists, where, "codelist")), where, "code")
    return objects(_listed(codes_of["code"]), where, "value", may_be_empty=True)


def _not_one(where: str, wanted: str, known: list[tuple[str, str]], fits: list[str]) -> BodyRejected:
    there = "; ".join(f"{code} {text}" for code, text in known[:40]) or "nothing"
    found = f"codes {', '.join(fits)} are" if fits else "no code is"
    return BodyRejected(
        "code_not_found",
        f"In the code list of {where}, {found} {wanted!r}, and it should be one. The list has: {there}.",
        "A data engineer reads the list and corrects the text in `ask` in catalogue/collections/nomis.yml.",
    )


def _inside(entry: Any, *steps: str | int) -> Any:
    """The value at these steps inside `entry`, or None. A list of one entry may come as the entry itself."""
    for step in steps:
        if isinstance(step, int):
            entry = _listed(entry)[step : step + 1]
            entry = entry[0] if entry else None
        else:
            entry = entry.get(step) if isinstance(entry, dict) else None
    return entry


def _listed(entry: Any) -> list[Any]:
    if entry is None:
        return []
    return entry if isinstance(entry, list) else [entry]
