"""From where a person may be to the unit that must go there: clear cases at once, every other to the hub.

Pure once the map is loaded. It must never guess between two units: the hub owns what nobody else clearly does, and
sees everything anyway. Boundaries are community-mapped; a human may always override.
"""

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path

from msgspec import Struct

from sync.case.report import Report, points
from sync.case.unit import Unit, UnitKind
from sync.central.routing.geometry import SURE_SHARE, Layer, distance_km, doubt_km


class Reason(StrEnum):
    """Why an alert went where it went."""

    DISTRICT = "district"
    CITY = "city"
    RURAL = "rural"
    SEVERAL_UNITS = "several_units"
    MOVED_AREA = "moved_area"
    ON_BORDER = "on_border"
    OUTSIDE = "outside"
    NO_COORDINATES = "no_coordinates"


class Route(Struct, frozen=True):
    """Where an alert goes. ``words`` say it in English, as evidence."""

    unit: str
    reason: Reason
    words: str


class City(Struct, frozen=True):
    """A district of several units that its distance from the centre tells apart, at least in part.

    ``inside`` is None where the city itself has several units and no public line between them.
    """

    lat: float
    lon: float
    radius_km: float
    inside: str | None
    beyond: str


# The radii are those of ``how_to_select`` in police-units.csv: a heuristic until police boundaries can be had.
CITIES: Mapping[str, City] = {
    "kota": City(25.180, 75.845, 15, "KOT-C", "KOT-R"),
    "jaipur": City(26.915, 75.810, 25, None, "JPR-R"),
    "jodhpur": City(26.290, 73.017, 25, None, "JOD-R"),
}


class Router:
    """Knows the map and the directory; `route` is a pure question to it."""

    def __init__(self, districts: Layer, moved_areas: Layer, units: Mapping[str, Unit]) -> None:
        self._districts = districts
        self._moved_areas = moved_areas
        self.hub = next(unit.code for unit in units.values() if unit.kind is UnitKind.HUB)
        self._units_of: dict[str, list[str]] = {}
        for unit in units.values():
            for district in unit.districts:
                self._units_of.setdefault(district, []).append(unit.code)

    def route(self, report: Report) -> Route:
        """By the surest point alone: a less sure one elsewhere is a question for people."""
        for location, lat, lon in points(report):
            return self._route(lat, lon, (location.accuracy_m or 0) / 1000)
        return Route(self.hub, Reason.NO_COORDINATES, "the report has no coordinates")

    def _route(self, lat: float, lon: float, accuracy_km: float) -> Route:
        moved = self._moved_areas.at(lat, lon)
        if moved:
            suggest, also = moved[0]["suggest"], moved[0]["also_notify"]
            words = f"moved lately between districts: now probably {suggest}, before {also}"
            return Route(self.hub, Reason.MOVED_AREA, words)
        districts = [found["id"] for found in self._districts.at(lat, lon)]
        if not districts:
            return Route(self.hub, Reason.OUTSIDE, "the point lies outside every district of the State")
        radius = doubt_km(accuracy_km)
        shares = self._districts.shares(lat, lon, radius)
        if shares[districts[0]] < SURE_SHARE:
            near = " and ".join(shares)
            return Route(
                self.hub, Reason.ON_BORDER, f"the point is within {radius:g} km of the border of {near}"
            )
        return self._within(districts[0], lat, lon)

    def _within(self, district: str, lat: float, lon: float) -> Route:
        units = self._units_of.get(district, [])
        if len(units) == 1:
            return Route(units[0], Reason.DISTRICT, f"the point lies in {district}")
        city = CITIES.get(district)
        if city is None:
            return Route(self.hub, Reason.SEVERAL_UNITS, f"{district} has the units {', '.join(units)}")
        distance = distance_km(lat, lon, city.lat, city.lon)
        words = f"the point lies in {district}, {distance:.1f} km from the city centre (limit {city.radius_km:g} km)"
        if distance > city.radius_km:
            return Route(city.beyond, Reason.RURAL, words)
        if city.inside is None:
            return Route(self.hub, Reason.SEVERAL_UNITS, words + ", where several units share the city")
        return Route(city.inside, Reason.CITY, words)


def load(data: Path, units: Mapping[str, Unit]) -> Router:
    """The router over the map files in the folder ``data``."""
    return Router(
        Layer(data / "rajasthan-districts-41.geojson"), Layer(data / "ambiguous-zones.geojson"), units
    )
