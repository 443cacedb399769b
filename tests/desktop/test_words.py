"""The catalogue: every sentence in the code has its Hindi, with the same placeholders, and is compiled."""

import ast
import string
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po

from sync import resources
from sync.words import Tongue, Words

CATALOGUE = resources.path("translations", "hi", "LC_MESSAGES")
CODE = [file for room in ("sync", "desktop") for file in (resources.ROOT.parent / room).rglob("*.py")]

Sentence = str | tuple[str, str]


def _called(call: ast.Call) -> str:
    match call.func:
        case ast.Attribute(attr="text" | "count" as name):
            return name
        case ast.Name(id="mark"):
            return "mark"
    return ""


def _sentences(file: Path) -> Iterator[Sentence]:
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Call):
            name = _called(node)
            given = [
                arg.value for arg in node.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)
            ]
            if name == "count" and len(given) >= 2:
                yield given[0], given[1]
            elif name in ("text", "mark") and given:
                yield given[0]


@pytest.fixture(scope="module")
def catalogue() -> Catalog:
    return read_po(BytesIO((CATALOGUE / "kota.po").read_bytes()), locale="hi")


def _messages(catalogue: Catalog) -> Iterator[Message]:
    return (message for message in catalogue if message.id)


def _pair(message: Message) -> tuple[Sentence, Sentence]:
    return _plain(message.id), _plain(message.string)


def _forms(sentence: object) -> tuple[str, ...]:
    plain = _plain(sentence)
    return (plain,) if isinstance(plain, str) else plain


def _plain(sentence: object) -> Sentence:
    return sentence if isinstance(sentence, str) else tuple(sentence)  # type: ignore[arg-type, return-value]


def _fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def test_every_sentence_in_the_code_has_its_hindi(catalogue: Catalog) -> None:
    known = {message.id for message in _messages(catalogue) if message.string and not message.fuzzy}
    missing = {sentence for file in CODE for sentence in _sentences(file)} - known
    assert not missing, f"run `make words`, translate, run it again: {sorted(map(str, missing))}"


def test_no_translation_is_empty_fuzzy_or_of_other_placeholders(catalogue: Catalog) -> None:
    for message in _messages(catalogue):
        source, target = _forms(message.id), _forms(message.string)
        assert all(target), source
        assert not message.fuzzy, source
        wanted = {name for text in source for name in _fields(text)}
        assert all(_fields(text) == wanted for text in target), source


def test_the_compiled_catalogue_is_what_the_translators_wrote(catalogue: Catalog) -> None:
    compiled = read_mo(BytesIO((CATALOGUE / "kota.mo").read_bytes()))
    assert dict(map(_pair, _messages(compiled))) == dict(map(_pair, _messages(catalogue)))


@pytest.mark.parametrize(("n", "said"), [(0, "0 प्रविष्टियाँ"), (1, "1 प्रविष्टि "), (2, "2 प्रविष्टियाँ")])
def test_hindi_counts(n: int, said: str) -> None:
    one, many = "{n} entry saved here, not yet at Kota", "{n} entries saved here, not yet at Kota"
    assert Words(Tongue.HINDI).count(one, many, n).startswith(said)


def test_nobody_is_called_accused_or_victim(catalogue: Catalog) -> None:
    every = " ".join(str(message.string) for message in _messages(catalogue))
    assert not [word for word in ("पीड़ित", "आरोपी", "अपराधी", "चेतावनी", "आत्महत्या") if word in every]
