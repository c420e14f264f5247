"""The feed against the emulator, over real TLS: what a session is, and how it goes on after a cut."""

import asyncio
import json
from contextlib import suppress
from pathlib import Path

import pytest

from ingestd.errors import ConfigError, Disconnected, Refused, Throttled
from ingestd.model import WHOLE, Complete, Fixture, Gap, Quote, Reject, Scope
from ingestd.sources.feeds.betfair.feed import record_time
from ingestd.testing.betfair import BetfairEmulator
from ingestd.testing.betfair_rest import PASSWORD, USERNAME


def world_prices(emulator: BetfairEmulator) -> dict[tuple[str, int, float, str], tuple[float, float | None]]:
    """Best prices as the emulator's world has them."""
    found: dict[tuple[str, int, float, str], tuple[float, float | None]] = {}
    for market_id in emulator.world.market_ids:
        for runner in emulator.world.now(market_id).runners:
            key = market_id, runner.id, runner.hc
            found |= {(*key, side): ladder[0] for side, ladder in (("back", runner.back), ("lay", runner.lay)) if ladder}
            if runner.ltp:
                found[(*key, "traded")] = runner.ltp, None
    return found


async def test_a_fresh_session_is_an_image_then_every_step(emulator, make_feed, listener) -> None:
    """The decoder holds what the exchange holds, after the image and after every step."""
    for _ in range(50):
        emulator.world.step()
    async with make_feed().connect("") as session:
        await emulator.step(200)
        pt = emulator.world.steps[-1].pt
        await listener.until(session, lambda ear: ear.heard(pt))
    assert [(frame.kind, frame.epoch) for frame in listener.frames[:3]] == [("opened", True), ("data", False), ("data", False)]
    assert listener.prices() == world_prices(emulator)
    assert [update.scope for update in listener.updates if isinstance(update, Complete)] == [WHOLE]
    assert [update for update in listener.updates if isinstance(update, Reject | Gap)] == []


async def test_a_resumed_session_is_told_the_outcome_only(emulator, make_feed, listener) -> None:
    """By clock: no epoch, no image, what happened meanwhile is conflated, and nothing is lost of how things stand."""
    feed = make_feed()
    emulator.resume_images.add(emulator.world.market_ids[0])
    async with feed.connect("") as session:
        await emulator.step(100)
        pt = emulator.world.steps[-1].pt
        await listener.until(session, lambda ear: ear.heard(pt))
        emulator.cut(half=b'{"op":"mcm","id":2,"clk":"AAAA')
        with pytest.raises(Disconnected, match="closed: amid a line"):
            await listener.until(session, lambda _: False)
    for _ in range(100):
        emulator.world.step()
    first = len(listener.frames)
    async with feed.connect(listener.token) as session:
        await emulator.step(20)
        pt = emulator.world.steps[-1].pt
        await listener.until(session, lambda ear: ear.heard(pt))
    opened, patch = listener.frames[first : first + 2]
    assert (opened.epoch, opened.meta["resumed"], patch.epoch) == (False, "conflated", False)
    assert json.loads(patch.payload)["ct"] == "RESUB_DELTA"
    assert listener.prices() == world_prices(emulator)
    assert [len(one.steps) for one in emulator.received() if one.kind == "resume"] == [100]


async def test_stale_clocks_begin_a_fresh_epoch(emulator, make_feed, listener) -> None:
    """INVALID_CLOCK costs a second connection, not the session; what follows starts from nothing."""
    feed = make_feed()
    async with feed.connect("") as session:
        await emulator.step(10)
        await listener.until(session, lambda ear: ear.heard(emulator.world.steps[-1].pt))
    emulator.drop_clocks()
    first = len(listener.frames)
    async with feed.connect(listener.token) as session:
        await listener.until(session, lambda ear: len(ear.frames) > first + 1)
    opened, image = listener.frames[first : first + 2]
    assert (opened.epoch, opened.meta.get("resumed"), opened.token) == (True, None, "")
    assert json.loads(image.payload)["ct"] == "SUB_IMAGE"
    assert listener.prices() == world_prices(emulator)


