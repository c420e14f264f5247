"""Walks through Gamma: paging, what is news, what has gone, and what happens where it does not answer."""

from collections.abc import AsyncIterator

import pytest

from ingestd.clock import SystemClock
from ingestd.errors import Disconnected, Refused, Throttled
from ingestd.sources.feeds.polymarket.catalogue import Catalogue, Told
from ingestd.sources.feeds.polymarket.options import PolymarketOptions
from ingestd.sources.http import Http, opened
from ingestd.testing.polymarket import PolymarketServer


@pytest.fixture
async def http() -> AsyncIterator[Http]:
    """A client."""
    async with opened(SystemClock(), timeout=0.5) as client:
        yield client


def catalogue(emulator: PolymarketServer, **more: object) -> Catalogue:
    """Of all sports events."""
    return Catalogue(PolymarketOptions.model_validate({**emulator.options(), "tag_ids": ("1",), **more}))


async def test_a_walk_reads_every_page(emulator: PolymarketServer, http: Http) -> None:
    """Until one is empty, though the server gives fewer at once than it is asked for."""
    emulator.most_events = 1
    emulator.world.add_event("9002", "B")
    emulator.world.add_market("9002", 3, "moneyline", ("Eastham", "Westham"))
    told: list[Told] = []
    found = catalogue(emulator)
    await found.walk(http, told.append, afresh=True)
    assert [one.key for one in told] == ["tag_id=1&closed=false@0", "tag_id=1&closed=false@1"]
    assert found.wanted == {market.id: market.tokens for market in emulator.world.markets.values()}
    assert found.known == told


async def test_only_news_is_told(emulator: PolymarketServer, http: Http) -> None:
    """Volumes move all the time: they are none; afresh everything is."""
    told: list[Told] = []
    found = catalogue(emulator)
    for afresh in (True, False, True):
        await found.walk(http, told.append, afresh=afresh)
    assert len(told) == 2
    (market, *_) = emulator.world.markets.values()
    emulator.world.pause(market, accepting=False)
    await found.walk(http, told.append, afresh=False)
    assert len(told) == 3


async def test_what_is_not_listed_any_more_is_asked_for(emulator: PolymarketServer, http: Http) -> None:
    """By its event; it is wanted no longer."""
    told: list[Told] = []
    found = catalogue(emulator)
    await found.walk(http, told.append, afresh=True)
    for market in emulator.world.markets.values():
        emulator.world.resolve(market, 0)
    await found.walk(http, told.append, afresh=False)
    assert (told[-1].lost, told[-1].key, found.wanted) == (True, "id=9001@0", {})
    count = len(told)
    await found.walk(http, told.append, afresh=False)
    assert len(told) == count


async def test_what_is_not_wanted(emulator: PolymarketServer, http: Http) -> None:
    """A market without a book, one that is closed; an event that is none of sports, unless it is named."""
    for market in list(emulator.world.markets.values())[1:]:
        emulator.world.resolve(market, 0)
    found = catalogue(emulator, tag_ids=(), event_ids=("9001",))
    await found.walk(http, lambda _: None, afresh=True)
    assert list(found.wanted or ()) == [f"0x{1:064x}"]


@pytest.mark.parametrize(("status", "error"), [(429, Throttled), (503, Disconnected), (500, Disconnected), (404, Refused)])
async def test_a_failure_changes_nothing(emulator: PolymarketServer, http: Http, status: int, error: type[Exception]) -> None:
    """What was known is known."""
    found = catalogue(emulator)
    await found.walk(http, lambda _: None, afresh=True)
    wanted = found.wanted
    emulator.gamma_status = status
    with pytest.raises(error):
        await found.walk(http, lambda _: None, afresh=True)
    assert found.wanted == wanted


async def test_an_answer_that_is_none_is_told_all_the_same(emulator: PolymarketServer, http: Http) -> None:
    """It goes into the journal, and the walk has failed."""
    emulator.faults.arm(0, "garbage")
    told: list[Told] = []
    with pytest.raises(Disconnected, match="gamma"):
        await catalogue(emulator).walk(http, told.append, afresh=True)
    assert [one.body for one in told] == [b'{"garbage": [']
