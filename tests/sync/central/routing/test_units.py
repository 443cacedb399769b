"""Clear cases go to their unit at once, every other to the hub; nothing is guessed."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from sync import resources
from sync.case.report import parse
from sync.central import routing
from sync.central.routing import CITIES, Reason, Route, Router, distance_km
from tests.sync.central.stage import JHUNJHUNU, report_at

HUB = "HUB-KOTA"
KM_PER_DEGREE = 111.19


@pytest.fixture(scope="module")
def router() -> Router:
    return routing.load(resources.path("data"), resources.units())


def where(router: Router, lat: float | None, lon: float | None) -> Route:
    return router.route(parse(json.dumps(report_at(lat, lon)).encode()))


def _districts() -> list[dict[str, str]]:
    with resources.path("data", "districts.csv").open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


@pytest.mark.parametrize("district", _districts(), ids=lambda row: row["id"])
def test_the_headquarters_of_each_district_belong_to_a_unit_of_it_or_to_the_hub(
    router: Router, district: dict[str, str]
) -> None:
    units = [unit.code for unit in resources.units().values() if district["id"] in unit.districts]
    expected = {
        "kota": Route("KOT-C", Reason.CITY, ""),
        "jaipur": Route(HUB, Reason.SEVERAL_UNITS, ""),
        "jodhpur": Route(HUB, Reason.SEVERAL_UNITS, ""),
        "khairthal-tijara": Route(HUB, Reason.SEVERAL_UNITS, ""),
    }.get(district["id"], Route(units[0], Reason.DISTRICT, ""))

    route = where(router, float(district["hq_lat"]), float(district["hq_lon"]))

    assert (route.unit, route.reason) == (expected.unit, expected.reason)
    assert district["id"] in route.words


@pytest.mark.parametrize(
    ("district", "beyond", "inside", "inside_reason"),
    [
        ("kota", "KOT-R", "KOT-C", Reason.CITY),
        ("jaipur", "JPR-R", HUB, Reason.SEVERAL_UNITS),
        ("jodhpur", "JOD-R", HUB, Reason.SEVERAL_UNITS),
    ],
)
def test_the_line_between_city_and_country_is_where_the_directory_says(
    router: Router, district: str, beyond: str, inside: str, inside_reason: Reason
) -> None:
    city = CITIES[district]
    step = city.radius_km / KM_PER_DEGREE

    # South of each of the three cities the district reaches beyond its line.
    within = where(router, city.lat - step * 0.99, city.lon)
    outside = where(router, city.lat - step * 1.01, city.lon)

    assert (within.unit, within.reason) == (inside, inside_reason)
    assert (outside.unit, outside.reason) == (beyond, Reason.RURAL)


def test_a_point_on_a_shared_border_goes_to_the_hub_which_is_told_both(tmp_path: Path) -> None:
    squares = [("sikar", 0), ("jhunjhunu", 1)]
    features = [
        {
            "type": "Feature",
            "properties": {"id": name},
            "geometry": {
                "type": "Polygon",
                "coordinates": [[[x, 0], [x + 1, 0], [x + 1, 1], [x, 1], [x, 0]]],
            },
        }
        for name, x in squares
    ]
    for file, content in [("rajasthan-districts-41.geojson", features), ("ambiguous-zones.geojson", [])]:
        (tmp_path / file).write_text(json.dumps({"type": "FeatureCollection", "features": content}))

    route = where(routing.load(tmp_path, resources.units()), 0.5, 1.0)

    assert (route.unit, route.reason) == (HUB, Reason.ON_BORDER)
    assert "sikar and jhunjhunu" in route.words


def test_the_units_named_for_split_districts_are_units_of_them() -> None:
    units = resources.units()
    for district, city in CITIES.items():
        for code in filter(None, [city.inside, city.beyond]):
            assert district in units[code].districts


@pytest.mark.parametrize(
    ("point", "names"),
    [((25.98, 71.77), ("barmer", "balotra")), ((25.19, 71.68), ("balotra", "barmer"))],
    ids=["baytu", "gudamalani"],
)
def test_an_area_that_changed_district_lately_goes_to_the_hub_which_is_told_both(
    router: Router, point: tuple[float, float], names: tuple[str, str]
) -> None:
    route = where(router, *point)

    assert (route.unit, route.reason) == (HUB, Reason.MOVED_AREA)
    assert all(name in route.words for name in names)


@pytest.mark.parametrize("point", [(28.61, 77.21), (0.0, 0.0), (90.0, 180.0)])
def test_a_point_outside_the_state_goes_to_the_hub(router: Router, point: tuple[float, float]) -> None:
    route = where(router, *point)

    assert (route.unit, route.reason) == (HUB, Reason.OUTSIDE)


def test_a_point_good_to_many_kilometres_goes_to_the_hub(router: Router) -> None:
    body = report_at(*JHUNJHUNU)
    body["locations"][0]["accuracy_m"] = 80_000

    route = router.route(parse(json.dumps(body).encode()))

    assert (route.unit, route.reason) == (HUB, Reason.ON_BORDER)
    assert "jhunjhunu" in route.words


def test_a_report_without_coordinates_goes_to_the_hub(router: Router) -> None:
    assert where(router, None, None) == Route(HUB, Reason.NO_COORDINATES, "the report has no coordinates")


def test_the_surest_point_decides_and_not_the_first(router: Router) -> None:
    body: dict[str, Any] = report_at(25.1803, 75.8452)
    body["locations"][0]["accuracy_m"] = 5000
    body["locations"].append({"kind": "device", "lat": JHUNJHUNU[0], "lon": JHUNJHUNU[1], "accuracy_m": 15})

    assert router.route(parse(json.dumps(body).encode())).unit == "JJN"


def test_the_distance_between_two_towns_is_right() -> None:
    # Kota to Jaipur as the crow flies.
    assert distance_km(25.1803, 75.8452, 26.9149, 75.8097) == pytest.approx(193, abs=1)
