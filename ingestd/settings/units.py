"""Spans of time and amounts of bytes as people write them: ``10ms``, ``7d``, ``64MiB``, or plain numbers."""

import math
import re
from typing import Annotated, Final

from pydantic import BeforeValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

SECONDS: Final = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "min": 60.0, "h": 3_600.0, "d": 86_400.0, "w": 604_800.0}
BYTES: Final = {
    "b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "tb": 10**12, "kib": 2**10, "mib": 2**20, "gib": 2**30, "tib": 2**40,
}  # fmt: skip
NUMBER: Final = re.compile(r"(\d+(?:\.\d+)?)\s*([a-z]*)", re.ASCII)


def hinted(problem: str, hint: str, key: str = "") -> PydanticCustomError:
    """A problem that says by itself what to write instead; ``key``: where it is, below the place that found it."""
    return PydanticCustomError("hinted", "{problem}", {"problem": problem, "hint": hint, "key": key})


def seconds(value: object) -> float:
    """A span in seconds: a number of them, or text with a unit (``us ms s min h d w``)."""
    return _measure(value, SECONDS, "s", "is no span of time", "write a number of seconds, or 500ms, 10s, 5min, 1h, 7d")


def octets(value: object) -> int:
    """An amount in bytes: a number of them, or text with a unit (``kB MB GB``, or ``KiB MiB GiB`` by 1024)."""
    return round(_measure(value, BYTES, "b", "is no amount of bytes", "write a number of bytes, or 64MiB, 10GiB, 500MB"))


def _measure(value: object, units: dict[str, float] | dict[str, int], default: str, problem: str, hint: str) -> float:
    number, unit = math.nan, default
    if isinstance(value, str) and (match := NUMBER.fullmatch(value.strip().lower())):
        number, unit = float(match[1]), match[2] or default
    elif isinstance(value, int | float) and not isinstance(value, bool):
        number = float(value)
    if unit not in units or not math.isfinite(number) or number < 0:
        raise hinted(problem, hint)
    return number * units[unit]


Seconds = Annotated[float, BeforeValidator(seconds), WithJsonSchema({"type": ["number", "string"], "examples": ["500ms", "10s", "7d"]})]
"""A span of time, in seconds."""
Bytes = Annotated[int, BeforeValidator(octets), WithJsonSchema({"type": ["integer", "string"], "examples": ["64MiB", "10GiB"]})]
"""An amount of bytes."""
