"""A daemon that is told to stop in a bad moment: in time, with the right exit code, an account that is true, and nothing lost."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path

import aiohttp
import psutil
import pytest
from aiohttp import web

from ingestd.stopping import ENDS
from ingestd.testing.exchange.process import Started
from ingestd.testing.postgres import PostgresServer
from ingestd.testing.rig.daemon import SOURCE, daemon, following, until
from ingestd.testing.rig.evidence import ask, journal_frames, journal_tail
from ingestd.testing.rig.kills import at_work
from ingestd.testing.rig.outage import Away, frozen, locked
from tests.faults.conftest import stopped_with_a_backlog, whole_after_all

ABSENT = "ws://127.0.0.1:9"
"""Nobody listens there."""
SPARE = 6.0
"""Seconds beyond the deadline after which even what hangs has ended."""


@pytest.fixture(params=["sqlite locked", "postgresql frozen"])
def mute_store(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, Away]:
    """A store that can be made to answer nothing."""
    if request.param == "sqlite locked":
        path = tmp_path / "store.db"
        return f"sqlite:///{path}", partial(locked, path)
    server: PostgresServer = request.getfixturevalue("own_postgres")
    return server.dsn(), partial(frozen, server)


@contextmanager
def suspended_provider() -> Iterator[None]:
    """The exchange hangs: its connections stand, and nothing comes."""
    provider = next(one for one in psutil.Process(os.getpid()).children() if "ingestd.testing.exchange" in one.cmdline())
    provider.suspend()
    try:
        yield
    finally:
        provider.resume()


async def test_under_load(tmp_path: Path, store_url: str, exchange: Started) -> None:
    """All that was read is durable, all of it in the store, and the account says so."""
    async with daemon(tmp_path, following(store_url, exchange.url)) as process:
        await at_work(process, store_url)
        await asyncio.sleep(0.5)
        assert await process.stop() == 0
        account = process.figures("daemon.stopped")
        frames = journal_tail(process.journal).ordinal
        assert (account["read"], account["journalled"], account["stored"], account["waiting"]) == (frames, frames, frames, 0)
        assert process.complaints() == []
        await whole_after_all(process, store_url, exchange)


async def test_a_store_that_does_not_answer(tmp_path: Path, mute_store: tuple[str, Away], exchange: Started) -> None:
    """The step is broken off in its time, the account counts what waits in the journal, and the next start has everything."""
    url, away = mute_store
    async with daemon(tmp_path, {**following(url, exchange.url), "shutdown": {"deadline": 3}}) as process:
        await at_work(process, url)
        async with away():
            await asyncio.sleep(0.5)
            began = time.monotonic()
            ending = asyncio.create_task(process.stop(within=30))

            async def on_its_page() -> bool:
                return (await process.metrics())["shutdown_in_progress"] == 1

            await until(on_its_page, "the page says that it ends", 2)
            assert await ending == 1
            assert time.monotonic() - began < 3 + SPARE
        account = process.figures("daemon.stopped")
        assert process.said("daemon.cut_short")
        assert account["waiting"] > 0
        assert account["read"] == account["journalled"] == journal_tail(process.journal).ordinal
        assert account["stored"] + account["waiting"] == account["journalled"]
        await whole_after_all(process, url, exchange)


async def test_a_source_that_does_not_answer(tmp_path: Path, store_url: str, exchange: Started) -> None:
    """Its provider hangs, and with it the goodbye: nobody waits for more than a share of the deadline, and what it brought is stored."""
    async with daemon(tmp_path, following(store_url, exchange.url)) as process:
        await at_work(process, store_url)
        with suspended_provider():
            assert await process.stop() == 0
        account = process.figures("daemon.stopped")
        assert (account["sources_seconds"] <= ENDS["sources"] * 25 + 1, account["waiting"]) == (True, 0)
        assert process.complaints() == []
        await whole_after_all(process, store_url, exchange)


async def test_a_source_that_is_given_no_time(tmp_path: Path, exchange: Started) -> None:
    """It is cut off from its session when its share of the deadline is over, and that is said; what it brought is stored."""
    url = f"sqlite:///{tmp_path / 'store.db'}"
    async with daemon(tmp_path, {**following(url, exchange.url), "shutdown": {"deadline": 1}}) as process:
        await at_work(process, url)
        with suspended_provider():
            code = await process.stop()
        account = process.figures("daemon.stopped")
        assert (account["cut_off"], process.said("source.cut_off"), process.complaints()) == (1, True, [])
        assert code == int(account["waiting"] > 0)
        await whole_after_all(process, url, exchange)


async def test_a_source_that_is_not_configured_any_more(tmp_path: Path, exchange: Started) -> None:
    """What waits of it in the journal is passed over, and counted."""
    store = tmp_path / "store.db"
    settings = {**following(f"sqlite:///{store}", exchange.url), "shutdown": {"deadline": 2}}
    async with daemon(tmp_path, settings) as process:
        await stopped_with_a_backlog(process, store)
        waiting = process.figures("daemon.stopped")["waiting"]
        process.configure({**settings, "sources": [{"name": "other", "feed": "simulated", "url": exchange.url}]})
        await process.start()

        async def passed_over() -> bool:
            page = await process.metrics()
            return page.get(f'dropped_records_total{{reason="unconfigured",source="{SOURCE}",stage="load"}}') == waiting

        await until(passed_over, "all that waited is counted")
        assert await process.stop() == 0


@pytest.mark.parametrize("moment", [0.0, 0.1, 0.3, 1.0])
async def test_while_it_starts(tmp_path: Path, own_postgres: PostgresServer, moment: float) -> None:
    """The store does not answer yet, no port is bound: it ends at once, well, and says that it had not begun."""
    async with daemon(tmp_path, following(own_postgres.dsn(), ABSENT)) as process, frozen(own_postgres):
        await process.spawn()

        async def entered() -> bool:
            return (process.journal / "journal.json").exists()

        await until(entered, "it has its journal")
        await asyncio.sleep(moment)
        began = time.monotonic()
        assert await process.stop(within=20) == 0
        assert time.monotonic() - began < SPARE
        assert (process.said("daemon.stopped"), process.said("daemon.started"), process.complaints()) == (True, False, [])


async def test_before_the_store_was_ever_there(tmp_path: Path, own_postgres: PostgresServer, exchange: Started) -> None:
    """It records without a store; stopped, all of it waits in the journal, and the next start brings it in."""
    url = own_postgres.dsn()
    await asyncio.to_thread(own_postgres.stop)
    async with daemon(tmp_path, {**following(url, exchange.url), "shutdown": {"deadline": 2}}) as process:
        await process.start()

        async def recorded() -> bool:
            return journal_tail(process.journal).ordinal > 0

        await until(recorded, "frames are in the journal")
        assert await process.stop(within=2 + SPARE) == 1
        account = process.figures("daemon.stopped")
        assert (account["waiting"], account["stored"]) == (journal_tail(process.journal).ordinal, 0)
        assert process.complaints() == []
        await asyncio.to_thread(own_postgres.start)
        await whole_after_all(process, url, exchange)


@asynccontextmanager
async def failing() -> AsyncIterator[str]:
    """A provider that answers every request with 500; its address."""

    async def answer(_: web.Request) -> web.Response:
        return web.Response(status=500)

    application = web.Application()
    application.router.add_route("*", "/{tail:.*}", answer)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


MAPPING = """
walk:
  - each: doc
    as: it
    shared: {bookmaker: {const: Mine}, event: {const: game}, market_id: {const: winner}, market: {const: moneyline}}
    quotes: [{key: [it.name], outcome: it.name, price: it.price}]
