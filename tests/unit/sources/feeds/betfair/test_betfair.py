"""A feed as it is configured: who is let in, several connections, and the names that come beside the stream."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from ingestd.errors import ConfigError, Disconnected, Refused, Throttled
from ingestd.model import WHOLE, Complete, Fixture, Quote, Scope
from ingestd.sources.feeds.betfair.decoder import BetfairDecoder
from ingestd.sources.feeds.betfair.feed import BetfairFeed
from ingestd.sources.feeds.betfair.words import SIDES
from ingestd.testing.betfair import BetfairEmulator
from ingestd.testing.betfair_rest import PASSWORD, USERNAME
from ingestd.testing.listener import Listener

Ear = Listener[BetfairDecoder]
MakeFeed = Callable[[dict[str, object]], BetfairFeed]


Prices = dict[tuple[str, int, float, str], tuple[float, float | None]]


def prices(ear: Ear) -> Prices:
    """Best prices by market, runner, handicap and side, as the decoder holds them."""
    found: Prices = {}
    for market in ear.decoder.markets.values():
        for runner in market.runners.values():
            for side, word in enumerate(SIDES):
                best = runner.best(side, market.kind)
                if best is not None:
                    found[market.id, runner.id, runner.hc, word] = best
    return found


def world_prices(emulator: BetfairEmulator) -> Prices:
    """Best prices as the emulator's world has them."""
    found: Prices = {}
    for market_id in emulator.world.market_ids:
        for runner in emulator.world.now(market_id).runners:
            key = market_id, runner.id, runner.hc
            found |= {(*key, side): ladder[0] for side, ladder in (("back", runner.back), ("lay", runner.lay)) if ladder}
            if runner.ltp:
                found[(*key, "traded")] = runner.ltp, None
    return found


async def test_names_come_beside_the_stream(emulator: BetfairEmulator, make_feed: MakeFeed, listener: Ear) -> None:
    """On first sight of a market; the decoder then tells its selections again, by name."""
    emulator.world.quote("1.200000000", 1000, back=((2.0, 10.0),))
    async with make_feed({"names": True}).connect("") as session:
        await listener.until(session, lambda ear: any(frame.meta.get("content") for frame in ear.frames))
    quotes = [update for update in listener.updates if isinstance(update, Quote)]
    assert [(quote.selection.outcome, quote.selection.participant) for quote in quotes] == [("1000", ""), ("home", "")]
    fixtures = [update for update in listener.updates if isinstance(update, Fixture)]
    assert (fixtures[-1].name, fixtures[-1].home, fixtures[-1].away, fixtures[-1].league) == (
        "Home 0 v Away 0",
        "Home 0",
        "Away 0",
        "Test League",
    )
    assert emulator.rest.catalogue_requests == [emulator.world.market_ids]


async def test_names_are_told_again_in_every_epoch(emulator: BetfairEmulator, make_feed: MakeFeed, listener: Ear) -> None:
    """From memory: a decoder that starts at the new image needs them, the server does not need to be asked."""
    async with make_feed({"names": True}).connect("") as session:
        await listener.until(session, lambda ear: any(frame.meta.get("content") for frame in ear.frames))
        first = len(listener.frames)
        await emulator.reimage()
        await listener.until(session, lambda ear: len(ear.frames) >= first + 2)
    image, names = listener.frames[first : first + 2]
    assert (image.epoch, names.epoch, names.meta) == (True, False, {"content": "catalogue"})
    assert len(json.loads(names.payload)) == 4
    assert len(emulator.rest.catalogue_requests) == 1


async def test_without_a_catalogue_the_stream_goes_on(emulator: BetfairEmulator, make_feed: MakeFeed, listener: Ear) -> None:
    """Names are a courtesy: their host may be down."""
    emulator.rest.http_status = 503
    async with make_feed({"names": True}).connect("") as session:
        await emulator.step(20)
        await listener.until(session, lambda ear: ear.heard(emulator.world.steps[-1].pt * 1000))
    assert prices(listener) == world_prices(emulator)


def sharded(emulator: BetfairEmulator) -> dict[str, object]:
    """Options for two markets on each connection."""
    return {"market_ids": tuple(emulator.world.market_ids), "event_type_ids": (), "markets_per_connection": 2}


async def test_many_markets_are_spread_over_connections(emulator: BetfairEmulator, make_feed: MakeFeed, listener: Ear) -> None:
    """One session, one token, one proof that everything was seen; frames say where they came from."""
    async with make_feed(sharded(emulator)).connect("") as session:
        await emulator.step(50)
        await listener.until(
            session, lambda ear: ear.heard(emulator.world.steps[-1].pt * 1000) and len(prices(ear)) == len(world_prices(emulator))
        )
        assert len(emulator.links) == 2
    assert listener.frames[0].meta["shards"] == "2"
    assert {frame.meta.get("shard") for frame in listener.frames[1:]} == {"0", "1"}
    assert {len(json.loads(frame.token)["c"]) for frame in listener.frames if frame.token} == {2}
    assert prices(listener) == world_prices(emulator)
    assert [update.scope for update in listener.updates if isinstance(update, Complete)] == [WHOLE]


async def test_the_loss_of_one_connection_ends_the_session(emulator: BetfairEmulator, make_feed: MakeFeed, listener: Ear) -> None:
    """And both resume by their own clocks."""
    feed = make_feed(sharded(emulator))
    async with feed.connect("") as session:
        await listener.until(session, lambda ear: ear.token != "")
        emulator.links[1].cut()
        with pytest.raises(Disconnected):
            await listener.until(session, lambda _: False)
    for _ in range(30):
        emulator.world.step()
    first = len(listener.frames)
    async with feed.connect(listener.token) as session:
        await listener.until(session, lambda ear: len(ear.frames) == first + 3)
    assert listener.frames[first].meta["resumed"] == "conflated"
    assert prices(listener) == world_prices(emulator)


