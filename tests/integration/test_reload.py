"""``kill -HUP`` on a real daemon under load: only what changes stops and begins, and what is stored is what was offered."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Final

import msgspec
import pytest

from ingestd.testing.digest import facts
from ingestd.testing.exchange.compare import Difference, differences
from ingestd.testing.exchange.model import COLUMNS, expected
from ingestd.testing.exchange.process import Started, control, started
from ingestd.testing.exchange.script import Script
from ingestd.testing.rig.daemon import SCHEMA, SOURCE, DaemonProcess, daemon, until
from ingestd.testing.rig.evidence import accounts, ask, journal_tail, loaded
from ingestd.testing.the_odds_api import KEY, TheOddsApiEmulator

OTHER: Final = "other"
OWN: Final = ("results", "markets", "selections", "odds", "odds_history")
"""Tables whose rows are of one source; which event is which is decided between both."""


def source(name: str, exchange: Started, **more: object) -> dict[str, object]:
    """One on an exchange."""
    return {"name": name, "feed": "simulated", "url": exchange.url, **more}


@asynccontextmanager
async def two() -> AsyncIterator[tuple[Started, Started]]:
    """Exchanges that never forget, and differ."""
    async with started({"rate": 800, "window": 100_000_000}) as one, started({"rate": 400, "window": 100_000_000, "seed": 2}) as other:
        yield one, other


async def live(process: DaemonProcess, name: str, well: bool = True) -> None:
    """Wait until frames of it are loaded, or until nothing is left of it."""
    series = f'frames_loaded_total{{source="{name}"}}'

    async def so() -> bool:
        metrics = await process.metrics()
        return (metrics.get(series, 0) > 0 and metrics[f'source_connected{{source="{name}"}}'] == 1) if well else series not in metrics

    await until(so, f"{name} is {'live' if well else 'gone'}")


async def grows(process: DaemonProcess, name: str, frames: int = 100) -> None:
    """Wait until so many more are loaded."""
    series = f'frames_loaded_total{{source="{name}"}}'
    before = (await process.metrics())[series]

    async def more() -> bool:
        return (await process.metrics())[series] >= before + frames

    await until(more, f"{frames} more frames of {name}")


async def ended(process: DaemonProcess, name: str, exchange: Started) -> None:
    """Let an exchange end where it stands, and all of it be loaded."""
    limit = (await control(exchange.url, "status")).n
    await control(exchange.url, "limit", limit)

    async def taken() -> bool:
        status, tail = await control(exchange.url, "status"), journal_tail(process.journal, name)
        loaded_so_far = (await process.metrics()).get(f'frames_loaded_total{{source="{name}"}}', 0)
        return status.n >= limit and tail.token == f"{status.run}:{status.n}" and loaded_so_far >= tail.ordinal

    await until(taken, f"all of {name} is loaded", 60)


async def wrong(url: str, name: str, exchange: Started, there: Mapping[str, list[tuple[str, ...]]]) -> dict[str, Difference]:
    """How the facts of one source differ from what its exchange has said."""
    status = await control(exchange.url, "status")
    wanted = await asyncio.to_thread(expected, Script(status.options), status.n, source=name)
    ids = {fact[0] for fact in there["selections"] if f"source={name!r}" in fact}
    own = {table: [fact for fact in there[table] if f"source={name!r}" in fact or fact[0] in ids] for table in OWN}
    return differences({table: wanted[table] if table in OWN else set() for table in COLUMNS}, own)


async def intervals(url: str, name: str) -> list[tuple[object, ...]]:
    """Of the whole source, in order: state, reason, repair."""
    return await ask(
        url, f"SELECT state, reason, repaired_by FROM coverage WHERE source = '{name}' AND scope_kind = 'source' ORDER BY began_at"
    )


async def test_under_load(tmp_path: Path, store_url: str) -> None:
    """A source comes, changes, goes and comes back; the other never notices; both have every fact their exchanges offered, once."""
    async with two() as (one, other):
        store = {"store": {"url": store_url}}
        always = source(SOURCE, one)
        async with daemon(tmp_path, {**store, "sources": [always]}) as process:
            await process.start()
            await live(process, SOURCE)
            for more in ({}, {"silence_limit": "25s"}, {"silence_limit": "25s", "validation": {"jump": 2}}):
                process.configure({**store, "sources": [always, source(OTHER, other, **more)]})
                assert await process.reload()
                await live(process, OTHER)
                await grows(process, OTHER)
            process.configure({**store, "sources": [always]})
            assert await process.reload()
            await live(process, OTHER, well=False)
            assert await ask(store_url, f"SELECT state FROM sources WHERE source = '{OTHER}'") == [("stopped",)]
            await grows(process, SOURCE)
            process.configure({**store, "sources": [always, source(OTHER, other)]})
            assert await process.reload()
            await live(process, OTHER)
            for name, exchange in ((SOURCE, one), (OTHER, other)):
                await ended(process, name, exchange)
            assert process.said("config.reloaded")
            assert (await process.metrics())[f'source_connect_attempts_total{{source="{SOURCE}"}}'] == 1
            assert await process.stop() == 0
        there = await facts(store_url, SCHEMA)
        for name, exchange in ((SOURCE, one), (OTHER, other)):
            assert await wrong(store_url, name, exchange, there) == {}
            assert accounts(await loaded(store_url, name), journal_tail(process.journal, name)) == []
    whole, stopped, end = ("complete", "", ""), ("down", "stopped", "replay"), ("down", "stopped", "")
    assert await intervals(store_url, SOURCE) == [whole, end]
    assert await intervals(store_url, OTHER) == [whole, stopped, whole, stopped, whole, end]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"{", "not valid JSON"),
        (b'{"nonsense": 1}', "nonsense: no such key"),
        (b'{"batch": {"rows": 0}, "nonsense": 1}', "batch.rows"),
        (b'{"http": {"port": 1}, "sources": []}', "http.port: needs a restart"),
        (b'{"store": {"url": "sqlite:///other.db"}}', "store.url: needs a restart"),
    ],
    ids=["broken", "unknown", "two", "restart", "store"],
)
async def test_a_file_that_cannot_be_taken(tmp_path: Path, text: bytes, said: str) -> None:
    """Changes nothing; log, health and metrics say why, until another is taken."""
    async with started({"rate": 800}) as exchange:
        settings = {"store": {"url": f"sqlite:///{tmp_path / 'store.db'}"}, "sources": [source(SOURCE, exchange)]}
        async with daemon(tmp_path, settings) as process:
            await process.start()
            await live(process, SOURCE)
            good = process.config.read_bytes()
            changed = text if text == b"{" else msgspec.json.encode({**msgspec.json.decode(good), **msgspec.json.decode(text)})
            process.config.write_bytes(changed)
            assert not await process.reload()
            status, health = await process.page("/health")
            check = msgspec.json.decode(health)["checks"]["config"]
            assert (status, check["status"], said in check["output"]) == (200, "warn", True)
            assert any("config.reload_failed" in line and said in line for line in process.lines())
            assert (await process.metrics())["config_last_reload_successful"] == 0
            await grows(process, SOURCE)
            process.config.write_bytes(good)
            assert await process.reload()
            metrics = await process.metrics()
            assert metrics["config_last_reload_successful"] == 1
            assert metrics[f'source_connect_attempts_total{{source="{SOURCE}"}}'] == 1
            assert await process.stop() == 0


async def test_a_secret_that_is_rotated(tmp_path: Path) -> None:
    """A key that the provider refuses parks the source; another in the same file, and a reload, and it records."""
    secret = tmp_path / "key"
    secret.write_text("a-key-that-nobody-knows")
    secret.chmod(0o600)
    async with TheOddsApiEmulator(tmp_path) as emulator:
        options = {key: value for key, value in emulator.options().items() if key != "api_key"}
        paid = {"name": "paid", "feed": "the_odds_api", **options, "api_key_file": str(secret)}
        async with daemon(tmp_path, {"store": {"url": f"sqlite:///{tmp_path / 'store.db'}"}, "sources": [paid]}) as process:
            await process.start()
            await until(lambda: _said(process, "source.parked"), "the key is refused")
            secret.write_text(KEY)
            assert await process.reload()
            await live(process, "paid")
            assert await process.stop() == 0
            assert KEY not in "\n".join(process.lines())


async def test_a_signal_at_any_time_ends_nothing(tmp_path: Path) -> None:
    """While it starts, while it drains, and many at once."""
    async with started({"rate": 800}) as exchange:
        settings = {"store": {"url": f"sqlite:///{tmp_path / 'store.db'}"}, "sources": [source(SOURCE, exchange)]}
        async with daemon(tmp_path, settings) as process:
            starting = asyncio.create_task(process.start())
            while not starting.done():
                # from when it has words of its own on: before that it is Python that starts
                if process.log.exists() and process.log.stat().st_size:
                    process.send(signal.SIGHUP)
                await asyncio.sleep(0.02)
            await starting
            await live(process, SOURCE)
            for _ in range(50):
                process.send(signal.SIGHUP)
            assert await process.reload()
            pid = process.pid
            process.send(signal.SIGTERM)
            ending = asyncio.create_task(process.ended(20))
            while not ending.done():
                # past asyncio, which would take its exit code; a process that has ended takes no harm
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGHUP)
                await asyncio.sleep(0.005)
            assert await ending == 0


async def test_a_local_exchange_comes_and_goes_with_its_source(tmp_path: Path) -> None:
    """As at a start."""
    store = {"store": {"url": f"sqlite:///{tmp_path / 'store.db'}"}}
    async with started({"rate": 800}) as exchange, daemon(tmp_path, {**store, "sources": [source(SOURCE, exchange)]}) as process:
        await process.start()
        before = children(process.pid)
        process.configure({**store, "sources": [source(SOURCE, exchange), {"name": "local", "feed": "simulated"}]})
        assert await process.reload()
        await live(process, "local")
        assert len(children(process.pid)) == len(before) + 1
        process.configure({**store, "sources": [source(SOURCE, exchange)]})
        assert await process.reload()
        assert children(process.pid) == before
        assert await process.stop() == 0


def children(pid: int) -> set[str]:
    """Of a process."""
    return set(Path(f"/proc/{pid}/task/{pid}/children").read_text().split())


async def _said(process: DaemonProcess, action: str) -> bool:
    return process.said(action)
