"""Names of places and the districts they are in, found by sound.

A name may belong to several districts, or be shared with another State; the gazetteer says so and never chooses.
"""

import csv
from enum import StrEnum
from pathlib import Path

from msgspec import Struct
from rapidfuzz import fuzz, process

from sync.central.routing.folding import key, words

OUTSIDE = "outside"
LIKE = 83
ALIKE_BY_SOUND = 60
SHORTEST_GUESSED = 6
SOUNDS_THE_SAME = 0.9
TELLING_KEY = 4
WRITTEN_ALIKE = 70
SHORT_WORD = 3
SHORT_WORD_ALIKE = 75


class Care(StrEnum):
    """How far a name can be trusted on its own."""

    NONE = ""
    SHARED = "shared"
    WORD = "word"
    CONTEXT = "context"


class Place(Struct, frozen=True):
    """A name. ``districts`` are slugs of districts.csv, or `OUTSIDE`; ``kind`` is district, place, tehsil or state."""

    name: str
    plain: str
    districts: frozenset[str]
    kind: str
    care: Care


class Gazetteer:
    """Every known name, by key. ``parents`` are the districts that newer ones were cut from."""

    def __init__(self, data: Path) -> None:
        rows = _rows(data / "districts.csv")
        slugs = {row["name_en"]: row["id"] for row in rows}
        self.parents = {
            row["id"]: frozenset(slugs[name] for name in row["parent_districts_2011"].split(";") if name)
            for row in rows
        }
        self.pins = _codes(rows, "pin_prefixes")
        self.landlines = _codes(rows, "std_code")
        self._by_key: dict[str, list[Place]] = {}
        cared = _rows(data / "places.csv")
        known = {row["name"] for row in cared if row["kind"] == "district"}
        for row in cared:
            self._add(row["name"], row["districts"].split(";"), row["kind"], Care(row["care"]))
        for row in rows:
            for name in {row["name_en"], row["name_hi"], *filter(None, row["aliases"].split(";"))} - known:
                self._add(name, [row["id"]], "district", Care.NONE)
        self._plains: dict[str, list[str]] = {}
        for places in self._by_key.values():
            for place in places:
                if place.care not in {Care.WORD, Care.CONTEXT} and len(place.plain) >= SHORTEST_GUESSED:
                    self._plains.setdefault(place.plain[0], []).append(place.plain)

    def _add(self, name: str, districts: list[str], kind: str, care: Care) -> None:
        plain = "".join(words(name))
        self._by_key.setdefault(key(plain), []).append(Place(name, plain, frozenset(districts), kind, care))

    def heard(self, plain: str) -> tuple[Place, float] | None:
        """What sounds the same as ``plain``, with how like it is written (0..1); nothing for unlike spellings."""
        places = self._by_key.get(key(plain), [])
        rated = [(place, fuzz.ratio(plain, place.plain)) for place in places]
        best = max((like for _, like in rated), default=0.0)
        if best < (SHORT_WORD_ALIKE if len(plain) <= SHORT_WORD else ALIKE_BY_SOUND):
            return None
        chosen = [place for place, like in rated if like == best]
        told = len(key(plain)) >= TELLING_KEY and best >= WRITTEN_ALIKE
        sounds = SOUNDS_THE_SAME if told else 0.0
        return _merged(chosen), max(best / 100, sounds)

    def guessed(self, plain: str) -> tuple[Place, float] | None:
        """The one name that ``plain`` is a misspelling of, if any."""
        if len(plain) < SHORTEST_GUESSED:
            return None
        choices = self._plains.get(plain[0], [])
        found = process.extractOne(plain, choices, scorer=fuzz.ratio, score_cutoff=LIKE)
        if found is None:
            return None
        heard = self.heard(found[0])
        return heard and (heard[0], found[1] / 100)


def _merged(places: list[Place]) -> Place:
    """Rows of one name as one place: all their districts, and the greatest care."""
    first = places[0]
    care = next((place.care for place in places if place.care), Care.NONE)
    kind = "district" if any(place.kind == "district" for place in places) else first.kind
    districts = frozenset(district for place in places for district in place.districts)
    return Place(first.name, first.plain, districts, kind, care)


def _codes(rows: list[dict[str, str]], column: str) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for row in rows:
        for code in filter(None, row[column].split(";")):
            found.setdefault(code.lstrip("0"), set()).add(row["id"])
    return {code: frozenset(districts) for code, districts in found.items()}


def _rows(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))