async def test_renewing_all_connections_begins_an_epoch(emulator: BetfairEmulator, make_feed: MakeFeed, listener: Ear) -> None:
    """At the first image of either; renewing one market's connection does not, and completes its markets one by one."""
    async with make_feed(sharded(emulator)).connect("") as session:
        await listener.until(session, lambda ear: ear.token != "")
        first = len(listener.frames)
        await session.renew(WHOLE)
        await listener.until(session, lambda ear: len(ear.frames) == first + 2)
        whole = [frame.epoch for frame in listener.frames[first:]]
        await session.renew(Scope("market", emulator.world.market_ids[3]))
        await listener.until(session, lambda ear: len(ear.frames) == first + 3)
    assert whole == [True, False]
    assert listener.frames[-1].epoch is False
    assert listener.frames[-1].token != ""
    completes = [update.scope for update in listener.updates if isinstance(update, Complete)]
    assert completes == [WHOLE, WHOLE, *(Scope("market", market_id) for market_id in emulator.world.market_ids[2:])]


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("NO_APP_KEY", Refused),
        ("INVALID_APP_KEY", Refused),
        ("NOT_AUTHORIZED", Refused),
        ("INVALID_SESSION_INFORMATION", Refused),
        ("NO_SESSION", Refused),
        ("TIMEOUT", Disconnected),
        ("UNEXPECTED_ERROR", Disconnected),
        ("CONNECTION_FAILED", Disconnected),
        ("TOO_MANY_REQUESTS", Throttled),
        ("MAX_CONNECTION_LIMIT_EXCEEDED", Throttled),
    ],
)
async def test_an_error_code_says_what_to_do(emulator: BetfairEmulator, make_feed: MakeFeed, code: str, error: type[Exception]) -> None:
    """With a given session token there is no other to try: expired is refused."""
    emulator.fail_next("authentication", code)
    with pytest.raises(error):
        async with make_feed({}).connect(""):
            pytest.fail("was let in")


async def test_a_wrong_key_is_refused_with_a_hint(make_feed: MakeFeed) -> None:
    """And the key itself is not in the message."""
    with pytest.raises(Refused, match="INVALID_APP_KEY: invalid application key: check app_key") as refused:
        async with make_feed({"app_key": "wrong-key"}).connect(""):
            pytest.fail("was let in")
    assert "wrong-key" not in str(refused.value)


async def test_too_many_markets_are_refused(emulator: BetfairEmulator, make_feed: MakeFeed) -> None:
    """The one error that leaves the connection open."""
    emulator.market_limit = 2
    with pytest.raises(Refused, match=r"SUBSCRIPTION_LIMIT_EXCEEDED.*choose fewer markets"):
        async with make_feed({}).connect(""):
            pytest.fail("was let in")


async def test_a_refused_session_token_is_never_repeated(make_feed: MakeFeed) -> None:
    """The server quotes it back; our error masks it."""
    with pytest.raises(Refused) as refused:
        async with make_feed({"session_token": "my-secret-token"}).connect(""):
            pytest.fail("was let in")
    assert (refused.value.reason, refused.value.detail) == ("INVALID_SESSION_INFORMATION", "session *** is not valid")


def credentials(emulator: BetfairEmulator) -> dict[str, object]:
    """Options for a login by certificate."""
    return {"session_token": None, "username": USERNAME, "password": PASSWORD, "cert_file": emulator.client_file}


async def test_login_by_certificate(emulator: BetfairEmulator, make_feed: MakeFeed, breakers: dict[str, int], listener: Ear) -> None:
    """One login serves many sessions, through the breaker that all sources of the account share."""
    feed = make_feed(credentials(emulator))
    for _ in range(2):
        async with feed.connect("") as session:
            await listener.until(session, lambda ear: ear.token != "")
    assert (emulator.rest.logins, breakers) == (1, {"betfair-login": 1})


async def test_an_expired_session_is_renewed_once(emulator: BetfairEmulator, make_feed: MakeFeed) -> None:
    """A token that was good yesterday: log in again, connect again, go on."""
    feed = make_feed(credentials(emulator))
    async with feed.connect(""):
        emulator.sessions.clear()
    async with feed.connect("") as session:
        assert (await session.read())[0].kind == "opened"
    assert emulator.rest.logins == 2
    emulator.fail_next("authentication", "NO_SESSION")
    emulator.fail_next("authentication", "NO_SESSION")
    with pytest.raises(Refused, match="NO_SESSION"):
        async with feed.connect(""):
            pytest.fail("was let in")


async def test_an_unreachable_host_is_disconnected(emulator: BetfairEmulator, make_feed: MakeFeed) -> None:
    """To be tried again."""
    await emulator.__aexit__(None, None, None)
    with pytest.raises(Disconnected, match="refused"):
        async with make_feed({}).connect(""):
            pytest.fail("was let in")


async def test_a_certificate_is_verified(make_feed: MakeFeed) -> None:
    """Without the emulator's authority nobody is believed."""
    with pytest.raises(Disconnected, match="certificate"):
        async with make_feed({"tls_ca_file": None}).connect(""):
            pytest.fail("was let in")


def test_a_bad_certificate_file_is_a_configuration_error(make_feed: MakeFeed, tmp_path: Path) -> None:
    """Said before anything is started."""
    path = tmp_path / "wrong.pem"
    path.write_text("nothing")
    with pytest.raises(ConfigError, match="cert_file"):
        make_feed({"cert_file": path})
