"""Times as people write and read them; µs inside."""

from datetime import UTC, datetime, timedelta
from typing import Final

from pydantic_core import PydanticCustomError

from ingestd.errors import ConfigError
from ingestd.model import SECOND
from ingestd.settings.units import seconds

TENTHS: Final = 10
"""Seconds below which tenths matter."""
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def parse_time(text: str, option: str = "--at") -> int | None:
    """ISO 8601 to UTC µs (UTC where no zone is given); None for empty text. Raises ConfigError."""
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        message = f"{option}: {text!r} is no time; write ISO 8601, e.g. 2026-11-23T14:03:00Z"
        raise ConfigError(message) from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return (moment - EPOCH) // timedelta(microseconds=1)


def since_time(text: str, now: int) -> int:
    """A span back from ``now`` (``24h``), or ISO 8601, to UTC µs; 0 for empty text. Raises ConfigError."""
    try:
        return now - round(seconds(text) * SECOND) if text else 0
    except PydanticCustomError:
        pass
    try:
        return parse_time(text) or 0
    except ConfigError:
        message = f"--since: {text!r} is no time; write a span (90min, 24h, 7d) or ISO 8601, e.g. 2026-11-23T14:03:00Z"
        raise ConfigError(message) from None


def iso(micros: int | None) -> str:
    """UTC µs to the second, as ISO 8601 without its letters; ``-`` for None."""
    if micros is None:
        return "-"
    return datetime.fromtimestamp(micros // SECOND, UTC).strftime("%Y-%m-%d %H:%M:%S")


def lasted(seconds: float) -> str:
    """A span to the second, in its two greatest units: ``2 d 4 h``, ``3 min 2 s``; below ten seconds to the tenth."""
    if seconds < TENTHS:
        return f"{seconds:.1f} s"
    rest = round(seconds)
    parts: list[str] = []
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")):
        count, rest = divmod(rest, size)
        parts += [f"{count} {unit}"] if count or parts else []
    return " ".join(part for part in parts[:2] if not part.startswith("0 "))


def ago(seconds: float) -> str:
    """A span as one figure: ``4 s``, ``12 min``, ``3 h``, ``5 d``."""
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"
