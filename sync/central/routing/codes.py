"""What a PIN or a telephone number hints at. Postal and telephone areas are no districts: a hint, never a route."""

import re

from sync.central.routing.gazetteer import OUTSIDE, Gazetteer

PIN = re.compile(r"[1-9]\d{5}")
STATE_PINS = ("30", "31", "32", "33", "34")


def of_pin(gazetteer: Gazetteer, pin: str) -> frozenset[str]:
    """Districts whose post has that prefix; `OUTSIDE` for another State's; nothing for no PIN."""
    digits = re.sub(r"\s", "", pin)
    if PIN.fullmatch(digits) is None:
        return frozenset()
    if not digits.startswith(STATE_PINS):
        return frozenset({OUTSIDE})
    return gazetteer.pins.get(digits[:3], frozenset())


def of_phone(gazetteer: Gazetteer, phone: str) -> frozenset[str]:
    """Districts of a landline's area code; nothing for a mobile number, which may be anywhere."""
    digits = re.sub(r"\D", "", phone)
    landline = digits.startswith("0") or len(digits) == 12
    national = digits.removeprefix("0091").removeprefix("91") if len(digits) > 11 else digits
    national = national.lstrip("0")
    if len(national) != 10 or not landline or national[0] in "6789":
        return _of_area(gazetteer, national) if len(national) == 10 and landline else frozenset()
    return _of_area(gazetteer, national)


def _of_area(gazetteer: Gazetteer, national: str) -> frozenset[str]:
    for length in (4, 3, 2):
        if national[:length] in gazetteer.landlines:
            return gazetteer.landlines[national[:length]]
    return frozenset()
