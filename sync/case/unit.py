"""Who may be told of an alert: the units of the police, and the districts they serve."""

from enum import StrEnum

from msgspec import Struct


class UnitKind(StrEnum):
    """What a unit is to the alert desk."""

    HUB = "hub"
    DISTRICT = "district"
    STATION = "station"
    HEADQUARTERS = "headquarters"

    @classmethod
    def of_directory(cls, kind: str) -> "UnitKind":
        """The kind for a word of ``police-units.csv``; every territorial or railway unit has a control room."""
        return {"state_hub": cls.HUB, "phq": cls.HEADQUARTERS}.get(kind, cls.DISTRICT)


class Unit(Struct, frozen=True):
    """One police unit with a desk: the hub, a district control room, a station or headquarters."""

    code: str
    kind: UnitKind
    name_en: str
    name_hi: str
    districts: tuple[str, ...] = ()


class District(Struct, frozen=True):
    """A revenue district; ``id`` is the slug of ``districts.csv`` and of the polygons."""

    id: str
    name_en: str
    name_hi: str


class Officer(Struct, frozen=True):
    """A person who signs in, as others see them."""

    id: str
    name: str
