"""Writing beside the daemon: one transaction, all or nothing."""

import pytest
from sqlalchemy import insert, text

from ingestd.errors import StoreUnavailable
from ingestd.interfaces import Store
from ingestd.store.connect import target
from ingestd.store.relating import raise_revision, writing
from ingestd.store.schema import Precedence
from tests.unit.store.conftest import SCHEMA


async def test_all_or_nothing(store: Store, store_url: str) -> None:
    """What fails in the middle leaves nothing; foreign keys hold; a database's own error is StoreUnavailable."""
    del store
    place = target(store_url, SCHEMA)
    with pytest.raises(StoreUnavailable):
        async with writing(place) as db:
            await db.execute(insert(Precedence).values(source="a", place=0))
            await db.execute(
                text("INSERT INTO event_links (source, source_event_id, event_id, changed_at, seq) SELECT 'a', 'b', 1, null, 0")
            )
    with pytest.raises(ZeroDivisionError):
        async with writing(place) as db:
            await db.execute(insert(Precedence).values(source="a", place=0))
            raise ZeroDivisionError
    async with writing(place) as db:
        assert (await db.execute(text("SELECT count(*) FROM precedence"))).scalar_one() == 0
        await raise_revision(db)
        await raise_revision(db)
    async with writing(place) as db:
        assert (await db.execute(text("SELECT revision FROM revisions"))).scalar_one() == 2


async def test_foreign_keys_hold(store: Store, store_url: str) -> None:
    """Nobody can link to an event that is not there."""
    del store
    with pytest.raises(StoreUnavailable, match=r"(?i)foreign key"):
        async with writing(target(store_url, SCHEMA)) as db:
            now = "now()" if store_url.startswith("postgres") else "0"
            await db.execute(
                text(f"INSERT INTO event_links (source, source_event_id, event_id, changed_at, seq) VALUES ('a', 'b', 1, {now}, 0)")
            )
