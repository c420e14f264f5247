"""``ingestd status`` beside a real daemon: from it while it answers, from the store where it does not, and watched in a terminal."""

import asyncio
import json
import os
import re
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import pytest

from ingestd.testing.exchange.process import Started, started
from ingestd.testing.rig.daemon import SOURCE, DaemonProcess, daemon, following, until
from ingestd.testing.rig.outage import locked
from tests.conftest import free_port
from tests.integration.terminal import OpenTerminal
from tests.integration.test_health import DEAD, refusing

pytestmark = pytest.mark.timeout(180)
NARROW: Final = 80
ENVIRON: Final = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
RULES: Final = {"interval": "100ms", "group": "100ms"}
Answer = dict[str, Any]  # type: ignore[explicit-any] # JSON


@pytest.fixture
async def exchange() -> AsyncIterator[Started]:
    """One with a brisk pace."""
    async with started({"rate": 500, "window": 1_000_000}) as process:
        yield process


@asynccontextmanager
async def at_work(folder: Path, url: str, exchange: Started, *sources: Mapping[str, object]) -> AsyncIterator[DaemonProcess]:
    """A daemon on a port that can be known, with prices in its store."""
    settings = following(url, exchange.url)
    own: list[Mapping[str, object]] = settings["sources"]  # type: ignore[assignment] # as it is written
    more = {"http": {"port": free_port()}, "sources": [*own, *sources], "alerts": RULES}
    async with daemon(folder, {**settings, **more}) as process:
        await process.start()

        async def stored() -> bool:
            source = (await page(process))["sources"][0]
            return bool(source["state"] == "live" and source["last_changed_at"] and source["rate"])

        await until(stored, "prices are in the store")
        yield process


async def page(process: DaemonProcess) -> Answer:
    """What the daemon says itself."""
    status, text = await process.page("/status")
    assert status == 200
    found: Answer = json.loads(text)
    return found


async def typed(process: DaemonProcess, *words: str) -> tuple[int, str, str]:
    """``ingestd status`` with the daemon's own configuration, in a narrow terminal."""
    command = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "ingestd", "status", "-c", str(process.config), *words),
        env={**ENVIRON, "COLUMNS": str(NARROW)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await command.communicate()
    return command.returncode or 0, out.decode(), err.decode()


async def answered(process: DaemonProcess) -> Answer:
    """The same for a program."""
    code, out, err = await typed(process, "--json")
    assert (code, err) == (0, "")
    found: Answer = json.loads(out)
    return found


async def test_from_the_daemon(tmp_path: Path, store_url: str, exchange: Started) -> None:
    """Rates and lag as it measured them, and what only the store knows."""
    async with at_work(tmp_path, store_url, exchange) as process:
        found = await answered(process)
        assert (found["taken_from"], found["problems"], found["daemon"]["life"]) == ("daemon", [], "running")
        (source,) = found["sources"]
        assert (source["source"], source["feed"], source["state"]) == (SOURCE, "simulated", "live")
        assert source["rate"] > 0
        assert 0 <= source["lag"] < 30
        assert found["store"]["committed_at"] > 0
        assert (found["runs"][0]["status"], found["counts"]["odds"] > 0, found["quarantine"]) == ("running", True, 0)
        code, out, _ = await typed(process)
        lines = out.splitlines()
        assert (code, lines[0].startswith(f"daemon   running on {process.url}")) == (0, True)
        assert lines[1] == "all is well"
        assert max(map(len, lines)) <= NARROW


async def test_a_daemon_that_hangs(tmp_path: Path, sqlite_url: str, exchange: Started) -> None:
    """Is not waited for: the store says what it knows, and why it was asked."""
    async with at_work(tmp_path, sqlite_url, exchange) as process:
        process.send(signal.SIGSTOP)
        found = await answered(process)
        process.send(signal.SIGCONT)
        assert (found["taken_from"], found["daemon"], found["sources"][0]["rate"]) == ("store", None, None)
        assert found["problems"] == [f"the daemon on {process.url} does not answer within 5 s; does it hang?"]


async def test_without_a_daemon(tmp_path: Path, store_url: str, exchange: Started) -> None:
    """The store's words, said to be so; what was live when it was killed is not running."""
    async with at_work(tmp_path, store_url, exchange) as process:
        await process.kill()
        found = await answered(process)
        assert (found["taken_from"], found["sources"][0]["state"]) == ("store", "live")
        assert found["problems"] == [f"no daemon answers on {process.url} (Connection refused)"]
        assert found["counts"]["odds"] > 0
        await process.start()
        assert await process.stop() == 0
        code, out, _ = await typed(process)
        assert code == 0
        assert "CRITICAL" in out
        assert "no daemon answers, and nothing is recorded" in " ".join(out.split())


async def test_what_is_wrong_comes_first(tmp_path: Path, sqlite_url: str, exchange: Started) -> None:
    """What, for how long, and what to do: of a source that is parked, one that is dead, and a store that is away."""
    async with (
        refusing() as port,
        at_work(tmp_path, sqlite_url, exchange, DEAD, {"name": "parked", "feed": "simulated", "url": f"ws://127.0.0.1:{port}"}) as process,
    ):

        async def fires() -> bool:
            return [one["rule"] for one in (await page(process))["alerts"]] == ["source_parked"]

        await until(fires, "the alert fires")
        async with locked(tmp_path / "store.db"):

            async def away() -> bool:
                return bool((await page(process))["store"]["unavailable_since"])

            await until(away, "the store is away")
            code, out, _ = await typed(process)
        assert code == 0
        said = " ".join(out[: out.index("upd/s")].split())
        assert re.search(r"CRITICAL \d+ s parked is parked \(unauthorised\) -> check the key; then reload \(kill -HUP\)", said)
        assert re.search(r"CRITICAL \d+ s the store is away \(SQLITE_\w+\); the journal takes what comes", said)
        assert re.search(r"WARNING \d+ s dead is connecting \(refused\) -> ingestd incidents --source dead", said)
        assert "ingestd incidents)" in out


async def test_watched(tmp_path: Path, sqlite_url: str, exchange: Started, terminal: OpenTerminal) -> None:
    """In a narrow terminal, every second, while the daemon goes and comes back, until Ctrl-C."""
    async with at_work(tmp_path, sqlite_url, exchange) as process:
        watch = terminal(tmp_path, ENVIRON, "status", "--watch", "-c", str(process.config), columns=NARROW)
        await seen(watch.until, f"daemon +running on {process.url}")
        await seen(watch.until, r"all is well")
        await seen(watch.until, r"source.*state.*for.*upd/s.*lag.*last change.*refused")
        await process.kill()
        await seen(watch.until, r"does not answer; what follows is what the store says")
        before = len(watch.text)
        await process.start()
        await seen(watch.until, rf"(?s)^.{{{before}}}.*running on")
        watch.type(b"\x03")
        assert await asyncio.to_thread(watch.ended) == 0
        assert "Traceback" not in watch.text


async def seen(until_: Callable[[str], None], pattern: str) -> None:
    """The same where a loop runs."""
    found: Awaitable[None] = asyncio.to_thread(until_, pattern)
    await found
