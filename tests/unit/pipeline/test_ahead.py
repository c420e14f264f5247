"""What is decoded ahead."""

from ingestd.model import Decoded, Frame, Gap, Scope
from ingestd.pipeline.ahead import Entry, fitting

GAP: Decoded = Gap(Scope("source"), "x")


def entry(updates: int) -> Entry:
    """Of so many updates."""
    return Entry(None, Frame("s", "data", 1, b"12345"), [GAP] * updates)


def test_what_fits() -> None:
    """Whole entries, one more than would fit rather than none; an entry without updates is work as well."""
    ready = [entry(3), entry(0), entry(9), entry(1)]
    assert [len(fitting(ready, rows)) for rows in (0, 1, 4, 5, 6, 100)] == [0, 1, 1, 2, 3, 4]
    assert fitting([], 5) == []


def test_what_it_weighs() -> None:
    """Its frame, and its updates."""
    assert entry(2).weight == entry(0).weight + 500