"""


def mapped(folder: Path, **transport: object) -> dict[str, object]:
    """Settings of a daemon with one source without code, a price in each document."""
    (folder / "mapping.yaml").write_text(MAPPING)
    source = {"name": "mine", "feed": "mapped", "mapping_file": str(folder / "mapping.yaml"), **transport}
    return {"store": {"url": f"sqlite:///{folder / 'store.db'}"}, "sources": [source]}


async def test_with_an_open_breaker(tmp_path: Path) -> None:
    """Nobody waits for it to close."""
    (tmp_path / "key").write_text("s3cret")
    (tmp_path / "key").chmod(0o600)
    async with failing() as url:
        auth = {"kind": "oauth2", "user": "me", "token_url": f"{url}/token", "secret_file": str(tmp_path / "key")}
        polling = {"queries": {"all": {"url": f"{url}/odds"}}, "interval": "50ms", "auth": auth}
        async with daemon(tmp_path, mapped(tmp_path, polling=polling)) as process:
            await process.start()

            async def opened() -> bool:
                return process.said("breaker.opened")

            await until(opened, "the breaker of the token is open", 90)
            began = time.monotonic()
            assert await process.stop() == 0
            assert time.monotonic() - began < SPARE
            assert (process.figures("daemon.stopped")["cut_off"], process.complaints()) == (0, [])


async def test_with_senders_at_the_door(tmp_path: Path, unused_tcp_port: int) -> None:
    """Each is told 200 and is in the store, once, or 503 and when to come again, or finds nobody there."""
    url = f"http://127.0.0.1:{unused_tcp_port}/"
    answers: dict[str, tuple[int, str]] = {}

    async def sender(number: int) -> None:
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=20)) as http:
            for turn in range(10_000):
                name = f"{number}-{turn}"
                body = b'{"name": "%s", "price": 2.5}' % name.encode()
                try:
                    async with http.post(url, data=body, headers={"webhook-id": name}) as answer:
                        answers[name] = answer.status, answer.headers.get("Retry-After", "")
                except aiohttp.ClientError:
                    answers[name] = 0, ""
                    return

    async with daemon(tmp_path, mapped(tmp_path, webhook={"port": unused_tcp_port})) as process:
        await process.start()

        async def live() -> bool:
            return process.said("run.started")

        await until(live, "it has its store")
        async with asyncio.TaskGroup() as group:
            for number in range(8):
                group.create_task(sender(number))
            await asyncio.sleep(1)
            assert await process.stop() == 0
        assert process.complaints() == []
        taken = [frame.meta["id"] for frame in journal_frames(process.journal) if frame.kind == "data"]
    acknowledged = {name for name, (status, _) in answers.items() if status == 200}
    assert len(taken) == len(set(taken))
    assert acknowledged
    assert acknowledged <= set(taken)
    assert {answer for answer in answers.values() if answer[0] != 200} <= {(0, ""), (503, "5")}
    rows = await ask(f"sqlite:///{tmp_path / 'store.db'}", "SELECT count(*) FROM odds")
    assert rows == [(len(taken),)]


async def test_told_twice_while_it_starts(tmp_path: Path, own_postgres: PostgresServer) -> None:
    """The second signal ends it whatever it does."""
    async with daemon(tmp_path, following(own_postgres.dsn(), ABSENT)) as process, frozen(own_postgres):
        await process.spawn()

        async def entered() -> bool:
            return (process.journal / "journal.json").exists()

        await until(entered, "it has its journal")
        process.send(signal.SIGTERM)
        assert await process.stop(within=SPARE) in {0, 1}
