"""Points on the map: which polygons hold them, and how far a circle of doubt reaches into others.

Boundaries are community-mapped and simplified to some 200 m; callers keep a margin.
"""

import json
from math import asin, cos, radians, sin, sqrt
from pathlib import Path
from typing import Any

from shapely import Geometry, Point, STRtree, from_geojson, get_parts
from shapely.affinity import scale

EARTH_KM = 6371.0
KM_PER_DEGREE = 111.19
BORDER_KM = 1.0
WIDEST_KM = 100.0
# The part of a circle of doubt that must lie in one district; the rest is the corners of a drawn circle.
SURE_SHARE = 0.995


class Layer:
    """The polygons of one file, asked for by point."""

    def __init__(self, file: Path) -> None:
        text = file.read_text(encoding="utf-8")
        self._properties: list[dict[str, Any]] = [
            feature["properties"] for feature in json.loads(text)["features"]
        ]
        self._shapes: list[Geometry] = list(get_parts(from_geojson(text)))
        self._tree = STRtree(self._shapes)

    def at(self, lat: float, lon: float) -> list[dict[str, Any]]:
        """The properties of every polygon that holds or touches the point, in the order of the file."""
        return [
            self._properties[i] for i in sorted(self._tree.query(Point(lon, lat), predicate="intersects"))
        ]

    def shares(self, lat: float, lon: float, radius_km: float) -> dict[str, float]:
        """The id of every polygon within ``radius_km``, with its part (0..1) of that circle."""
        radius = radius_km / KM_PER_DEGREE
        circle = scale(Point(lon, lat).buffer(radius, quad_segs=4), xfact=1 / max(cos(radians(lat)), 0.1))
        found = sorted(self._tree.query(circle, predicate="intersects"))
        return {
            self._properties[i]["id"]: self._shapes[i].intersection(circle).area / circle.area for i in found
        }


def doubt_km(accuracy_km: float) -> float:
    """How far from a point the person may be: never less than the border is off."""
    return min(max(BORDER_KM, accuracy_km), WIDEST_KM)


def distance_km(lat: float, lon: float, other_lat: float, other_lon: float) -> float:
    """The great-circle distance; exact to half a percent, far finer than the radii are."""
    dlat, dlon = radians(other_lat - lat), radians(other_lon - lon)
    a = sin(dlat / 2) ** 2 + cos(radians(lat)) * cos(radians(other_lat)) * sin(dlon / 2) ** 2
    return 2 * EARTH_KM * asin(sqrt(a))
