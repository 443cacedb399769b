"""Places named in a text, and what the words around each say: there now, from there, not there, on the way there."""

from enum import StrEnum

from msgspec import Struct

from sync.central.routing.folding import words
from sync.central.routing.gazetteer import Care, Gazetteer, Place

LONGEST_NAME = 4
MOST_WORDS = 80
MOST_LETTERS = 2000


class Role(StrEnum):
    """How the text speaks of a place."""

    HERE = "here"
    AWAY = "away"
    DENIED = "denied"
    ROAD = "road"


class Mention(Struct, frozen=True):
    """One place in a text; ``like`` (0..1) is how well it is spelt."""

    place: Place
    like: float
    role: Role


def _spoken(text: str) -> frozenset[str]:
    return frozenset(words(text))


_FROM_BEFORE = _spoken("from originally native hometown home ghar gaon gaanv belongs born left घर गाँव गांव मूल")
_FROM_AFTER = _spoken("se से rehne रहने native wala ghar")
_NOW_BEFORE = _spoken("now abhi ab currently in at living studying अभी अब")
_DENIED_BEFORE = _spoken("not never")
_DENIED_AFTER = _spoken("nahi nahin नहीं chhod")
_ROAD_AFTER = _spoken("road marg highway rasta bypass phatak रोड मार्ग हाईवे")
_HERE_AFTER = _spoken("me mein mai main में m pe par पर ke")
_PARTICLES = _HERE_AFTER | _ROAD_AFTER | _spoken("ka ki ko aur hai hu to का की को और है हूँ")
_ORDINARY = _PARTICLES | _spoken(
    "mera meri mere mujhe raha rahi rahe karta karti rehta rehti rahta kaam company station school college hospital "
    "hostel market sector colony nagar jile jila district near paas sorry mandir temple khatam khatm akela akeli "
    "papa mummy yaar bahut zindagi railway room please kharab result exam today night nahi alvida everyone baitha "
    "marne marna maran jaana sabko goodbye system against beti bhai behen gaya gayi hogaya padhta padhai chhat "
    "friends week next going khada kabhi sunta chhod sharma verma kumar singh medical chauraha circle fort palace"
)


def mentions(gazetteer: Gazetteer, text: str) -> list[Mention]:
    """Every place in ``text``, longest names first where they overlap, in the order of the text."""
    spoken = words(text[:MOST_LETTERS])[:MOST_WORDS]
    found: list[Mention] = []
    at = 0
    while at < len(spoken):
        place, like, length = _at(gazetteer, spoken, at)
        if place is not None:
            found.append(Mention(place, like, _role(spoken, at, at + length)))
        at += length
    return found


def _at(gazetteer: Gazetteer, spoken: list[str], at: int) -> tuple[Place | None, float, int]:
    for length in range(min(LONGEST_NAME, len(spoken) - at), 0, -1):
        heard = gazetteer.heard("".join(spoken[at : at + length]))
        if heard is not None and (heard[1] == 1 or not _ORDINARY.intersection(spoken[at : at + length])):
            return *heard, length
    for length in (2, 1):
        run = spoken[at : at + length]
        if len(run) == length and not _ORDINARY.intersection(run):
            guessed = gazetteer.guessed("".join(run))
            if guessed is not None:
                return *guessed, length
    return None, 0.0, 1


def _role(spoken: list[str], start: int, end: int) -> Role:
    before, after = spoken[max(0, start - 3) : start], spoken[end : end + 3]
    if after[:1] and after[0] in _ROAD_AFTER:
        return Role.ROAD
    if _DENIED_BEFORE.intersection(before) or _DENIED_AFTER.intersection(after[:2]):
        return Role.DENIED
    if (after[:1] and after[0] in _FROM_AFTER) or _FROM_AFTER.intersection(after[1:2]) & _spoken("rehne रहने"):
        return Role.AWAY
    near = [word for word in before if word in _FROM_BEFORE | _NOW_BEFORE]
    if near and near[-1] in _FROM_BEFORE:
        return Role.AWAY
    return Role.HERE


def trusted(mention: Mention) -> bool:
    """Whether the name alone says where."""
    return mention.place.care is Care.NONE and mention.role is Role.HERE
