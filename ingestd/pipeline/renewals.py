"""Which scopes of a running session still want a fresh image: asked for often, sent seldom."""

import asyncio
from typing import Final

from ingestd.interfaces import Clock
from ingestd.model import WHOLE, Scope

PER_SCOPE: Final = 1.0
"""Seconds between two requests for the same scope, at least."""
MOST: Final = 1_000
"""With more scopes waiting than this, everything is renewed: one request instead of a thousand, and bounded memory."""


class Renewals:
    """Requests of one session, coalesced: a scope waits once, and nothing beside ``WHOLE``."""

    def __init__(self) -> None:
        self._wanted: dict[Scope, None] = {}
        self._sent: dict[Scope, float] = {}
        self._asked = asyncio.Event()

    def ask(self, scope: Scope) -> None:
        """Want an image of the scope."""
        if scope == WHOLE or len(self._wanted) >= MOST:
            self._wanted = {WHOLE: None}
        elif WHOLE not in self._wanted:
            self._wanted[scope] = None
        self._asked.set()

    async def due(self, clock: Clock) -> list[Scope]:
        """Wait for the scopes to ask the provider for now; those asked for less than ``PER_SCOPE`` ago wait a little longer."""
        while True:
            await self._asked.wait()
            now = clock.monotonic()
            self._sent = {scope: at for scope, at in self._sent.items() if now - at < PER_SCOPE}
            due = [scope for scope in self._wanted if scope not in self._sent]
            if due:
                break
            await clock.sleep(PER_SCOPE - (now - min(self._sent.values())))
        for scope in due:
            del self._wanted[scope]
            self._sent[scope] = now
        if not self._wanted:
            self._asked.clear()
        return due
