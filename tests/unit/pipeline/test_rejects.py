"""Rows of quarantine."""

from ingestd.model import Frame, Quote, Reject, Scope, selection
from ingestd.pipeline.rejects import rejected, repeated

FRAME = Frame("s", "data", 7, b"x")
WHAT = selection("s", ("a",), bookmaker="b", source_event_id="e", source_market_id="m", scope=Scope("source"), market="w", outcome="o")


def test_the_same_content_at_the_same_place_is_one_row() -> None:
    """Another payload, source or place is another; a duplicate is never what a reject is."""
    reject = Reject(stage="validate", category="price", reason="odd")
    row = rejected("s", reject, FRAME, 0, 9)
    others = [
        rejected("t", reject, FRAME, 0, 9),
        rejected("s", reject, Frame("s", "data", 7, b"y"), 0, 9),
        rejected("s", reject, FRAME, 1, 9),
        repeated("s", "quote", Quote(WHAT, 1.5), FRAME, 0, 9),
    ]
    assert rejected("s", reject, Frame("s", "data", 8, b"x"), 0, 10).quarantine_id == row.quarantine_id
    assert len({row.quarantine_id, *(other.quarantine_id for other in others)}) == 5
    assert (row.path, row.offset, row.seen_at, row.state) == ("#0", 9, 7, "open")


def test_a_decoder_names_the_place_itself() -> None:
    """Where it can; else it is the frame."""
    assert rejected("s", Reject(stage="decode", category="shape", reason="odd", path="q[3]"), FRAME, 0, 9).path == "q[3]"
    assert rejected("s", Reject(stage="decode", category="shape", reason="odd"), FRAME, 4, 9).path == ""


def test_text_that_every_database_takes() -> None:
    """However long, and whatever is in it."""
    row = rejected("s", Reject(stage="decode", category="text", reason="a\x00\ud800" + "x" * 3_000), FRAME, 0, 9)
    row.reason.encode()
    assert row.reason.startswith("a\\x00\\ud800x")
    assert len(row.reason) < 2_100
