"""What a server says of itself."""

from ingestd.clock import SystemClock
from ingestd.store.server import server_facts


async def test_a_server(postgres_url: str) -> None:
    """New enough, on our time, with sessions to spare; what it would lose is as it is set."""
    facts = await server_facts(postgres_url, "public", SystemClock())
    assert facts is not None
    assert facts.version >= 15
    assert abs(facts.ahead) < 1
    assert facts.spare > 0
    assert facts.risky == []


async def test_no_server(sqlite_url: str) -> None:
    """SQLite has none."""
    assert await server_facts(sqlite_url, "public", SystemClock()) is None
