"""Every key of the window, in one table: it makes the shortcuts, the words on the buttons and the F1 sheet."""

from enum import Enum

from sync.words import mark


class Key(Enum):
    """A key and what it does. The key's name is what Qt understands and what the officer reads."""

    HELP = ("F1", mark("Keys and steps"))
    ACKNOWLEDGE = ("F5", mark("Acknowledge"))
    DISPATCH = ("F6", mark("Send team"))
    NOTE = ("F7", mark("Write a note"))
    LANGUAGE = ("F8", mark("English / हिन्दी"))
    LOCK = ("F9", mark("Lock"))
    SAVE = ("Ctrl+Enter", mark("Save"))

    @property
    def sequence(self) -> str:
        """As `QKeySequence` reads it."""
        return self.value[0].replace("Enter", "Return")

    @property
    def shown(self) -> str:
        """As it is printed on the keyboard."""
        return self.value[0]

    @property
    def sentence(self) -> str:
        """What it does: a marked sentence."""
        return self.value[1]
