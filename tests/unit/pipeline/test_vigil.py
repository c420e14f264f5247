"""What time decides about a session, asked moment by moment."""

import math

import pytest

from ingestd.model import SECOND
from ingestd.pipeline.vigil import Vigil


@pytest.fixture
def vigil() -> Vigil:
    """Silence 30 s, alive 10 s, span 100 s or 1,000 bytes; listening since 0."""
    vigil = Vigil(silence_limit=30, alive_interval=10, span_seconds=100, span_bytes=1_000)
    vigil.listen(0)
    return vigil


def test_silence_is_judged_once_and_only_while_listening(vigil: Vigil) -> None:
    """The limit is exact, a verdict falls once, and who does not read cannot tell."""
    assert vigil.verdict(29.9, 5) is None
    verdict = vigil.verdict(30, 5)
    assert verdict is not None
    assert verdict.reason == "silent"
    assert vigil.verdict(31, 5) is None
    vigil.listen(40)
    vigil.reading = False
    assert vigil.verdict(100, 5) is None


def test_an_overdue_phase_is_ended_and_given_grace(vigil: Vigil) -> None:
    """A phase past its deadline is named; while it clears up it is left alone for the grace."""
    vigil.allow("connect", 10)
    assert vigil.verdict(9, 5) is None
    said = vigil.verdict(10, 5)
    assert said is not None
    assert (said.reason, said.detail) == ("timeout", "connect")
    assert vigil.verdict(14, 5) is None
    assert vigil.verdict(15, 5) is not None
    vigil.done()
    assert vigil.verdict(21, 5) is None


def test_quiet_counts_from_the_last_frame(vigil: Vigil) -> None:
    """Signs of life without frames do not replace the alive frame."""
    vigil.heard = 9
    assert vigil.quiet(9.9) is False
    assert vigil.quiet(10) is True


def test_standing_still_moves_what_was_heard(vigil: Vigil) -> None:
    """The time in which this program did not run is nobody's silence."""
    vigil.stood_still(60)
    assert vigil.verdict(89, 5) is None
    assert vigil.verdict(90, 5) is not None


@pytest.mark.parametrize(("seconds", "size", "exceeded"), [(99, 999, False), (100, 0, True), (0, 1_000, True)])
def test_span_by_time_or_bytes(vigil: Vigil, seconds: int, size: int, *, exceeded: bool) -> None:
    """Either bound is enough."""
    vigil.epoch_at, vigil.epoch_bytes = 5 * SECOND, size
    assert vigil.span_exceeded(1, (5 + seconds) * SECOND) is exceeded


def test_span_is_asked_for_once_a_minute(vigil: Vigil) -> None:
    """An image that itself exceeds the bound is not asked for without end; and without an epoch there is no span."""
    assert vigil.span_exceeded(1, 10_000 * SECOND) is False
    vigil.epoch_at, vigil.epoch_bytes = 1, 5_000
    asked = [now for now in range(1, 200) if vigil.span_exceeded(now, 2)]
    assert asked == [1, 61, 121, 181]


def test_tick_follows_the_shortest_limit() -> None:
    """Limits below four seconds are looked at more often than once a second; none at all is no division by zero."""
    assert Vigil(silence_limit=0.4, alive_interval=10, span_seconds=1, span_bytes=1).tick == pytest.approx(0.1)
    assert Vigil(silence_limit=math.inf, alive_interval=math.inf, span_seconds=1, span_bytes=1).tick == 1
