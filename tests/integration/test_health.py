"""The four health pages of a real daemon, over HTTP, in every state that it can be in."""

import asyncio
import contextlib
import json
import signal
import socket
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any, Final

import aiohttp
import asyncpg
import pytest
from aiohttp import web

from ingestd.testing.exchange.process import Started, started
from ingestd.testing.postgres import PostgresServer
from ingestd.testing.rig.daemon import DaemonProcess, daemon, following, until
from ingestd.testing.rig.outage import frozen, locked, stopped

pytestmark = pytest.mark.timeout(180)
PATHS: Final = ("/health", "/health/live", "/health/ready", "/health/startup")
WELL: Final = (200, 200, 200, 200)
DEAD: Final = {"name": "dead", "feed": "simulated", "url": "ws://127.0.0.1:9"}
"""Nobody listens there."""
STUCK: Final = """
import asyncio
from ingestd.app import watch
from ingestd.pipeline import loader
watch.STUCK = 0.5
async def hang(self):
    if self._position:
        await asyncio.Event().wait()
loader.Loader._wait = hang
"""
"""A bug of ours, put into a process: behind its first commit the loader waits for ever."""


@pytest.fixture
async def exchange() -> AsyncIterator[Started]:
    """One with a brisk pace."""
    async with started({"rate": 500, "window": 1_000_000}) as process:
        yield process


class Asked:
    """What the pages say of a daemon, each answer tried on what is promised of all of them."""

    def __init__(self, process: DaemonProcess, *never: str) -> None:
        """``never``: texts that must be in no answer."""
        self._process = process
        self._never = (socket.gethostname(), "127.0.0.1", "ingestd-pg-", *never)
        self.checks: Mapping[str, Any] = {}  # type: ignore[explicit-any] # JSON
        self.status = ""

    async def codes(self) -> tuple[int, ...]:
        """The status codes by ``PATHS``; the report is kept."""
        timeout = aiohttp.ClientTimeout(total=5)
        async with aiohttp.ClientSession(self._process.url, timeout=timeout) as session:
            return tuple([await self._code(session, path) for path in PATHS])

    async def are(self, *wanted: int, within: float = 30.0) -> None:
        """Wait for these status codes."""

        async def found() -> bool:
            return await self.codes() == wanted

        await until(found, f"the pages answer {wanted}", within)

    async def _code(self, session: aiohttp.ClientSession, path: str) -> int:
        async with session.get(path) as answer:
            text = await answer.text()
            said = json.loads(text)
            assert answer.headers["Content-Type"] == "application/health+json"
            assert answer.headers["Cache-Control"] == "no-store"
            assert {"status", "version", "instance", "uptime_seconds", "checks"} == set(said)
            assert (said["status"] == "fail") == (answer.status == 503)
            assert [secret for secret in self._never if secret in text] == []
        async with session.head(path) as head:
            assert (await head.read(), head.headers["Content-Type"]) == (b"", "application/health+json")
        if path == "/health":
            self.checks, self.status = said["checks"], said["status"]
        return answer.status


@contextlib.asynccontextmanager
async def at_work(folder: Path, settings: Mapping[str, object], *never: str) -> AsyncIterator[tuple[DaemonProcess, Asked]]:
    """A daemon that answers, whatever it says."""
    async with daemon(folder, settings) as process:
        await process.start()
        yield process, Asked(process, *never)


async def test_a_store_that_comes_goes_and_freezes(tmp_path: Path, own_postgres: PostgresServer, exchange: Started) -> None:
    """Before it was there: starting. Away with room in the journal: failing, ready and alive. Frozen: a warning at first."""
    async with stopped(own_postgres):
        async with daemon(tmp_path, following(own_postgres.dsn(), exchange.url)) as process:
            await process.start()
            asked = Asked(process)
            await asked.are(503, 200, 503, 503)
            assert asked.checks["store"]["output"] == "unavailable: No such file or directory"
            await asyncio.to_thread(own_postgres.start)
            await asked.are(*WELL)
            async with stopped(own_postgres):
                await asked.are(503, 200, 200, 200)
                assert (asked.checks["store"]["status"], asked.checks["journal"]["status"]) == ("fail", "pass")
            await asked.are(*WELL)
            async with frozen(own_postgres):

                async def slow() -> bool:
                    return await asked.codes() == WELL and asked.checks["store"]["status"] == "warn"

                await until(slow, "no answer for a while is a warning")
            await asked.are(*WELL)
            assert await process.stop() == 0
        await asyncio.to_thread(own_postgres.stop)


async def test_a_store_that_nobody_may_know(tmp_path: Path, exchange: Started) -> None:
    """Neither where it is, nor who reads it, nor the password."""
    url = "postgresql://somebody:hunter22@127.0.0.1:9/none"
    async with at_work(tmp_path, {**following(url, exchange.url), "shutdown": {"deadline": 1}}, "hunter22", "somebody") as (_, asked):
        await asked.are(503, 200, 503, 503)
        assert asked.checks["store"]["output"] == "unavailable: Connection refused"


async def test_a_journal_that_is_full(tmp_path: Path, sqlite_url: str) -> None:
    """What comes in could not be made durable: not ready, and alive."""
    async with started({"rate": 20_000, "window": 100_000_000}) as exchange:
        journal = {"path": str(tmp_path / "journal"), "limit": 2 << 20, "segment": 1 << 20}
        async with at_work(tmp_path, {**following(sqlite_url, exchange.url), "journal": journal}) as (_, asked):
            await asked.are(*WELL)
            async with locked(tmp_path / "store.db"):

                async def full() -> bool:
                    return await asked.codes() == (503, 200, 503, 200) and asked.checks["journal"]["status"] == "fail"

                await until(full, "the journal is full")
                assert asked.checks["journal"]["output"] == "full, reading is paused"
            await asked.are(*WELL)


