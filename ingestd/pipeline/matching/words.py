"""Text as words that can be compared: no case, no accents, one alphabet, no punctuation."""

import re
from functools import lru_cache
from typing import Final

from anyascii import anyascii

_INITIALS: Final = re.compile(r"\b(?:\w\.){2,}")
_JOINED: Final = re.compile(r"\b(\w)\s?&\s?(\w)\b")
_SILENT: Final = re.compile("['’`\u00b4\u02bc]")
_BREAK: Final = re.compile(r"[^0-9a-z]+")
_SERBIAN: Final = str.maketrans({"Đ": "Dj", "đ": "dj"})
_SKELETON: Final = (
    (re.compile(r"dzh"), "dj"),
    (re.compile(r"(?<=i)ch\b"), "c"),
    (re.compile(r"[iy]o(?=v\b)"), "e"),
    (re.compile(r"[kc]h"), "h"),
    (re.compile(r"ph"), "f"),
    (re.compile(r"th"), "t"),
    (re.compile(r"sch|sh|cz|tsch|tch"), "s"),
    (re.compile(r"ck|[cq]"), "k"),
    (re.compile(r"oe"), "o"),
    (re.compile(r"ue|ou"), "u"),
    (re.compile(r"ae"), "a"),
    (re.compile(r"[yj]"), "i"),
    (re.compile(r"w"), "v"),
    (re.compile(r"(.)\1+"), r"\1"),
)
"""Spellings of one sound, as transliterations and umlauts leave them."""


@lru_cache(maxsize=1 << 14)
def fold(text: str) -> str:
    """Small ASCII letters and digits, words parted by one blank: ``1. FC Köln`` is ``1 fc koln``, ``D.C. United`` is ``dc united``."""
    small = _SILENT.sub("", anyascii(_SILENT.sub("", text).translate(_SERBIAN))).lower()
    small = _INITIALS.sub(lambda found: found[0].replace(".", "") + " ", small)
    return _BREAK.sub(" ", _JOINED.sub(r"\1\2", small)).strip()


@lru_cache(maxsize=1 << 14)
def skeleton(word: str) -> str:
    """What is left of a folded word when its spelling does not matter: ``olympiakos`` and ``olympiacos`` have one."""
    for pattern, letters in _SKELETON:
        word = pattern.sub(letters, word)
    return word


def tidy(text: str) -> str:
    """The text itself, with single blanks."""
    return " ".join(text.split())
