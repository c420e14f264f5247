"""A connection to PostgreSQL that can be let go of whatever the server does."""

import asyncio
from typing import Final

import asyncpg

GOODBYE: Final = 0.8
"""Seconds that a server has to take the end of a connection, or of what it works on there."""


class PostgresLink(asyncpg.Connection):  # type: ignore[misc] # has no types
    """asyncpg waits a minute for a frozen server to close an idle connection, and SQLAlchemy two seconds for the end of a statement."""

    async def close(self, *, timeout: float | None = None) -> None:  # noqa: ASYNC109 - asyncpg's signature
        """Say goodbye; a server that does not take it in time is left without. ``timeout`` may shorten it."""
        try:
            async with asyncio.timeout(min(GOODBYE, timeout or GOODBYE)):
                await super().close()
        except TimeoutError:
            self.terminate()
