"""``ingestd run``: the daemon in the foreground, with what a person wants to know at once."""

import asyncio
import contextlib
import ctypes
import faulthandler
import gc
import os
import select
import shutil
import signal
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from functools import partial
from pathlib import Path
from typing import Final, TypeVar

import typer
from pydantic import BaseModel

from ingestd import __version__
from ingestd.app import Daemon
from ingestd.cli.config import checked
from ingestd.clock import SystemClock
from ingestd.errors import IngestdError, first
from ingestd.interfaces import Clock
from ingestd.settings import Settings, SourceSettings
from ingestd.sources import FEEDS
from ingestd.telemetry import build_reporter

T = TypeVar("T")

PROGRESS: Final = 1.0
"""Seconds between two progress lines in a terminal."""
SPARE: Final = 5.0
"""Seconds behind the deadline after which what hangs is waited for no longer; the service manager waits for ten."""
YOUNG: Final = 10_000
"""Objects made before Python looks for cycles among them."""
MALLOC: Final = {-1: 1 << 16, -3: 1 << 16, -8: 2}
"""Of mallopt(3): M_TRIM_THRESHOLD and M_MMAP_THRESHOLD in bytes, M_ARENA_MAX."""


def run(config: Path | None) -> int:
    """Returns the exit code: 0 when all that was read is in the store, 1 when the journal still holds some. Raises IngestdError."""
    settings, _ = checked(config, FEEDS)
    _give_memory_back()
    try:
        return asyncio.run(_run(settings, config))
    except IngestdError:
        raise
    except Exception as error:
        # its stack went into the log, without secrets; Python's own would be printed with them
        raise IngestdError(f"a bug of ours ended it ({type(first(error)).__name__}); its stack is in the log") from error


def _give_memory_back() -> None:
    """Glibc keeps more and more of what was freed, under load some MiB an hour, unless it is told where to begin.

    Other libraries know no such thing.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        for parameter, value in MALLOC.items():
            mallopt(parameter, value)


async def _run(settings: Settings, config: Path | None) -> int:
    terminal = sys.stderr.isatty()
    clock = SystemClock()
    reporter = build_reporter(settings.log, clock, terminal=terminal)
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(reporter.close)
        stop = _stop_on_signal()
        daemon = await _unless(stop, Daemon.compose(settings, reporter, clock, read=partial(checked, config, FEEDS), needs=_exchange))
        if daemon is None:
            reporter.fact("daemon.stopped", seconds=0.0, left="it had not begun to record")
            return 0
        stack.callback(asyncio.create_task(_end_in_time(daemon, stop), name="watchdog").cancel)
        stack.enter_context(_reload_on_signal(daemon.reloads.ask, stop, terminal=terminal))
        _announce(settings, config)
        # what is there by now stays: looking through it for cycles cost a tenth of the processor under load, and a pause of 0.1 s each time
        gc.freeze()
        gc.set_threshold(YOUNG)
        progress = asyncio.create_task(_progress(daemon, clock), name="progress") if terminal else None
        try:
            clean = await daemon.run(stop)
        finally:
            if progress is not None:
                progress.cancel()
    if not clean:
        typer.echo("ingestd: stopped before the store had everything; the journal keeps the rest for the next start", err=True)
    return 0 if clean else 1


@contextlib.asynccontextmanager
async def _exchange(source: SourceSettings, options: BaseModel) -> AsyncIterator[BaseModel]:
    """A local exchange for a simulated source that names none, for as long as there is that source."""
    if source.feed != "simulated" or source.options.get("url"):
        yield options
        return
    from ingestd.testing.exchange.process import started

    async with started(options.model_dump()) as exchange:
        yield options.model_copy(update={"url": exchange.url})


def _stop_on_signal() -> asyncio.Event:
    """SIGTERM or SIGINT drains; the second ends the process at once: what was acknowledged is durable already."""
    stop = asyncio.Event()

    def stopping() -> None:
        if stop.is_set():
            os._exit(1)
        stop.set()

    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stopping)
    return stop


async def _unless(stop: asyncio.Event, work: Coroutine[None, None, T]) -> T | None:
    """What comes of the work; None where ``stop`` is set first: then it is broken off."""
    working = asyncio.create_task(work, name="start")
    stopping = asyncio.create_task(stop.wait(), name="watch for the end")
    try:
        await asyncio.wait((working, stopping), return_when=asyncio.FIRST_COMPLETED)
    finally:
        stopping.cancel()
    if not working.done():
        working.cancel()
        await asyncio.wait((working,))
    return None if working.cancelled() else working.result()


async def _end_in_time(daemon: Daemon, stop: asyncio.Event) -> None:
    """Once it is told to stop, the process ends soon after the deadline, whatever hangs: a disk, or a bug. stderr then says where."""
    await stop.wait()
    faulthandler.dump_traceback_later(daemon.supervisor.deadline + SPARE, exit=True)


@contextlib.contextmanager
def _reload_on_signal(reload: Callable[[], None], stop: asyncio.Event, *, terminal: bool) -> Iterator[None]:
    """SIGHUP reloads within the context; before, it waits; behind, it does nothing. From a terminal that was closed it stops, as ever."""
    loop = asyncio.get_running_loop()

    def hung_up() -> None:
        if terminal and _gone(sys.stderr.fileno()):
            stop.set()
        else:
            reload()

    # not the loop's own handler: for a moment behind it the signal would end the process, and a mask holds for one thread alone
    signal.signal(signal.SIGHUP, lambda *_: loop.call_soon_threadsafe(hung_up))
    signal.siginterrupt(signal.SIGHUP, False)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGHUP})
    try:
        yield
    finally:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)


def _gone(stream: int) -> bool:
    """Whether nobody is at the other end any more."""
    poll = select.poll()
    poll.register(stream, 0)
    return any(said & (select.POLLHUP | select.POLLERR) for _, said in poll.poll(0))


def _announce(settings: Settings, config: Path | None) -> None:
    """Where it stores, what it listens on, what to type next."""
    own = _own_name()
    option = f" -c {config}" if config else ""
    http = f"http://{settings.http.host}:{settings.http.port}"
    sources = ", ".join(f"{source.name} ({source.feed})" for source in settings.sources if source.enabled) or "none"
    for line in (
        f"ingestd {__version__}",
        f"  stores in   {settings.store.shown}",
        f"  journal     {settings.journal.path}",
        f"  listens on  {http}/health  {http}/metrics",
        f"  sources     {sources}",
        f"  type next   {own} odds --watch{option}     (Ctrl-C here ends it)",
    ):
        typer.echo(line, err=True)


def _own_name() -> str:
    if Path(sys.argv[0]).name == "__main__.py":
        return f"{os.path.relpath(sys.executable)} -m ingestd"
    return "ingestd" if shutil.which("ingestd") else os.path.relpath(sys.argv[0])


async def _progress(daemon: Daemon, clock: Clock) -> None:
    """One line that is overwritten: what comes in, how late it is stored, how much is there."""
    before = daemon.progress()
    while True:
        await clock.sleep(PROGRESS)
        now = daemon.progress()
        rate = (now.received - before.received) / PROGRESS
        store = f"store away: {now.problem}" if now.problem else f"lag {now.lag:.2f} s"
        line = f"{now.live}/{now.sources} live · {rate:,.0f} updates/s · {now.rows:,} rows · {store} · journal {now.journal_mib:,.0f} MiB"
        sys.stderr.write(f"\r\x1b[2K{line[: shutil.get_terminal_size().columns - 1]}")
        sys.stderr.flush()
        before = now
