"""``snapshot``: make what new desks take over, now instead of within the minute."""

from sync.central.commands.answer import AddCommand, Answer, Asked
from sync.central.snapshots import Snapshots
from sync.words import mark

MADE = mark("The snapshot of {unit} reaches to event {upto}.")
NONE_DUE = mark("No snapshot is due.")


def add_to(add: AddCommand) -> None:
    """Add this command."""
    add("snapshot", "make the snapshots that are due, as a running Kota does by itself", snapshot)


def snapshot(asked: Asked) -> Answer:
    """Those made, and how far each reaches."""
    with asked.home.store() as store:
        made = Snapshots(store, asked.home.kota(store, asked.world), asked.home.snapshots).keep_up()
    return Answer(
        {"snapshots": made},
        lambda words: (
            [words.text(MADE, unit=unit, upto=upto) for unit, upto in made.items()] or [words.text(NONE_DUE)]
        ),
    )