async def test_a_changed_filter_is_no_resumption(emulator, make_feed, listener) -> None:
    """The token names its subscription: another one means a fresh image, without asking the server first."""
    async with make_feed().connect("") as session:
        await listener.until(session, lambda ear: ear.token != "")
    async with make_feed(ladder_levels=1).connect(listener.token) as session:
        assert (await session.read())[0].epoch
        assert "clk" not in emulator.requests("marketSubscription")[-1]


async def test_an_image_in_segments_counts_at_its_end(emulator, make_feed, listener) -> None:
    """No token and no update before SEG_END; then all markets at once."""
    emulator.segment_markets = 1
    async with make_feed().connect("") as session:
        await listener.until(session, lambda ear: any(isinstance(update, Complete) for update in ear.updates))
    marks = [json.loads(frame.payload)["segmentType"] for frame in listener.frames[1:5]]
    assert marks == ["SEG_START", "SEG", "SEG", "SEG_END"]
    assert [frame.token == "" for frame in listener.frames[:5]] == [True, True, True, True, False]
    assert listener.prices() == world_prices(emulator)


async def test_an_image_in_mid_stream_begins_an_epoch(emulator, make_feed, listener) -> None:
    """The whole cache is thrown away, at its first segment, and until its end there is no token to resume by."""
    emulator.segment_markets = 2
    async with make_feed().connect("") as session:
        await emulator.step(20)
        await listener.until(session, lambda ear: ear.heard(emulator.world.steps[-1].pt))
        first = len(listener.frames)
        await emulator.reimage()
        await listener.until(session, lambda ear: len(ear.frames) == first + 2)
    assert [frame.epoch for frame in listener.frames[first:]] == [True, False]
    assert [frame.token == "" for frame in listener.frames[first:]] == [True, False]
    assert listener.prices() == world_prices(emulator)


async def test_renewing_replaces_the_subscription(emulator, make_feed, listener) -> None:
    """A new id, and nothing of the old one is handed on, though the server had already sent it."""
    async with make_feed().connect("") as session:
        await listener.until(session, lambda ear: ear.token != "")
        first = len(listener.frames)
        await session.renew(Scope("market", emulator.world.market_ids[0]))
        await emulator.garbage(b'{"op":"mcm","id":2,"pt":1,"clk":"old","mc":[]}')
        await listener.until(session, lambda ear: len(ear.frames) > first)
        await emulator.step(5)
        await listener.until(session, lambda ear: ear.heard(emulator.world.steps[-1].pt))
    told = [json.loads(frame.payload) for frame in listener.frames[first:]]
    assert {message["id"] for message in told} == {3}
    assert (told[0]["ct"], listener.frames[first].epoch) == ("SUB_IMAGE", True)
    assert listener.prices() == world_prices(emulator)


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
async def test_an_error_code_says_what_to_do(emulator, make_feed, code: str, error: type[Exception]) -> None:
    """With a given session token there is no other to try: expired is refused."""
    emulator.fail_next("authentication", code)
    with pytest.raises(error):
        async with make_feed().connect(""):
            pytest.fail("was let in")


async def test_a_wrong_key_is_refused_with_a_hint(make_feed) -> None:
    """And the key itself is not in the message."""
    with pytest.raises(Refused, match="INVALID_APP_KEY: invalid application key: check app_key") as refused:
        async with make_feed(app_key="wrong-key").connect(""):
            pytest.fail("was let in")
    assert "wrong-key" not in str(refused.value)


async def test_too_many_markets_are_refused(emulator, make_feed) -> None:
    """The one error that leaves the connection open."""
    emulator.market_limit = 2
    with pytest.raises(Refused, match="SUBSCRIPTION_LIMIT_EXCEEDED.*choose fewer markets"):
        async with make_feed().connect(""):
            pytest.fail("was let in")


async def test_a_refused_session_token_is_never_repeated(make_feed) -> None:
    """The server quotes it back; our error masks it."""
    with pytest.raises(Refused) as refused:
        async with make_feed(session_token="my-secret-token").connect(""):
            pytest.fail("was let in")
    assert (refused.value.reason, refused.value.detail) == ("INVALID_SESSION_INFORMATION", "session *** is not valid")


def credentials(emulator: BetfairEmulator) -> dict[str, object]:
    """Options for a login by certificate."""
    return {"session_token": None, "username": USERNAME, "password": PASSWORD, "cert_file": emulator.client_file}


