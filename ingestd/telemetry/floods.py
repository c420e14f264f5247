"""Keeps floods of one kind of fact down to one in ten seconds, and none of them uncounted."""

from typing import Final

from msgspec import Struct

from ingestd.interfaces import Clock

SPAN: Final = 10.0
"""Seconds between two lines of one key."""
MOST: Final = 4_096
"""Keys that are told apart; what comes beyond shares one key per action."""

Labels = dict[str, str | float]


class Said(Struct):
    """When a key was last said, how often it was not since, and what the last of those was."""

    at: float
    kept_back: int = 0
    last: Labels | None = None


class Floods:
    """Decides what is said at once and what is only counted."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._said: dict[tuple[str, ...], Said] = {}
        self._forgot = -SPAN

    def admit(self, key: tuple[str, ...], labels: Labels) -> int | None:
        """How many of this key were kept back before this one; None: this one is kept back too."""
        now = self._clock.monotonic()
        if key not in self._said and len(self._said) >= MOST:
            if now - self._forgot >= SPAN:
                self._forget(now)
            key = key if len(self._said) < MOST else key[:1]
        said = self._said.get(key)
        if said is None:
            self._said[key] = Said(now)
            return 0
        if now - said.at < SPAN:
            said.kept_back += 1
            said.last = labels
            return None
        kept_back = said.kept_back
        self._said[key] = Said(now)
        return kept_back

    def due(self, *, everything: bool = False) -> list[tuple[str, Labels, int]]:
        """What was kept back and would now not be, each as (action, its last labels, how many before it): say it."""
        now = self._clock.monotonic()
        found = []
        for key, said in self._said.items():
            if said.last is not None and (everything or now - said.at >= SPAN):
                found.append((key[0], said.last, said.kept_back - 1))
                self._said[key] = Said(now)
        return found

    def _forget(self, now: float) -> None:
        self._forgot = now
        self._said = {key: said for key, said in self._said.items() if said.kept_back or now - said.at < SPAN}
