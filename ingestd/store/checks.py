"""What no database of ours can hold, found before it is sent, so that both refuse the same rows for the same reason."""

from collections.abc import Iterable, Sequence
from math import isfinite
from typing import Final

from ingestd.batch import Change
from ingestd.model import STATUSES
from ingestd.store.columns import EARLIEST, LATEST

BITS_63: Final = 1 << 63
BITS_31: Final = 1 << 31
_RESULTS: Final = ("", "won", "lost", "void", "half_won", "half_lost")
_BASES: Final = ("provider", "received", "nominal")
WORDS: Final = {
    (own, shown, result, basis): ((own_code * 5 + shown_code) * 6 + result_code) * 3 + basis_code
    for own_code, own in enumerate(STATUSES)
    for shown_code, shown in enumerate(STATUSES)
    for result_code, result in enumerate(_RESULTS)
    for basis_code, basis in enumerate(_BASES)
}
"""The four words of a change as one small number: a quarter of the cost of four texts on the way to PostgreSQL."""


def decoded_words(code: str) -> tuple[str, str, str, str]:
    """SQL (PostgreSQL) for own status, shown status, result and time basis from a number of ``WORDS``."""

    def word(words: Sequence[str], place: str) -> str:
        return f"('{{{','.join(word or chr(34) * 2 for word in words)}}}'::text[])[1 + {place}]"

    return (
        word(STATUSES, f"{code} / 90"),
        word(STATUSES, f"{code} / 18 % 5"),
        word(_RESULTS, f"{code} / 3 % 6"),
        word(_BASES, f"{code} % 3"),
    )


def unstorable(row: tuple[object, ...], times: Iterable[int]) -> str:
    """Why a row cannot be stored, in one word (``""``: it can). ``times`` are the indexes of its times."""
    for value in row:
        if isinstance(value, str):
            if not _storable(value):
                return "text"
        elif isinstance(value, int):
            if not -BITS_63 <= value < BITS_63:
                return "overflow"
        elif isinstance(value, float) and not isfinite(value):
            return "not_finite"
    return "" if all(row[place] is None or _in_time(row[place]) for place in times) else "time"


def unstorable_change(change: Change) -> str:
    """Why a change cannot be stored, in one word (``""``: it can)."""
    if (change.own_status, change.status, change.result, change.time_basis) not in WORDS:
        return "text"
    if not -BITS_63 <= change.selection_id < BITS_63 or not 0 <= change.seq < BITS_31 or not 0 <= change.offset < BITS_63:
        return "overflow"
    for value in (change.price, change.line, change.size):
        if value is not None and not isfinite(value):
            return "not_finite"
    return "" if EARLIEST <= change.changed_at <= LATEST and EARLIEST <= change.received_at <= LATEST else "time"


def storable(text: str) -> str:
    """The text with what no database takes (NUL, lone surrogates) written out."""
    if _storable(text):
        return text
    return text.encode("utf-8", "backslashreplace").decode("utf-8").replace("\0", "\\x00")


def _storable(text: str) -> bool:
    if "\0" in text:
        return False
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _in_time(value: object) -> bool:
    return isinstance(value, int) and EARLIEST <= value <= LATEST