async def test_login_by_certificate(emulator, make_feed, breaker, listener) -> None:
    """One login serves many sessions, through the breaker that all sources of the account share."""
    feed = make_feed(**credentials(emulator))
    for _ in range(2):
        async with feed.connect("") as session:
            await listener.until(session, lambda ear: ear.token != "")
    assert (emulator.rest.logins, breaker.calls) == (1, {"betfair-login": 1})


async def test_an_expired_session_is_renewed_once(emulator, make_feed) -> None:
    """A token that was good yesterday: log in again, connect again, go on."""
    feed = make_feed(**credentials(emulator))
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


async def test_status_503_is_no_reason_to_leave(emulator, make_feed, listener) -> None:
    """Downstream trouble passes by itself."""
    async with make_feed().connect("") as session:
        await emulator.latency()
        await emulator.step(3)
        await listener.until(session, lambda ear: ear.heard(emulator.world.steps[-1].pt))
    assert listener.prices() == world_prices(emulator)


async def test_merged_changes_are_taken_as_they_come(emulator, make_feed, listener) -> None:
    """``con``: the server merged what we were too slow for."""
    async with make_feed().connect("") as session:
        await listener.until(session, lambda ear: ear.token != "")
        emulator.hold()
        await emulator.step(50)
        await emulator.release()
        await listener.until(session, lambda ear: ear.heard(emulator.deliveries[-1].pt))
    assert listener.prices() == world_prices(emulator)


async def test_lines_cut_anywhere(emulator, make_feed, listener) -> None:
    """CR and LF in different writes, lines in halves."""
    emulator.split_writes = True
    async with make_feed().connect("") as session:
        await emulator.step(20)
        await listener.until(session, lambda ear: ear.heard(emulator.world.steps[-1].pt))
    assert listener.prices() == world_prices(emulator)


async def test_silence_ends_the_session(emulator, make_feed, listener) -> None:
    """Not a byte for two heartbeats, though the connection is open."""
    async with make_feed().connect("") as session:
        await listener.until(session, lambda ear: ear.token != "")
        emulator.stall()
        with pytest.raises(Disconnected, match="silent"):
            await listener.until(session, lambda _: False)


async def test_heartbeats_move_the_token(emulator, make_feed, listener) -> None:
    """The clock of a heartbeat is as good as any."""
    async with make_feed(market_ids=("1.200000000",), event_type_ids=()).connect("") as session:
        await listener.until(session, lambda ear: ear.token != "")
        before = listener.token
        other = emulator.world.market_ids[1]
        await emulator.publish(emulator.world.suspend(other))
        await listener.until(session, lambda ear: ear.token != before)
    assert json.loads(listener.frames[-1].payload)["ct"] == "HEARTBEAT"


async def test_garbage_is_handed_on(emulator, make_feed) -> None:
    """What it is, the decoder says; here it only must not get lost or break the session."""
    async with make_feed().connect("") as session:
        await session.read()
        await emulator.garbage(b"\x00\xff{not json")
        async with asyncio.timeout(5):
            while b"\x00\xff{not json" not in [frame.payload for frame in await session.read()]:
                pass


async def test_names_come_beside_the_stream(emulator, make_feed, listener) -> None:
    """On first sight of a market; the decoder then tells its selections again, by name."""
    emulator.world.quote("1.200000000", 1000, back=((2.0, 10.0),))
    async with make_feed(names=True).connect("") as session:
        await listener.until(session, lambda ear: any(frame.meta.get("content") for frame in ear.frames))
    quotes = [update for update in listener.updates if isinstance(update, Quote)]
    assert [(quote.selection.outcome, quote.selection.participant) for quote in quotes] == [("1000", ""), ("Home 0", "Home 0")]
    fixtures = [update for update in listener.updates if isinstance(update, Fixture)]
    assert (fixtures[-1].name, fixtures[-1].home, fixtures[-1].away, fixtures[-1].league) == ("Home 0 v Away 0", "Home 0", "Away 0", "Test League")
    assert emulator.rest.catalogue_requests == [emulator.world.market_ids]


