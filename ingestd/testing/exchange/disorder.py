"""Damage to the stream of one client, drawn by chance that repeats: what a provider's bad day looks like."""

from collections.abc import Callable, Mapping
from random import Random
from typing import Final

import msgspec

from ingestd.testing.exchange.options import DISORDERS, Disorder

HOUR: Final = 3_600_000_000
ABSURD: Final = (b'"NaN"', b"1e999", b"0.5", b"-3", b"[]", b"null", b"{}", b"1e400000")
"""Prices that no selection has."""


class Damager:
    """Passes frames on, some of them damaged. ``ledger`` takes [number, kind] of each damage."""

    def __init__(self, chances: Mapping[Disorder, float], random: Random, ledger: list[tuple[int, str]]) -> None:
        self._chances = [(kind, chances[kind]) for kind in DISORDERS if chances.get(kind)]
        self._random = random
        self._ledger = ledger
        self._kept: list[bytes] = []

    def __call__(self, n: int, frames: list[bytes]) -> list[bytes]:
        """What to send in place of the frames of statement ``n``; images of everything pass unharmed."""
        kept, self._kept = self._kept, []
        kind = self._draw() if self._chances and len(frames) == 1 else None
        if kind is None:
            return frames + kept
        self._ledger.append((n, kind))
        if kind == "swap" and not kept:
            self._kept = frames
            return []
        return self._damaged(kind, frames[0]) + kept

    def rest(self) -> list[bytes]:
        """What was kept back to be sent after its successor, and none came."""
        kept, self._kept = self._kept, []
        return kept

    def _draw(self) -> Disorder | None:
        chance = self._random.random()
        for kind, share in self._chances:
            chance -= share
            if chance < 0:
                return kind
        return None

    def _damaged(self, kind: Disorder, frame: bytes) -> list[bytes]:
        damaged: dict[Disorder, Callable[[], list[bytes]]] = {
            "duplicate": lambda: [frame, frame],
            "malformed": lambda: [frame[: len(frame) // 2]],
            "hole": list,
            "absurd": lambda: [self._absurd(frame)],
            "future": lambda: [_late(frame)],
            "swap": lambda: [frame],
        }
        return damaged[kind]()

    def _absurd(self, frame: bytes) -> bytes:
        """One more element in a delta, for a selection that is there, with a price that cannot be."""
        message = msgspec.json.decode(frame)
        if message["op"] != "delta":
            return frame
        price = ABSURD[int(self._random.random() * len(ABSURD))]
        element = b'[%d,%s,null,null,"open"]' % (message["quotes"][0][0], price)
        return frame.replace(b'"quotes":[', b'"quotes":[' + element + b",", 1)


def _late(frame: bytes) -> bytes:
    message = msgspec.json.decode(frame)
    message["t"] += HOUR * 10_000
    return msgspec.json.encode(message)
