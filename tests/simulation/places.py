"""Where to report from so that an alert goes to a wanted unit: asked of the real map, once for the process."""

import json
from functools import cache

import shapely
from msgspec import Struct

from sync import resources
from sync.case.report import parse
from sync.central import routing
from sync.central.routing import Router
from tests.simulation.reporting import report


class Place(Struct, frozen=True):
    """A point that routes to ``unit``; the hub has none."""

    unit: str
    lat: float | None = None
    lon: float | None = None


@cache
def router() -> Router:
    """The router over the real map and directory."""
    return routing.load(resources.path("data"), resources.units())


@cache
def places(count: int = 12) -> tuple[Place, ...]:
    """The hub, then units that a district makes certain."""
    found = {router().hub: Place(router().hub)}
    file = resources.path("data", "rajasthan-districts-41.geojson")
    for district in json.loads(file.read_text(encoding="utf-8"))["features"]:
        point = shapely.point_on_surface(shapely.from_geojson(json.dumps(district["geometry"])))
        unit = router().route(parse(report(0, point.y, point.x))).unit
        found.setdefault(unit, Place(unit, point.y, point.x))
        if len(found) == count:
            break
    return tuple(found.values())
