"""Messages in pieces."""

import pytest

from ingestd.errors import Malformed
from ingestd.sources.feeds.betfair import segments
from ingestd.sources.feeds.betfair.segments import Segments
from ingestd.sources.feeds.betfair.wire import MarketChange, Message, Problem


def message(mark: str | None, *markets: str, ct: str | None = None, pt: int = 1) -> Message:
    """One of these markets, as a piece or whole."""
    return Message(op="mcm", ct=ct, segment=mark, pt=pt, mc=[MarketChange(market) for market in markets])


def test_pieces_make_one_message() -> None:
    """Of the kind the first one said, at the time of the last, with the problems of all; a heartbeat may come between."""
    found = Segments()
    assert found.assemble("", message("SEG_START", "1", ct="SUB_IMAGE"), [], 1) is None
    assert found.assemble("", message(None, ct="HEARTBEAT"), [], 1) is None
    assert found.assemble("", message("SEG", "2"), [Problem("9", "mc[0]", "bad")], 1) is None
    content = found.assemble("", message("SEG_END", "3", pt=7), [], 1)
    assert content is not None
    assert (content.ct, content.at, [change.id for change in content.mc], content.bad) == ("SUB_IMAGE", 7000, ["1", "2", "3"], {"9"})
    whole = found.assemble("", message(None, "4"), [], 1)
    assert whole is not None


def test_connections_do_not_mix() -> None:
    """Each has its own pieces."""
    found = Segments()
    found.assemble("0", message("SEG_START", "1", ct="SUB_IMAGE"), [], 1)
    whole = found.assemble("1", message(None, "2"), [], 1)
    assert whole is not None


@pytest.mark.parametrize(
    "marks",
    [("SEG",), ("SEG_END",), ("SEG_START", "SEG_START"), ("SEG_START", None), ("SOMETHING",)],
    ids=str,
)
def test_pieces_that_do_not_follow_are_malformed(marks: tuple[str | None, ...]) -> None:
    """Something between them is missing."""
    found = Segments()
    *before, last = marks
    for mark in before:
        found.assemble("", message(mark, "1"), [], 1)
    with pytest.raises(Malformed):
        found.assemble("", message(last, "1"), [], 1)


def test_an_image_may_begin_again() -> None:
    """Nothing of the unfinished one is needed."""
    found = Segments()
    found.assemble("", message("SEG_START", "1", ct="SUB_IMAGE"), [], 1)
    found.assemble("", message("SEG_START", "2", ct="SUB_IMAGE"), [], 1)
    content = found.assemble("", message("SEG_END", "3"), [], 1)
    assert content is not None
    assert [change.id for change in content.mc] == ["2", "3"]


def test_a_message_without_end_does_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is malformed beyond a size."""
    monkeypatch.setattr(segments, "LARGEST_MESSAGE", 100)
    found = Segments()
    found.assemble("", message("SEG_START", "1"), [], 60)
    with pytest.raises(Malformed, match="oversize"):
        found.assemble("", message("SEG", "2"), [], 60)
