"""A client of a stream, tried on days that are told in a few words."""

import pytest

from ingestd.testing.deeds import CHANGE, CONFLATED, HANDSHAKE, ONE, OPENED, REPLAY, Deed, Did, Says
from ingestd.testing.knowledge import expected
from ingestd.testing.spans import Protocol, Span

SECOND = 1_000_000
COUNTED = Protocol(order="counted")
Told = tuple[str, int, int | None, str, str, str]


def day(*deeds: tuple[Did, str] | tuple[Did, Says], protocol: Protocol = COUNTED) -> list[Told]:
    """One deed a second from 1 s on; the spans, in seconds."""
    done = [Deed(at * SECOND, did, Says(says) if isinstance(says, str) else says) for at, (did, says) in enumerate(deeds, 1)]
    return [_told(span) for span in expected(done, protocol)]


def _told(span: Span) -> Told:
    ended = None if span.ended is None else span.ended.earliest // SECOND
    return span.scope, span.began.earliest // SECOND, ended, span.state, span.reason, span.repaired_by


def number(of: int, what: str = "") -> tuple[Did, Says]:
    """A message that counts."""
    return "sent", Says(what, count="c", number=of)


BEGUN: tuple[tuple[Did, str], ...] = (("met", ""), ("sent", OPENED), ("sent", ONE))


def test_an_undisturbed_day() -> None:
    """Known from the image on, until it was heard for the last time."""
    assert day(*BEGUN, ("sent", "")) == [("source", 3, 4, "complete", "", ""), ("source", 4, None, "down", "stopped", "")]


@pytest.mark.parametrize(
    ("how", "state", "repaired", "ended"), [(REPLAY, "down", "replay", 6), (CONFLATED, "gap", "resume", 6), (OPENED, "gap", "image", 7)]
)
def test_a_cut(how: str, state: str, repaired: str, ended: int) -> None:
    """From the last message to the session that replays, or to the image of the one that does not."""
    told = day(*BEGUN, ("reset", ""), ("met", ""), ("sent", how), ("sent", ONE))
    assert told[0] == ("source", 3, ended, state, "reset", repaired)


def test_a_stall_is_silence() -> None:
    """However it is noticed."""
    assert day(*BEGUN, ("stall", ""), ("met", ""), ("sent", REPLAY))[0] == ("source", 3, 6, "silent", "silent", "replay")


def test_garbage_is_a_loss_until_the_image() -> None:
    """Nobody can say of what."""
    told = day(*BEGUN, ("sent", ""), ("garbage", ""), ("sent", ONE))
    assert told[:2] == [("source", 3, 4, "complete", "", ""), ("source", 4, 6, "gap", "malformed", "image")]


def test_a_hole_in_the_count() -> None:
    """Is seen at the message after it; one that comes twice is none."""
    told = day(*BEGUN, number(1), number(1), number(2), number(4), ("sent", ONE))
    assert told[1] == ("source", 6, 8, "gap", "sequence", "image")


def test_what_no_image_restates_is_over_at_once() -> None:
    """A trade that was missed."""
    told = day(*BEGUN, number(1), number(3), number(4), protocol=Protocol(order="counted", passing="c"))
    assert told[:2] == [("source", 3, 4, "complete", "", ""), ("source", 4, 5, "gap", "sequence", "image")]


def test_a_handshake_that_is_lost_leads_nowhere() -> None:
    """Until the client comes again."""
    told = day(("met", ""), ("garbage", HANDSHAKE), ("sent", OPENED), ("sent", ONE), *BEGUN)
    assert told == [("source", 7, None, "down", "stopped", "")]


def test_a_change_before_its_image() -> None:
    """Is of no use, and its market is missing until the image of everything."""
    told = day(("met", ""), ("sent", OPENED), ("sent", Says(CHANGE, "market 1")), ("sent", ONE))
    assert told[0] == ("market 1", 2, 4, "gap", "no_base", "image")


def test_what_suddenly_lists_nothing_is_seen_twice() -> None:
    """After a loss the first empty image is only suspected."""
    nothing: tuple[Did, Says] = ("sent", Says(ONE, empty=True))
    told = day(*BEGUN, ("sent", ""), ("garbage", ""), nothing, nothing)
    assert told[1:3] == [("source", 4, 5, "gap", "malformed", ""), ("source", 5, 7, "suspected", "empty", "image")]
