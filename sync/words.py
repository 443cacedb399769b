"""Every sentence a person reads, in Hindi or English.

English sentences stand in the code and are the keys; Hindi comes from ``resources/translations`` (GNU gettext).
One catalogue serves the window and the command line, which is why this is not Qt's own translation system
(docs/decisions/0003). A sentence is looked up first and filled in afterwards, so a placeholder is never translated.
"""

import gettext
import os
from enum import StrEnum

from sync import resources

DOMAIN = "kota"


class Tongue(StrEnum):
    """The languages of the desk."""

    HINDI = "hi"
    ENGLISH = "en"


class Words:
    """The sentences of one language."""

    def __init__(self, tongue: Tongue) -> None:
        self.tongue = tongue
        self._catalogue: gettext.NullTranslations = (
            gettext.NullTranslations()
            if tongue is Tongue.ENGLISH
            else gettext.translation(DOMAIN, str(resources.path("translations")), [tongue.value])
        )

    def text(self, sentence: str, **values: object) -> str:
        """``sentence`` in this language with its ``{placeholders}`` filled in."""
        found = self._catalogue.gettext(sentence)
        return found.format(**values) if values else found

    def count(self, one: str, many: str, n: int, **values: object) -> str:
        """The form that fits ``n``, which fills the placeholder ``{n}``."""
        return self._catalogue.ngettext(one, many, n).format(n=n, **values)


def mark(sentence: str) -> str:
    """Mark a sentence for the translators where it is written, to be looked up where it is shown."""
    return sentence


def tongue_of_environment() -> Tongue:
    """``KOTA_LANGUAGE`` if it names a language of ours, else Hindi: the officers' language, not the PC's."""
    return Tongue.ENGLISH if os.environ.get("KOTA_LANGUAGE", "") == Tongue.ENGLISH else Tongue.HINDI


class SpokenError(Exception):
    """A failure that a person can do something about: one sentence says what happened and what to do.

    Subclasses give ``sentence`` (marked, English) and pass its placeholders to the constructor. Anything that is
    *our* mistake is not a `SpokenError`; it surfaces as the exception it is.
    """

    sentence = ""

    def __init__(self, **values: object) -> None:
        super().__init__(self.sentence.format(**values) if values else self.sentence)
        self.values = values

    def say(self, words: Words) -> str:
        """The sentence in the reader's language."""
        return words.text(self.sentence, **self.values)
