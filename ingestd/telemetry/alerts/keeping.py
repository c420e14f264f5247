"""The alerts that fire, in a small file beside the journal: a restart forgets none, and what is over is said to be."""

from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from ingestd.telemetry.alerts.book import Alert

ALERTS: Final = "alerts.json"
"""Name of the file, in the journal's folder."""


class _File(Struct):
    version: int = 1
    alerts: list[Alert] = msgspec.field(default_factory=list)


def kept(path: Path) -> list[Alert]:
    """The alerts of the file; none where there is no file, or none that can be read: what is still so fires again."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=_File).alerts
    except (OSError, msgspec.DecodeError, RecursionError):
        return []


def keep(path: Path, alerts: list[Alert]) -> None:
    """Whole and atomically. Raises OSError."""
    beside = path.with_suffix(".new")
    beside.write_bytes(msgspec.json.encode(_File(alerts=alerts)))
    beside.replace(path)
