"""What ``ingestd status`` found out: an overview, whose words it is, and what only the store knows. docs/status.md describes it."""

from typing import Literal

from msgspec import Struct, field

from ingestd.overview import Overview
from ingestd.store.queries import JournalStatus, RunStatus


class Shown(Overview, Struct, frozen=True, kw_only=True):
    """``problems``: why the daemon, or the store, said nothing.

    The last five are known to the store alone, and empty where it was not asked or did not answer.
    """

    taken_from: Literal["daemon", "store", "nowhere"]
    problems: list[str] = field(default_factory=list)
    journals: list[JournalStatus] = field(default_factory=list)
    runs: list[RunStatus] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    quarantine: int | None = None
    review: int | None = None
