"""``secret``: change what the platform signs its messages with. It shows where secrets stand, never what they are."""

from sync.central.commands.answer import AddCommand, Answer, Asked
from sync.central.webhook_secrets import WebhookSecrets
from sync.words import mark

ROTATED = mark(
    "The new webhook secret stands in {file}. Both are live: give it to the platform, then run kota-central secret retire."
)
RETIRED = mark("The former webhook secret is no longer live.")


def add_to(add: AddCommand) -> None:
    """Add these commands."""
    add("secret rotate", "make a new webhook secret; the former stays live", rotate)
    add("secret retire", "let the former webhook secret no longer be live", retire)
    add(
        "secret show-names",
        "show which files hold secrets of the webhook, and nothing of what is in them",
        names,
    )


def rotate(asked: Asked) -> Answer:
    """A second secret is live."""
    file = str(WebhookSecrets(asked.home).rotate(asked.world))
    return Answer({"file": file}, lambda words: [words.text(ROTATED, file=file)])


def retire(asked: Asked) -> Answer:
    """One secret is live again."""
    WebhookSecrets(asked.home).retire()
    return Answer({"retired": True}, lambda words: [words.text(RETIRED)])


def names(asked: Asked) -> Answer:
    """The files."""
    asked.home.settings()
    files = [str(file) for file in WebhookSecrets(asked.home).names()]
    return Answer({"files": files}, lambda _: files)