@contextlib.asynccontextmanager
async def refusing() -> AsyncIterator[int]:
    """A server that wants another key, on this port."""

    async def refuse(_: web.Request) -> web.Response:
        return web.Response(status=401)

    application = web.Application()
    application.router.add_get("/{_:.*}", refuse)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


def behind_a_token(name: str) -> dict[str, object]:
    """A source whose token nobody gives: its breaker opens."""
    auth = {"kind": "oauth2", "token_url": "http://127.0.0.1:9/token", "user": "me", "secret": "hunter22"}
    polling = {"queries": {"all": {"url": "http://127.0.0.1:9/odds"}}, "interval": "1s", "auth": auth}
    quote = {"key": ["game.id"], "outcome": {"const": "home"}, "price": "game.price"}
    shared = {"event": "game.id", "market_id": "game.id", "market": {"const": "moneyline"}, "bookmaker": {"const": "Us"}}
    walk = {"each": "doc.games", "as": "game", "shared": shared, "quotes": [quote]}
    return {"name": name, "feed": "mapped", "polling": polling, "mapping": {"image": "query", "walk": [walk]}}


async def test_sources_that_are_not_well(tmp_path: Path, sqlite_url: str, exchange: Started) -> None:
    """One dead, one parked, one behind an open breaker: each is a warning, and nothing is restarted or left out of service."""
    async with refusing() as port:
        settings = following(sqlite_url, exchange.url)
        parked = {"name": "parked", "feed": "simulated", "url": f"ws://127.0.0.1:{port}"}
        sources = [*settings["sources"], DEAD, parked, behind_a_token("shy")]  # type: ignore[misc] # a list
        async with at_work(tmp_path, {**settings, "sources": sources}, "hunter22") as (_, asked):
            await asked.are(*WELL)

            async def open_() -> bool:
                return await asked.codes() == WELL and asked.checks["breakers"]["observed_value"] == 1

            await until(open_, "the breaker opens", within=60)
            assert asked.status == "warn"
            assert {name: asked.checks[f"source:{name}"]["status"] for name in ("exchange", "dead", "parked", "shy")} == {
                **dict.fromkeys(("dead", "parked", "shy"), "warn"),
                "exchange": "pass",
            }
            assert asked.checks["source:parked"]["output"] == "parked: unauthorised"
            assert asked.checks["sources"]["output"] == "1 of 4 live"


async def test_no_source_is_well(tmp_path: Path, sqlite_url: str) -> None:
    """A warning for a minute, then failing, however often its reason changes; still ready and alive."""
    async with at_work(tmp_path, {"store": {"url": sqlite_url}, "sources": [DEAD]}) as (_, asked):
        await asked.are(*WELL)
        assert asked.status == "warn"
        await asked.are(503, 200, 200, 200, within=90)
        assert asked.checks["sources"]["output"] == "0 of 1 live"


async def test_a_loop_that_is_blocked(tmp_path: Path, sqlite_url: str, exchange: Started) -> None:
    """It answers nobody, which fails a probe by its timeout; once it goes on, it is alive."""
    async with at_work(tmp_path, following(sqlite_url, exchange.url)) as (process, asked):
        await asked.are(*WELL)
        process.send(signal.SIGSTOP)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(2):
                await process.page("/health/live")
        process.send(signal.SIGCONT)
        assert (await process.page("/health/live"))[0] == 200
        await asked.are(*WELL)


async def test_a_loader_that_is_stuck(tmp_path: Path, sqlite_url: str, exchange: Started, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only a restart helps: not alive, which is all that a probe wants to know; it still records."""
    bug = tmp_path / "bug"
    bug.mkdir()
    (bug / "sitecustomize.py").write_text(STUCK)
    monkeypatch.setenv("PYTHONPATH", str(bug))
    async with at_work(tmp_path, following(sqlite_url, exchange.url)) as (process, asked):
        await asked.are(503, 503, 200, 200)
        assert asked.checks["loader"]["status"] == "fail"
        assert asked.checks["source:exchange"]["status"] == "pass"
        await process.kill()


async def test_draining(tmp_path: Path, sqlite_url: str, exchange: Started) -> None:
    """Not ready, and alive to the end."""
    settings = {**following(sqlite_url, exchange.url), "shutdown": {"deadline": 6}}
    async with at_work(tmp_path, settings) as (process, asked):
        await asked.are(*WELL)
        async with locked(tmp_path / "store.db"):
            await asked.are(503, 200, 200, 200)
            process.send(signal.SIGTERM)
            await asked.are(503, 200, 503, 200, within=5)
            assert await process.ended(20) == 1


async def test_another_daemon_takes_over(tmp_path: Path, postgres_url: str, exchange: Started) -> None:
    """It ends by itself; who asks until then is not told that it is ready once it was not."""
    async with at_work(tmp_path, following(postgres_url, exchange.url)) as (process, asked):
        await asked.are(*WELL)
        other = await asyncpg.connect(postgres_url)
        # what a second daemon does first of all
        await other.execute("UPDATE checkpoints SET fence = fence + 1")
        await other.close()
        ready: list[int] = []
        with contextlib.suppress(aiohttp.ClientError):
            while True:
                ready.append((await process.page("/health/ready"))[0])
        assert ready == sorted(ready)
        assert await process.ended(20) == 1
        assert "another daemon has taken over" in "".join(process.lines())
