"""What a PostgreSQL server says of itself: what a person should know before it is trusted with a store."""

from msgspec import Struct

from ingestd.interfaces import Clock
from ingestd.model import SECOND
from ingestd.store.connect import target
from ingestd.store.postgres_open import connect


class ServerFacts(Struct, frozen=True, kw_only=True):
    """``risky``: settings that lose what was committed, as ``name = value``. ``ahead``: seconds of its clock before ours.

    ``spare``: sessions that are free.
    """

    version: int
    risky: list[str]
    ahead: float
    spare: int


async def server_facts(url: str, schema: str, clock: Clock) -> ServerFacts | None:
    """None for SQLite, which has no server. Raises ConfigError, StoreUnavailable."""
    place = target(url, schema)
    if place.dialect == "sqlite":
        return None
    db = await connect(place)
    try:
        risky = await db.fetch(
            "SELECT name || ' = ' || setting FROM pg_settings WHERE name IN ('fsync', 'full_page_writes') AND setting = 'off' ORDER BY name"
        )
        before = clock.now()
        theirs = await db.fetchval("SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::int8")
        between = (before + clock.now()) / 2
        spare = await db.fetchval(
            "SELECT current_setting('max_connections')::int - (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend')"
        )
        return ServerFacts(
            version=db.get_server_version().major,
            risky=[str(row[0]) for row in risky],
            ahead=(int(str(theirs)) - between) / SECOND,
            spare=int(str(spare)),
        )
    finally:
        await db.close()
