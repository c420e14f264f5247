"""How much a count grew within a span of time, and how late one count follows another. Pure: it is told the time."""

from collections import deque


class Trend:
    """Samples of one figure; ``span`` in seconds. Memory is bounded by one sample per look within the span."""

    def __init__(self, span: float) -> None:
        self._span = span
        self._samples: deque[tuple[float, float]] = deque()

    def grown(self, now: float, value: float) -> float:
        """How much ``value`` is more than it was a span ago, or at the first look; ``now`` in seconds."""
        self._add(now, value)
        return value - self._samples[0][1]

    def per_second(self, now: float, value: float) -> float:
        """How fast it grows within the span; 0 before there are two looks."""
        self._add(now, value)
        began, before = self._samples[0]
        return (value - before) / (now - began) if now > began else 0.0

    def _add(self, now: float, value: float) -> None:
        self._samples.append((now, value))
        while len(self._samples) > 2 and self._samples[1][0] <= now - self._span:  # noqa: PLR2004 - one before the span, and now
            self._samples.popleft()


class Lag:
    """Who follows a tail that only grows. ``looks``: how many are remembered, at most; what is older than all of them counts as they do."""

    def __init__(self, looks: int) -> None:
        self._tails: deque[tuple[float, int]] = deque(maxlen=looks)

    def behind(self, now: float, tail: int, position: int) -> float:
        """How long ago the tail was where the follower is now, in the unit of ``now``; 0 where it has come to the tail."""
        while len(self._tails) > 1 and self._tails[1][1] <= position:
            self._tails.popleft()
        lag = now - self._tails[0][0] if self._tails and tail > position else 0.0
        self._tails.append((now, tail))
        return lag
