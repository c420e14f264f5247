"""A client that asks, tried on days that are told in a few words."""

from ingestd.testing.deeds import Deed, Did, Says
from ingestd.testing.knowledge import expected
from ingestd.testing.spans import Protocol

Told = tuple[str, int, int | None, str, str, str]
A, B = "query a", "query b"


def day(*deeds: tuple[Did, str] | tuple[Did, Says]) -> list[Told]:
    """One deed a second from 1 s on; what becomes of queries and of the whole, the stop at the end left out."""
    done = [Deed(at, did, Says(scope=says) if isinstance(says, str) else says) for at, (did, says) in enumerate(deeds, 1)]
    spans = expected(done, Protocol(polled=True))
    told = [(s.scope, s.began.earliest, None if s.ended is None else s.ended.earliest, s.state, s.reason, s.repaired_by) for s in spans]
    return [one for one in told if one[4] != "stopped"]


def test_all_is_known_once_nothing_is_asked_for_the_first_time() -> None:
    """Until then each query is known by itself; a probe is none."""
    assert day(("sent", ""), ("sent", A), ("sent", B), ("alive", A), ("sent", B)) == [
        (A, 2, 3, "complete", "", ""),
        ("source", 3, 3, "complete", "", ""),
    ]


def test_a_request_that_failed_is_made_again() -> None:
    """Nothing is missing, but not all is known before it is answered."""
    told = day(("sent", A), ("reset", B), ("sent", A), ("stall", B), ("sent", B), ("sent", A), ("sent", A), ("sent", A))
    assert told == [(A, 1, 5, "complete", "", ""), ("source", 5, 7, "complete", "", "")]


def test_garbage_costs_its_query_until_the_next_answer() -> None:
    """And no other."""
    told = day(("sent", A), ("sent", B), ("sent", A), ("garbage", B), ("sent", A), ("sent", B), ("sent", A), ("sent", A))
    assert (B, 3, 6, "gap", "malformed", "image") in told


def test_what_suddenly_lists_nothing_is_seen_twice() -> None:
    """Then it is believed, and lists nothing for good."""
    nothing: tuple[Did, Says] = ("sent", Says(scope=B, empty=True))
    told = day(("sent", A), ("sent", B), ("sent", A), nothing, nothing, nothing, ("sent", A), ("sent", A))
    assert [one for one in told if one[0] == B and one[3] != "complete"] == [(B, 3, 5, "suspected", "empty", "image")]