async def test_names_are_told_again_in_every_epoch(emulator, make_feed, listener) -> None:
    """From memory: a decoder that starts at the new image needs them, the server does not need to be asked."""
    async with make_feed(names=True).connect("") as session:
        await listener.until(session, lambda ear: any(frame.meta.get("content") for frame in ear.frames))
        first = len(listener.frames)
        await emulator.reimage()
        await listener.until(session, lambda ear: len(ear.frames) >= first + 2)
    image, names = listener.frames[first : first + 2]
    assert (image.epoch, names.epoch, names.meta) == (True, False, {"content": "catalogue"})
    assert len(json.loads(names.payload)) == 4
    assert len(emulator.rest.catalogue_requests) == 1


async def test_without_a_catalogue_the_stream_goes_on(emulator, make_feed, listener) -> None:
    """Names are a courtesy: their host may be down."""
    emulator.rest.http_status = 503
    async with make_feed(names=True).connect("") as session:
        await emulator.step(20)
        await listener.until(session, lambda ear: ear.heard(emulator.world.steps[-1].pt))
    assert listener.prices() == world_prices(emulator)


def sharded(emulator: BetfairEmulator) -> dict[str, object]:
    """Options for two markets on each connection."""
    return {"market_ids": tuple(emulator.world.market_ids), "event_type_ids": (), "markets_per_connection": 2}


async def test_many_markets_are_spread_over_connections(emulator, make_feed, listener) -> None:
    """One session, one token, one proof that everything was seen; frames say where they came from."""
    async with make_feed(**sharded(emulator)).connect("") as session:
        await emulator.step(50)
        await listener.until(session, lambda ear: ear.heard(emulator.world.steps[-1].pt) and len(ear.prices()) == len(world_prices(emulator)))
        assert len(emulator.links) == 2
    assert listener.frames[0].meta["shards"] == "2"
    assert {frame.meta.get("shard") for frame in listener.frames[1:]} == {"0", "1"}
    assert listener.prices() == world_prices(emulator)
    assert [update.scope for update in listener.updates if isinstance(update, Complete)] == [WHOLE]


async def test_the_loss_of_one_connection_ends_the_session(emulator, make_feed, listener) -> None:
    """And both resume by their own clocks."""
    feed = make_feed(**sharded(emulator))
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
    assert listener.prices() == world_prices(emulator)


async def test_renewing_all_connections_begins_an_epoch(emulator, make_feed, listener) -> None:
    """At the first image of either; renewing one market's connection does not, and completes its markets one by one."""
    async with make_feed(**sharded(emulator)).connect("") as session:
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


async def test_reading_can_be_cancelled(emulator, make_feed, listener) -> None:
    """At any moment, and no frame is lost by it."""
    async with make_feed().connect("") as session:
        moving = asyncio.create_task(emulator.step(200))
        while not moving.done():
            with suppress(TimeoutError):
                async with asyncio.timeout(0.001):
                    for frame in await session.read():
                        listener.frames.append(frame)
                        listener.updates.extend(listener.decoder(frame))
        await listener.until(session, lambda ear: ear.heard(emulator.world.steps[-1].pt))
    assert listener.prices() == world_prices(emulator)


async def test_an_unreachable_host_is_disconnected(emulator, make_feed) -> None:
    """To be tried again."""
    await emulator.__aexit__(None, None, None)
    with pytest.raises(Disconnected, match="refused"):
        async with make_feed().connect(""):
            pytest.fail("was let in")


async def test_a_certificate_is_verified(make_feed) -> None:
    """Without the emulator's authority nobody is believed."""
    with pytest.raises(Disconnected, match="certificate"):
        async with make_feed(tls_ca_file=None).connect(""):
            pytest.fail("was let in")


def test_a_bad_certificate_file_is_a_configuration_error(make_feed, tmp_path: Path) -> None:
    """Said before anything is started."""
    path = tmp_path / "wrong.pem"
    path.write_text("nothing")
    with pytest.raises(ConfigError, match="cert_file"):
        make_feed(cert_file=path)


def test_a_recorded_line_knows_its_time() -> None:
    """Publishing time in microseconds; none where there is none."""
    assert record_time(b'{"op":"mcm","pt":1500000000123}') == 1_500_000_000_123_000
    assert record_time(b"garbage") is None
