"""A fact as everybody who listens gets it: cleaned of secrets, with its sentence and its place in the catalogue."""

import re
import traceback
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from msgspec import Struct

from ingestd.model import Severity
from ingestd.telemetry.actions import ACTIONS, Level

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
BRACES: Final = re.compile(r"{(\w+)}")
EMPTY: Final = re.compile(r": +(?=:)")
LONGEST: Final = 16_384
"""Characters of one label, a stack trace included."""


class Fact(Struct, frozen=True, kw_only=True):
    """Something that happened ``at`` (UTC µs). ``kept_back``: so many more of its kind were not said since the last that was.

    ``cause`` is the exception behind it, as it is: whoever uses it must clean what comes of it.
    """

    action: str
    at: int
    message: str
    labels: dict[str, str | float]
    kept_back: int = 0
    cause: BaseException | None = None

    @property
    def level(self) -> Level:
        """How grave it is."""
        return ACTIONS[self.action].level

    @property
    def severity(self) -> Severity | None:
        """How bad it is; None: no trouble."""
        if ACTIONS[self.action].critical:
            return "critical"
        return None if self.level in {"debug", "info"} else "error" if self.level == "error" else "warning"

    @property
    def area(self) -> str:
        """What it is about: the action's first word."""
        return self.action.partition(".")[0]

    @property
    def code(self) -> str:
        """What happened, as one word that does not change from one time to the next; with ``area`` it names a kind of trouble."""
        verb = self.action.partition(".")[2]
        said = str(self.labels.get(ACTIONS[self.action].code, ""))
        return f"{verb}:{said}" if said else verb


def sentence(text: str, labels: Mapping[str, str | float]) -> str:
    """``text`` with its braces filled; a label that was not given leaves no trace, nor the colon before it."""
    filled = BRACES.sub(lambda match: _figure(labels.get(match[1], "")), text)
    return EMPTY.sub("", filled).rstrip(" :")


def of_error(error: BaseException) -> dict[str, str]:
    """Labels that tell of an exception: its type, what it says, its stack and those of its causes."""
    stack = "".join(traceback.format_exception(error))
    return {"error": str(error), "error_type": type(error).__qualname__, "stack": stack}


def shortened(value: str) -> str:
    """Both ends of what is too long: a stack trace says most at its ends."""
    return value if len(value) <= LONGEST else f"{value[: LONGEST // 2]} … {value[-LONGEST // 2 :]}"


def stamp(micros: int) -> str:
    """UTC µs as ISO 8601 with milliseconds."""
    return (EPOCH + timedelta(microseconds=micros)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _figure(value: str | float) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
