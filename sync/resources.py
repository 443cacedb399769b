"""Where the files of ``resources/`` are, from a checkout, an installed wheel or a frozen bundle alike.

All three put ``resources`` beside ``sync``. Reading is left to whoever knows the format, except for the two
directories both ends share: units and districts.
"""

import csv
from functools import cache
from pathlib import Path

from sync.case.unit import District, Unit, UnitKind

ROOT = Path(__file__).resolve().parents[1] / "resources"


def path(*parts: str) -> Path:
    """The file of that name; it need not exist."""
    return ROOT.joinpath(*parts)


def _rows(name: str) -> list[dict[str, str]]:
    with path("data", name).open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


@cache
def units() -> dict[str, Unit]:
    """Every unit of the shipped directory by its code."""
    return {
        row["code"]: Unit(
            code=row["code"],
            kind=UnitKind.of_directory(row["kind"]),
            name_en=row["name_en"],
            name_hi=row["name_hi"],
            districts=tuple(row["revenue_district_ids"].split()),
        )
        for row in _rows("police-units.csv")
    }


@cache
def districts() -> dict[str, District]:
    """The 41 districts by their id."""
    return {
        row["id"]: District(id=row["id"], name_en=row["name_en"], name_hi=row["name_hi"])
        for row in _rows("districts.csv")
    }
