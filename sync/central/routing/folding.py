"""One spelling for the many of a name: Devanagari to Latin, and a phonetic key that forgives what people vary.

Rules of the key: aspiration, vowel length and doubled letters are dropped; e, ai and y count as i, o and au as u,
w as v, z as j, sh as s; every a but a first one is dropped, as Hindi drops it in speech. It must never decide alone:
short keys of unlike names are equal.
"""

import re
import unicodedata
from functools import lru_cache

_CONSONANTS = dict(
    zip(
        "कखगघङचछजझञटठडढणतथदधनपफबभमयरलवशषसहळ",
        [
            "k",
            "kh",
            "g",
            "gh",
            "n",
            "ch",
            "chh",
            "j",
            "jh",
            "n",
            "t",
            "th",
            "d",
            "dh",
            "n",
            "t",
            "th",
            "d",
            "dh",
            "n",
            "p",
            "ph",
            "b",
            "bh",
            "m",
            "y",
            "r",
            "l",
            "v",
            "sh",
            "sh",
            "s",
            "h",
            "l",
        ],
        strict=True,
    )
)
_FLAPS = {"ड": "r", "ढ": "rh"}
_VOWELS = dict(
    zip("अआइईउऊऋएऐओऔऑ", ["a", "aa", "i", "ee", "u", "oo", "ri", "e", "ai", "o", "au", "o"], strict=True)
)
_SIGNS = dict(zip("ािीुूृेैोौॉ", ["aa", "i", "ee", "u", "oo", "ri", "e", "ai", "o", "au", "o"], strict=True))
_NUKTA, _VIRAMA = "\u093c", "\u094d"
_NASALS = {"ं", "ँ"}

_KEY_RULES = [
    (re.compile(pattern), to)
    for pattern, to in [
        (r"ph", "f"),
        (r"chh?", "c"),
        (r"(?<=[a-z])h", ""),
        (r"ck|q", "k"),
        (r"w", "v"),
        (r"z", "j"),
        (r"m(?=[bp])", "n"),
        (r"oo|ou|au|o", "u"),
        (r"ee|ai|ay|ei|ey|e|y", "i"),
        (r"(.)\1+", r"\1"),
        (r"(?<=.)a", ""),
        (r"(.)\1+", r"\1"),
    ]
]
_WORD = re.compile(r"[a-z0-9\u0900-\u097f]+")


@lru_cache(maxsize=4096)
def romanised(word: str) -> str:
    """``word`` in small Latin letters; a Devanagari word loses its last inherent a."""
    letters = unicodedata.normalize("NFD", word.lower())
    out: list[str] = []
    bare = False
    for at, letter in enumerate(letters):
        if letter in _CONSONANTS:
            flap = at + 1 < len(letters) and letters[at + 1] == _NUKTA
            out += ["a"] * bare + [_FLAPS.get(letter, _CONSONANTS[letter]) if flap else _CONSONANTS[letter]]
            bare = True
            continue
        if letter == _NUKTA:
            continue
        if letter in _NASALS:
            out += ["a"] * bare + ["n"] * (at + 1 < len(letters))
        elif letter in _SIGNS or letter in _VOWELS:
            out.append(_SIGNS.get(letter) or _VOWELS[letter])
        elif letter != _VIRAMA and not unicodedata.combining(letter):
            out.append(letter)
        bare = False
    return "".join(out)


@lru_cache(maxsize=4096)
def key(plain: str) -> str:
    """The phonetic key of a romanised word or of several written together."""
    folded = plain.removesuffix("e") if len(plain) > 4 else plain
    for pattern, to in _KEY_RULES:
        folded = pattern.sub(to, folded)
    return folded


def words(text: str) -> list[str]:
    """The words of ``text``, romanised, in order; punctuation is gone."""
    return [romanised(word) for word in _WORD.findall(unicodedata.normalize("NFC", text).lower())]
