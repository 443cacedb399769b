"""``new-epoch``: what to do once a backup of the database has been put in place."""

from sync.central import rejoining
from sync.central.commands.answer import AddCommand, Answer, Asked
from sync.words import mark

BEGUN = mark(
    "A new epoch has begun. Start Kota: every desk will find out by itself and give back what the backup lacks."
)


def add_to(add: AddCommand) -> None:
    """Add this command."""
    add("new-epoch", "begin a new epoch after a backup was put in place, while Kota is stopped", new_epoch)


def new_epoch(asked: Asked) -> Answer:
    """Begin a new epoch."""
    with asked.home.store() as store:
        epoch = store.write_now(lambda c: rejoining.new_epoch(c, asked.world))
    return Answer({"epoch": epoch}, lambda words: [words.text(BEGUN)])
