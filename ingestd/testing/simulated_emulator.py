"""The simulated exchange as an emulator: one match from its first price to its settlement, in the words of the common suite."""

import asyncio
import time
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from msgspec.structs import replace
from pydantic import JsonValue

from ingestd.testing.emulator import Fault, Key, Stand
from ingestd.testing.exchange.model import WORSE, expected
from ingestd.testing.exchange.options import Options
from ingestd.testing.exchange.script import Script
from ingestd.testing.exchange.server import Exchange

PATIENCE: Final = 20.0
STATEMENTS: Final = 25
"""A match of one market: a withdrawal by message, one by absence, a suspension, kick-off, scores, a settlement."""
OPTIONS: Final = Options(seed=3, events=1, markets=1, life=2, whole=1_000, limit=STATEMENTS, step=1_000, rate=400.0, heartbeat=0.2)
DAY: Final = 86_400_000_000
"""µs; the script is of yesterday: what is over for long, a book lets go of at the next full minute."""
SOURCE: Final = "any"


class SimulatedEmulator:
    """An async context manager: entered, it listens. The script begins with the first client and goes on without."""

    boundaries = STATEMENTS + 2  # the welcome and the image

    def __init__(self, folder: Path) -> None:
        self._exchange = Exchange(replace(OPTIONS, t0=time.time_ns() // 1_000 - DAY))
        self._stack = AsyncExitStack()
        self._url = ""

    async def __aenter__(self) -> Self:
        self._url = await self._stack.enter_async_context(self._exchange.listening())
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self._stack.aclose()

    def options(self) -> Mapping[str, JsonValue]:
        """Of a source that reaches it."""
        return {"url": self._url, "connect_timeout": 1.0, "silence_limit": 1.0}

    @property
    def sent(self) -> int:
        """Messages so far, to anybody."""
        return self._exchange.faults.sent

    def arm(self, boundary: int, fault: Fault) -> None:
        """Once, let this happen to the ``boundary``-th message that is sent to anybody."""
        self._exchange.faults.arm(boundary, fault)

    async def play(self) -> None:
        """Until a client has everything. Raises TimeoutError."""
        async with asyncio.timeout(PATIENCE):
            while not (self._exchange.script.n == STATEMENTS and self._exchange.served):
                await asyncio.sleep(0.01)

    def truth(self) -> Mapping[Key, Stand]:
        """What the exchange's own model says."""
        facts = expected(Script(self._exchange.options), STATEMENTS, source=SOURCE)
        names = {row[0]: str(row[1]) for row in facts["bookmakers"]}
        markets = {row[1]: str(row[5]) for row in facts["markets"]}
        prices = {row[0]: (row[1], str(row[4])) for row in facts["odds"]}
        found: dict[Key, Stand] = {}
        for number, _, _, bookmaker, _, market, *_, outcome, _, side in facts["selections"]:
            price, own = prices[number]
            status = max(own, markets[market], key=WORSE.index)
            found[Key(str(market), str(outcome), str(side), bookmaker=names[bookmaker])] = Stand(
                price if isinstance(price, float) else None, status
            )
        return found
