"""From a clue to ranked districts, and to one of them only when sure.

Every doubt goes to people: borders within 1 km, ground that moved lately, names that other States have too, clues
that contradict each other. It must never guess for the sake of an answer.
"""

from pathlib import Path

from msgspec import Struct

from sync.central.routing.clue import Candidate, Clue, Resolution
from sync.central.routing.codes import of_phone, of_pin
from sync.central.routing.gazetteer import OUTSIDE, Care, Gazetteer
from sync.central.routing.geometry import BORDER_KM, SURE_SHARE, Layer, doubt_km
from sync.central.routing.mentions import Mention, Role, mentions, trusted

# A word of a sentence is more often no place at all than a word of an address.
SURE_SPELLING = {"place": 0.83, "profile": 0.83, "content": 0.88}
# Where somebody once said they live, against where they are.
PROFILE_WORTH = 0.8
CANDIDATES = 5
HINT = 0.3


class Evidence(Struct, frozen=True):
    """What one part of the clue says. ``sure`` names the one district it would route to alone."""

    source: str
    scores: dict[str, float]
    words: str
    sure: str | None = None
    barred: bool = False


class Resolver:
    """Knows the map and the names; `resolve` is a pure question to it."""

    def __init__(self, gazetteer: Gazetteer, districts: Layer, moved_areas: Layer) -> None:
        self._gazetteer = gazetteer
        self._districts = districts
        self._moved_areas = moved_areas

    def resolve(self, clue: Clue) -> Resolution:
        """Takes under 5 ms for texts of any length."""
        texts = [
            evidence
            for source, text in (
                ("place", clue.place_text),
                ("content", clue.content_text),
                ("profile", clue.profile_city),
            )
            if text and (evidence := self._text(source, text)) is not None
        ]
        point = self._point(clue)
        hints = self._hints(clue)
        parts = [*([point] if point else []), *texts, *hints]
        scores = _combined(parts)
        return Resolution(self._auto(point, texts, hints, scores), _ranked(parts, scores))

    def _point(self, clue: Clue) -> Evidence | None:
        lat, lon = clue.lat, clue.lon
        if lat is None or lon is None or (abs(lat) < 0.5 and abs(lon) < 0.5):
            return None
        accuracy_km = (clue.accuracy_m or 0) / 1000
        radius = doubt_km(accuracy_km)
        moved = self._moved_areas.at(lat, lon)
        if moved:
            first, second = moved[0]["suggest"], moved[0]["also_notify"]
            return Evidence("point", {first: 0.6, second: 0.5}, "on ground that moved lately", barred=True)
        shares = self._districts.shares(lat, lon, radius)
        if not shares:
            return self._swapped(lat, lon)
        inside = [one["id"] for one in self._districts.at(lat, lon)]
        scores = {name: 0.95 * share + (0.04 if name in inside else 0) for name, share in shares.items()}
        surest = max(shares, key=lambda name: shares[name])
        words = f"the point, good to {radius:g} km, lies in {' or '.join(shares)}"
        sure = surest if shares[surest] >= SURE_SHARE and surest in inside else None
        close = sure is None and accuracy_km <= BORDER_KM
        return Evidence("point", scores, words, sure, barred=close)

    def _swapped(self, lat: float, lon: float) -> Evidence:
        turned = self._districts.at(lon, lat)
        if turned:
            return Evidence(
                "point", {turned[0]["id"]: 0.5}, "latitude and longitude look swapped", barred=True
            )
        return Evidence("point", {OUTSIDE: 0.95}, "the point lies outside the State", OUTSIDE)

    def _hints(self, clue: Clue) -> list[Evidence]:
        found = []
        for source, districts in (
            ("PIN", of_pin(self._gazetteer, str(clue.pin or ""))),
            ("area code", of_phone(self._gazetteer, str(clue.phone or ""))),
        ):
            if districts:
                scores = dict.fromkeys(districts, HINT)
                found.append(Evidence(source, scores, f"the {source} is used there"))
        return found

    def _text(self, source: str, text: str) -> Evidence | None:
        named = [one for one in mentions(self._gazetteer, text) if one.role is not Role.DENIED]
        state = [one for one in named if one.place.kind == "home"]
        named = [one for one in named if one.place.kind != "home"]
        here = [one for one in named if one.role is not Role.AWAY]
        used = here if any(one.place.care is not Care.CONTEXT for one in here) else named
        if source == "content":
            words_only = all(one.place.care in {Care.WORD, Care.CONTEXT} for one in used)
            used = [] if words_only else used
        places = [one for one in used if one.place.care is not Care.CONTEXT]
        if not places:
            return None
        return self._weighed(source, used, bool(state))

    def _weighed(self, source: str, used: list[Mention], in_state: bool) -> Evidence:
        strong = [one for one in used if trusted(one)]
        named = {name for one in used if one.place.care is not Care.CONTEXT for name in one.place.districts}
        supports = {name: {one.place.plain: one for one in used if self._agrees(one, name)} for name in named}
        covering = [name for name in named if all(self._agrees(one, name) for one in strong)]
        direct = {name: sum(name in one.place.districts for one in used) for name in named}
        scores = {}
        for name in named:
            worth = max((0.9 if trusted(one) else 0.6) * one.like for one in supports[name].values())
            rank = worth + 0.03 * min(3, direct[name] + len(supports[name]) - 2)
            scores[name] = min(0.97, rank if name in covering else rank * 0.5)
        best = max(sorted(named), key=lambda name: (name in covering, direct[name], scores[name]))
        rivals = [name for name in covering if name != best and direct[name] >= direct[best]]
        for name in rivals:
            scores[name] = min(scores[name], scores[best])
        sure = best if best in covering and not rivals else None
        evidence = [one for one in supports[best].values() if one.role is Role.HERE]
        backed = len(evidence) > 1 or in_state or any(trusted(one) for one in evidence)
        spelt = max((one.like for one in evidence), default=0.0) >= SURE_SPELLING[source]
        if not (backed and spelt):
            sure = None
        scores[best] = max(scores.values()) + (0.01 if best in covering else 0)
        if sure:
            scores[best] = max(scores[best], 0.9)
        if source == "profile":
            scores = {name: score * PROFILE_WORTH for name, score in scores.items()}
        heard = ", ".join(sorted({one.place.name for one in used}))
        return Evidence(source, scores, f"the {source} text names {heard}", sure)

    def _agrees(self, mention: Mention, district: str) -> bool:
        """A newer district's people also name the one it was cut from."""
        place = mention.place
        if district in place.districts:
            return True
        return place.kind == "district" and bool(
            place.districts & self._gazetteer.parents.get(district, frozenset())
        )

    def _auto(
        self,
        point: Evidence | None,
        texts: list[Evidence],
        hints: list[Evidence],
        scores: dict[str, float],
    ) -> str | None:
        if not scores or (point is not None and point.barred):
            return None
        best = max(scores, key=lambda name: scores[name])
        told = [*([point] if point else []), *texts]
        if best == OUTSIDE or any(one.sure not in {None, best} for one in told):
            return None
        if any(best not in one.scores for one in [*told, *hints]):
            return None
        if any(one.sure == best for one in told):
            return best
        agreeing = [one for one in [*texts, *hints] if one.scores]
        alone = [name for name in scores if all(name in one.scores for one in agreeing)]
        return best if texts and len(agreeing) > 1 and hints and alone == [best] else None


def _combined(parts: list[Evidence]) -> dict[str, float]:
    scores: dict[str, float] = {}
    for part in parts:
        for name, score in part.scores.items():
            scores[name] = 1 - (1 - scores.get(name, 0.0)) * (1 - min(score, 0.99))
    contradicted = {name for name in scores if any(one.sure not in {None, name} for one in parts)}
    return {name: score * (0.8 if name in contradicted else 1) for name, score in scores.items()}


def _ranked(parts: list[Evidence], scores: dict[str, float]) -> tuple[Candidate, ...]:
    ranked = sorted((name for name in scores if name != OUTSIDE), key=lambda name: (-scores[name], name))
    return tuple(
        Candidate(
            name, round(scores[name], 3), "; ".join(part.words for part in parts if name in part.scores)
        )
        for name in ranked[:CANDIDATES]
    )


def load(data: Path) -> Resolver:
    """The resolver over the files in the folder ``data``."""
    return Resolver(
        Gazetteer(data),
        Layer(data / "rajasthan-districts-41.geojson"),
        Layer(data / "ambiguous-zones.geojson"),
    )
