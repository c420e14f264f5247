"""What can go wrong with a payload: damage to its bytes, and to the values in it where it is JSON, XML or CSV."""

import json
import re
from typing import Final

from hypothesis import strategies as st

HOSTILE: Final = (
    *(b"NaN", b"Infinity", b"-Infinity", b"1e999", b"-1e999", b"null", b"true", b'""', b'"x"', b"0", b"-1", b"1.0", b"1e-320"),
    *(b"9" * 30, b"1" * 5_000, b'"\\ud800"', b'"\\u0000"', b'"\xff\xfe"', b'"1.5"', b'"2026-99-99T99:99:99Z"', b'"' + b"A" * 5_000 + b'"'),
    *(b"[]", b"{}", b"[[[[]]]]", b"[" * 100_000, b'{"a":' * 20_000, b"[null]", b'{"id":null}', b"[NaN]"),
)
"""What may stand where a value stood."""
CELLS: Final = (b"", b"NaN", b"inf", b"1e999", b"\x00", b"\xff", b'"', b'"\n', b"'", b"<a>", b"&x;", b"]]>", b",,,,", b"31/02/2026", b"9" * 400)
"""What may stand where a cell or a text stood."""
VALUE: Final = re.compile(rb'"(?:[^"\\]|\\.)*"(?!\s*:)|-?\d[\d.eE+-]*|\btrue\b|\bfalse\b|\bnull\b')
"""A JSON value that is neither list nor object."""
CELL: Final = re.compile(rb"(?<=[,;\n>\"])[^,;\n<>\"]*(?=[,;\n<\"])")

Mutation = tuple[str, int, int]
"""What is done, where (modulo what there is), and with what."""
mutations: Final = st.tuples(
    st.sampled_from(("none", "flip", "cut", "splice", "value", "value", "value", "cell", "key", "encoding")),
    st.integers(0, 2**20),
    st.integers(0, 2**20),
)


def mutate(payload: bytes, mutation: Mutation, other: bytes) -> bytes:
    """The payload, damaged; ``other`` is one to splice with."""
    how, where, what = mutation
    place = where % (len(payload) + 1)
    match how:
        case "flip":
            return payload[: place - 1] + bytes([payload[place - 1] ^ 1 << what % 8]) + payload[place:] if place else b""
        case "cut":
            return payload[:place]
        case "splice":
            return payload[:place] + other[what % (len(other) + 1) :]
        case "value":
            return _replaced(VALUE, payload, where, HOSTILE[what % len(HOSTILE)])
        case "cell":
            return _replaced(CELL, payload, where, CELLS[what % len(CELLS)])
        case "key":
            return _without_key(payload, where)
        case "encoding":
            return payload.decode("utf-8", "replace").encode("utf-16" if what % 2 else "utf-8-sig")
    return payload


def _replaced(pattern: re.Pattern[bytes], payload: bytes, where: int, new: bytes) -> bytes:
    found = list(pattern.finditer(payload))
    if not found:
        return payload + new
    chosen = found[where % len(found)]
    return payload[: chosen.start()] + new + payload[chosen.end() :]


def _without_key(payload: bytes, where: int) -> bytes:
    """One key of one object renamed: a field that is gone and one that is new."""
    keys = list(re.finditer(rb'"(?:[^"\\]|\\.)*"(?=\s*:)', payload))
    if not keys:
        return payload
    chosen = keys[where % len(keys)]
    return payload[: chosen.start()] + json.dumps("never heard of").encode() + payload[chosen.end() :]
