"""Damage to a stream of frames."""

from random import Random

import msgspec
import pytest

from ingestd.testing.exchange.disorder import Damager
from ingestd.testing.exchange.options import Disorder

FRAMES = [b'{"op":"delta","n":%d,"t":5,"market":"m","quotes":[[3,1.5,null,null,"open"]]}' % n for n in range(1, 6)]


def sent(kind: Disorder, chance: float = 1.0) -> tuple[list[bytes], list[tuple[int, str]]]:
    """What becomes of five statements, and what the ledger says."""
    ledger: list[tuple[int, str]] = []
    damager = Damager({kind: chance}, Random(4), ledger)
    return [frame for n, one in enumerate(FRAMES, start=1) for frame in damager(n, [one])] + damager.rest(), ledger


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("duplicate", [frame for frame in FRAMES for _ in range(2)]),
        ("malformed", [frame[: len(frame) // 2] for frame in FRAMES]),
        ("hole", []),
        ("swap", [FRAMES[1], FRAMES[0], FRAMES[3], FRAMES[2], FRAMES[4]]),
    ],
)
def test_frames_are_doubled_cut_dropped_swapped(kind: Disorder, expected: list[bytes]) -> None:
    """Each as it says, and each in the ledger."""
    frames, ledger = sent(kind)
    assert frames == expected
    assert ledger == [(n, kind) for n in range(1, 6)]


def test_an_absurd_element_stands_beside_the_true_ones() -> None:
    """The frame still says what it said."""
    for frame, original in zip(sent("absurd")[0], FRAMES, strict=True):
        assert frame.endswith(b',[3,1.5,null,null,"open"]]}')
        assert len(frame) > len(original)


def test_a_stamp_from_the_future_is_years_ahead() -> None:
    """Ahead of every clock."""
    (first, *_), _ = sent("future")
    assert msgspec.json.decode(first, type=dict[str, object])["t"] == 5 + 36_000_000_000_000


def test_images_of_everything_and_other_messages_are_left_whole() -> None:
    """Several frames of one statement pass; an absurd price needs a delta to stand in."""
    damager = Damager({"malformed": 1.0}, Random(4), [])
    assert damager(1, [b"a", b"b"]) == [b"a", b"b"]
    status = b'{"op":"status","n":1,"t":5,"market":"m","status":"open"}'
    assert Damager({"absurd": 1.0}, Random(4), [])(1, [status]) == [status]


def test_chance_repeats() -> None:
    """The same seed damages the same frames."""
    assert sent("hole", 0.2) == sent("hole", 0.2)
    assert 0 < len(sent("hole", 0.2)[0]) < 5
