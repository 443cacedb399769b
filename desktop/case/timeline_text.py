"""The words of one line of the timeline. *At Kota* is said only of what Kota has confirmed."""

from desktop.shell.language import Language
from desktop.shell.truth import Shape
from sync import resources
from sync.case.entry import Acknowledgement, Dispatch, Note
from sync.desk.projection import Delivery, TimelineLine
from sync.words import mark

REFUSAL = {
    "unreadable": mark("Kota's version does not know this kind of entry"),
    "unknown_alert": mark("Kota does not know this alert"),
    "repeated": mark("Kota already has it"),
}
SHAPE = {Delivery.AT_KOTA: Shape.TICK, Delivery.SAVED_HERE: Shape.ASKING, Delivery.REFUSED: Shape.CUT}


def heading(line: TimelineLine, tell: Language) -> str:
    """When, who, of which unit. The moment is by the clock of the PC it was made on."""
    unit = resources.units().get(line.unit)
    return " · ".join((tell.moment(line.made_ms), line.officer.name, tell.unit(unit) if unit else line.unit))


def body(line: TimelineLine, tell: Language) -> str:
    """What was recorded."""
    match line.data:
        case Acknowledgement():
            return tell.text("Acknowledged")
        case Note(text=text):
            return text
        case Dispatch(team=team, place=""):
            return tell.text("Team sent: {team}", team=team)
        case Dispatch(team=team, place=place):
            return tell.text("Team sent: {team}, to: {place}", team=team, place=place)
        case None:
            return tell.text(
                "Something this version does not know was recorded; ask Kota for the new version."
            )


def mark_of(line: TimelineLine, tell: Language) -> str:
    """How far it has got, as far as this desk knows for certain, in few words."""
    match line.delivery:
        case Delivery.AT_KOTA if line.kota_ms is not None:
            return tell.text("at Kota {time}", time=tell.moment(line.kota_ms))
        case Delivery.AT_KOTA:
            return tell.text("at Kota")
        case Delivery.REFUSED:
            return tell.text("refused")
        case Delivery.SAVED_HERE:
            return tell.text("saved here")


def refusal(line: TimelineLine, tell: Language) -> str:
    """Why Kota refused it; empty if it did not."""
    if line.delivery is not Delivery.REFUSED:
        return ""
    why = REFUSAL.get(line.refusal or "", mark("no reason given"))
    return tell.text("Refused: {why}. Phone Kota.", why=tell.text(why))


def spoken(line: TimelineLine, tell: Language) -> str:
    """The whole line, as a screen reader says it."""
    return f"{heading(line, tell)}: {body(line, tell)} ({mark_of(line, tell)}) {refusal(line, tell)}".strip()
