"""Every seam is kept by what stands behind it."""

import inspect

import pytest

from ingestd import interfaces
from ingestd.clock import SystemClock
from ingestd.journal.local import LocalJournal
from ingestd.sources.feeds.betfair.decoder import BetfairDecoder
from ingestd.sources.feeds.simulated.decoder import SimulatedDecoder
from ingestd.store.postgres import PostgresStore
from ingestd.store.sqlite import SqliteStore
from ingestd.telemetry import Reporter
from ingestd.testing.clock import VirtualClock

KEPT = [
    (interfaces.Clock, SystemClock),
    (interfaces.Clock, VirtualClock),
    (interfaces.Decoder, BetfairDecoder),
    (interfaces.Decoder, SimulatedDecoder),
    (interfaces.Journal, LocalJournal),
    (interfaces.Store, SqliteStore),
    (interfaces.Store, PostgresStore),
    (interfaces.Telemetry, Reporter),
]


def methods(seam: type) -> dict[str, inspect.Signature]:
    """What the seam asks for, by name."""
    return {name: inspect.signature(part) for name, part in vars(seam).items() if inspect.isfunction(part) and not name.startswith("_")}


@pytest.mark.parametrize(("seam", "concrete"), KEPT, ids=lambda part: part.__name__)
def test_what_stands_behind_a_seam_keeps_it(seam: type, concrete: type) -> None:
    """The same methods, with parameters of the same names, so that a caller cannot tell who answers."""
    found = {name: inspect.signature(getattr(concrete, name)) for name in methods(seam) if hasattr(concrete, name)}
    assert {name: list(said.parameters) for name, said in found.items()} == {
        name: list(said.parameters) for name, said in methods(seam).items()
    }


def test_the_seams_are_on_one_page() -> None:
    """A newcomer reads them in one go."""
    names = {
        name for name, part in vars(interfaces).items() if getattr(part, "_is_protocol", False) and part.__module__ == interfaces.__name__
    }
    assert names == {
        *("Clock", "Telemetry", "ContextTelemetry", "Session", "Receiving", "Decoder", "Feed", "Stage"),
        *("Readable", "Journal", "Deathmark", "Store", "HistoryStore"),
    }
