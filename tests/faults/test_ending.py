"""How a daemon ends: in order, at once, or before it has begun, always with the right exit code and nothing lost."""

import asyncio
import signal
import socket
import time
from contextlib import AsyncExitStack, closing
from pathlib import Path

import pytest

from ingestd.testing.exchange.process import Started
from ingestd.testing.rig.daemon import DaemonProcess, daemon, following, until
from ingestd.testing.rig.evidence import journal_tail, loaded
from ingestd.testing.rig.kills import at_work
from ingestd.testing.rig.outage import locked
from tests.faults.conftest import stopped_with_a_backlog, whole_after_all

ABSENT = "ws://127.0.0.1:9"
"""Nobody listens there."""


async def refusal(process: DaemonProcess) -> tuple[int, list[str]]:
    """The exit code of a daemon that does not start, and what it says of it."""
    await process.spawn()
    code = await process.ended(20)
    return code, [line for line in process.lines() if line.startswith("ingestd: ") or "Traceback" in line]


@pytest.mark.parametrize("name", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_drains(tmp_path: Path, store_url: str, exchange: Started, name: signal.Signals) -> None:
    """All that was read is in the store, exit code 0."""
    async with daemon(tmp_path, following(store_url, exchange.url)) as process:
        await at_work(process, store_url)
        await asyncio.sleep(0.5)
        assert await process.stop(name, within=25) == 0
    assert journal_tail(process.journal).ordinal == (await loaded(store_url)).frames


async def test_the_deadline_ends_a_drain(tmp_path: Path, exchange: Started) -> None:
    """A store that stays away is not waited for: exit code 1, one line says so, and the next start has everything."""
    store = tmp_path / "store.db"
    settings = {**following(f"sqlite:///{store}", exchange.url), "shutdown": {"deadline": 2}}
    async with daemon(tmp_path, settings) as process:
        assert await stopped_with_a_backlog(process, store) < 8
        assert [line for line in process.lines() if line.startswith("ingestd: ")] == [
            "ingestd: stopped before the store had everything; the journal keeps the rest for the next start"
        ]
        await whole_after_all(process, f"sqlite:///{store}", exchange)


async def test_a_second_signal_ends_at_once(tmp_path: Path, exchange: Started) -> None:
    """In less than a second, and the next start has everything."""
    store = tmp_path / "store.db"
    async with daemon(tmp_path, following(f"sqlite:///{store}", exchange.url)) as process:
        await at_work(process, f"sqlite:///{store}")
        async with locked(store):
            await asyncio.sleep(0.5)
            process.send(signal.SIGTERM)
            await asyncio.sleep(0.5)
            began = time.monotonic()
            assert await process.stop(within=5) != 0
            assert time.monotonic() - began < 1
        await whole_after_all(process, f"sqlite:///{store}", exchange)


async def test_a_port_in_use(tmp_path: Path) -> None:
    """One line that says what to do, exit code 1."""
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
        settings = {**following(f"sqlite:///{tmp_path / 'store.db'}", ABSENT), "http": {"port": port}}
        async with daemon(tmp_path, settings) as process:
            code, said = await refusal(process)
    assert code == 1
    assert said == [
        f"ingestd: http.port: 127.0.0.1:{port} is already in use; stop what listens there, or choose another port (INGESTD_HTTP_PORT)"
    ]


@pytest.mark.parametrize("shared", ["journal", "store"])
async def test_journal_or_store_in_use(tmp_path: Path, store_url: str, shared: str) -> None:
    """The second daemon says whose it is and ends with 1; the first goes on."""
    other = f"sqlite:///{tmp_path / 'other.db'}"
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(daemon(tmp_path / "first", following(store_url, ABSENT)))
        settings = following(other if shared == "journal" else store_url, ABSENT)
        journal = first.journal if shared == "journal" else tmp_path / "second" / "journal"
        second = await stack.enter_async_context(daemon(tmp_path / "second", {**settings, "journal": {"path": str(journal)}}))
        await first.start()

        async def running() -> bool:
            return first.said("run.started")

        await until(running, "the first daemon has its store")
        code, said = await refusal(second)
        assert (code, len(said)) == (1, 1)
        words = f"journal {first.journal} is in use by process {first.pid}" if shared == "journal" else "another ingestd is running on it"
        assert words in said[0]
        assert await first.stop() == 0


async def test_a_broken_configuration(tmp_path: Path) -> None:
    """Every problem on a line, exit code 78."""
    settings = {**following("mysql://nowhere", ABSENT), "journal": {"pth": "var"}}
    async with daemon(tmp_path, settings) as process:
        code, said = await refusal(process)
    assert code == 78
    assert ["store.url" in " ".join(said), "journal.pth" in " ".join(said), "Traceback" in " ".join(said)] == [True, True, False]
