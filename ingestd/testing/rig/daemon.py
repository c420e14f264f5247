"""A real daemon in a process of its own, on a configuration in a folder of its own: started, asked, signalled, killed."""

import asyncio
import contextlib
import signal
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path
from typing import Final

import aiohttp
import msgspec
from msgspec import Struct

SCHEMA: Final = "public"
"""Where a daemon on PostgreSQL keeps its tables unless told otherwise."""
POLL: Final = 0.02
START_WITHIN: Final = 30.0
ASK_WITHIN: Final = 5.0
LAST_WORDS: Final = 2_000
COMPLAINTS: Final = ("Traceback", "was destroyed", "was never retrieved", "was never awaited", "unclosed")
"""What Python says of work that nobody ended, or of an error that nobody took."""


class Said(Struct, rename={"action": "event.action", "message": "message"}):
    """A line of the daemon's log."""

    action: str = ""
    message: str = ""


async def until(condition: Callable[[], Awaitable[bool]], what: str, within: float = 30.0) -> float:
    """Ask until it is so; returns how many seconds that took. Raises TimeoutError that says ``what`` did not happen."""
    began = time.monotonic()
    while not await condition():
        if time.monotonic() - began > within:
            raise TimeoutError(f"not within {within:g} s: {what}")
        await asyncio.sleep(POLL)
    return time.monotonic() - began


class DaemonProcess:
    """``ingestd run`` in ``folder``, which outlives each of its lives. ``settings``: what differs from the defaults.

    ``program``: the module that is run in place of ``ingestd``, with the same words.
    """

    def __init__(self, folder: Path, settings: Mapping[str, object], program: str = "ingestd") -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.journal = folder / "journal"
        self.config = folder / "config.json"
        self.log = folder / "daemon.log"
        self._defaults: dict[str, object] = {"journal": {"path": str(self.journal)}, "http": {"port": 0}, "log": {"format": "json"}}
        self.configure(settings)
        self.url = ""
        self._program = program
        self._process: asyncio.subprocess.Process | None = None
        self._log_from = 0

    @property
    def pid(self) -> int:
        """The process at hand."""
        return self._running().pid

    async def spawn(self) -> None:
        """Begin a life, without waiting for anything."""
        self.url = ""
        self._log_from = self.log.stat().st_size if self.log.exists() else 0
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", self._program, "run", "-c", str(self.config)),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    async def start(self) -> None:
        """Begin a life, and wait until it answers. Raises RuntimeError with its last words when it ends instead."""
        await self.spawn()
        await until(self._listening, "the daemon says where it listens", START_WITHIN)

    def configure(self, settings: Mapping[str, object]) -> None:
        """What its file says from now on."""
        self.settings = {**self._defaults, **settings}
        self.config.write_bytes(msgspec.json.encode(self.settings))

    async def reload(self, within: float = 30.0) -> bool:
        """Have it take what its file says; returns whether it did. Raises TimeoutError."""
        before = await self._reloads()
        self.send(signal.SIGHUP)

        async def done() -> bool:
            return sum(await self._reloads()) > sum(before)

        await until(done, "a reload", within)
        return (await self._reloads())[0] > before[0]

    async def kill(self) -> None:
        """``kill -9``."""
        await self._signalled(signal.SIGKILL, ASK_WITHIN)

    async def stop(self, name: signal.Signals = signal.SIGTERM, within: float = 40.0) -> int:
        """Ask it to drain; returns its exit code."""
        return await self._signalled(name, within)

    def send(self, name: signal.Signals) -> None:
        """Signal it, without waiting."""
        self._running().send_signal(name)

    async def ended(self, within: float) -> int:
        """Wait for its end; returns the exit code. Raises TimeoutError."""
        async with asyncio.timeout(within):
            return await self._running().wait()

    def lines(self) -> list[str]:
        """What it said in this life."""
        with self.log.open("rb") as log:
            log.seek(self._log_from)
            return log.read().decode("utf-8", "replace").splitlines()

    def said(self, action: str) -> bool:
        """Whether it logged that in this life."""
        return any(one.action == action for one in self._facts())

    def figures(self, action: str) -> dict[str, float]:
        """The numbers of the last such fact in this life. Raises IndexError where there is none."""
        line: dict[str, object] = [one for one in self._objects() if one.get("event.action") == action][-1]
        return {name.removeprefix("ingestd."): value for name, value in line.items() if isinstance(value, int | float)}

    def complaints(self) -> list[str]:
        """Lines of this life that tell of a bug in how it ended."""
        return [line for line in self.lines() if any(word in line for word in COMPLAINTS)]

    async def page(self, path: str, accept: str = "*/*") -> tuple[int, str]:
        """Status and body of a page. Raises aiohttp.ClientError, TimeoutError."""
        timeout, headers = aiohttp.ClientTimeout(total=ASK_WITHIN), {"Accept": accept}
        async with aiohttp.ClientSession(timeout=timeout) as session, session.get(self.url + path, headers=headers) as answer:
            return answer.status, await answer.text()

    async def metrics(self) -> dict[str, float]:
        """Every series by its name without prefix, label values of the ``source`` and such included as the page writes them."""
        _, text = await self.page("/metrics")
        pairs = (line.rsplit(" ", 1) for line in text.splitlines() if line and not line.startswith("#"))
        return {name.removeprefix("ingestd_"): float(value) for name, value in pairs}

    async def close(self) -> None:
        """End whatever is still running."""
        if self._process is not None and self._process.returncode is None:
            await self.kill()

    async def _reloads(self) -> tuple[float, float]:
        metrics = await self.metrics()
        return metrics['config_reloads_total{outcome="success"}'], metrics['config_reloads_total{outcome="failure"}']

    async def _signalled(self, name: signal.Signals, within: float) -> int:
        self.send(name)
        return await self.ended(within)

    async def _listening(self) -> bool:
        if self._running().returncode is not None:
            words = "\n".join(self.lines())[-LAST_WORDS:]
            raise RuntimeError(f"the daemon ended with {self._running().returncode}: {words}")
        place = next((one.message.rsplit(" ", 1)[-1] for one in self._facts() if one.action == "daemon.started"), "")
        self.url = f"http://{place}" if place else ""
        return bool(place)

    def _facts(self) -> list[Said]:
        return [msgspec.convert(one, Said) for one in self._objects()]

    def _objects(self) -> list[dict[str, object]]:
        return [msgspec.json.decode(line) for line in self.lines() if line.startswith("{") and line.endswith("}")]

    def _running(self) -> asyncio.subprocess.Process:
        if self._process is None:
            raise RuntimeError("the daemon was never started")
        return self._process


@contextlib.asynccontextmanager
async def daemon(folder: Path, settings: Mapping[str, object], program: str = "ingestd") -> AsyncIterator[DaemonProcess]:
    """A daemon, not yet started; killed at the end where it still runs."""
    process = DaemonProcess(folder, settings, program)
    try:
        yield process
    finally:
        await process.close()


def following(url: str, exchange: str, **more: object) -> dict[str, object]:
    """Settings of a daemon that records an exchange (its url) as source ``exchange`` into the store at ``url``; ``more``: of the source."""
    return {"store": {"url": url}, "sources": [{"name": SOURCE, "feed": "simulated", "url": exchange, **more}]}


SOURCE: Final = "exchange"
