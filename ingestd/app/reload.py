"""A new configuration for a running daemon: read, judged, prepared without a word to anybody, then carried out, or refused whole."""

import asyncio
import gc
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from typing import Final, Protocol

from pydantic import BaseModel

from ingestd.app.finite import journal_limits, judged_by
from ingestd.app.live import LiveRun
from ingestd.app.roster import Ready, Roster
from ingestd.errors import ConfigError
from ingestd.interfaces import Clock
from ingestd.journal.local import LocalJournal
from ingestd.model import SECOND
from ingestd.settings import Changes, Configuration, Settings, changes
from ingestd.supervisor import Supervisor
from ingestd.telemetry import Reporter
from ingestd.telemetry.alerts.watch import Alerts
from ingestd.telemetry.systemd import ServiceManager
from ingestd.threads import apart

Read = Callable[[], tuple[Settings, Mapping[str, BaseModel]]]
"""Reads the configuration anew, secrets too: settings, and the options of every source. Raises ConfigError with every problem."""
RESTART: Final = "needs a restart; nothing was changed"


class Daemon(Protocol):
    """The parts of a daemon that a reload touches."""

    configuration: Configuration
    clock: Clock
    journal: LocalJournal
    reporter: Reporter
    manager: ServiceManager
    supervisor: Supervisor
    roster: Roster
    live: LiveRun
    alerts: Alerts

    def hide(self, configuration: Configuration) -> None:
        """Let no secret of it out."""


class Reloads:
    """One reload after another. What is asked for while one is at work is done once more after it."""

    def __init__(self, daemon: Daemon, read: Read) -> None:
        self._daemon = daemon
        self._read = read
        self._asked = asyncio.Event()
        self.problems: tuple[str, ...] = ()
        """Why the configuration that was last asked for is not in force; none: it is."""
        self.failed_at = 0
        """Since when that is so, UTC µs."""
        daemon.reporter.metrics.set("config_last_reload_successful", 1)
        daemon.reporter.metrics.set("config_last_reload_success_timestamp_seconds", daemon.clock.now() / SECOND)
        for outcome in ("success", "failure"):
            daemon.reporter.metrics.add("config_reloads_total", 0, outcome=outcome)

    def ask(self) -> None:
        """Reload as soon as can be: at any time, as often as one likes. Who drains does not reload."""
        self._asked.set()

    async def run(self) -> None:
        """For ever."""
        while True:
            await self._asked.wait()
            self._asked.clear()
            if self._daemon.supervisor.life.state == "running":
                await self._reload()
                # what it replaced lies in cycles, which Python would not look for before some hundred more
                gc.collect()

    async def _reload(self) -> None:
        daemon = self._daemon
        daemon.manager.reloading()
        try:
            done = await self._changed()
        except ConfigError as error:
            self._failed(error.problems)
        else:
            self._succeeded(done)
        finally:
            # whoever began to drain meanwhile has said so
            daemon.manager.entered(daemon.supervisor.life.state)

    async def _changed(self) -> Changes:
        """Raises ConfigError with every problem, nothing being changed then."""
        daemon = self._daemon
        async with AsyncExitStack() as undo:
            try:
                new = await apart(lambda: Configuration.of(*self._read()))
                daemon.hide(new)
                found = changes(daemon.configuration, new, self._parked())
                _judge(found)
                ready = await self._prepared(new, found, undo)
            except ConfigError:
                raise
            except Exception as error:
                # whatever it is, nothing was changed yet: the daemon goes on as it was
                daemon.reporter.failed("config.failed", error)
                raise ConfigError(f"a reload failed with {type(error).__name__}: {error}") from error
            undo.pop_all()
        await self._carry_out(new, found, ready)
        return found

    def _parked(self) -> frozenset[str]:
        return frozenset(name for name, one in self._daemon.roster.collectors.items() if one.status.state == "parked")

    async def _prepared(self, new: Configuration, found: Changes, undo: AsyncExitStack) -> list[Ready]:
        """What begins, ready to; ``undo`` ends it again."""
        ready = []
        for source in new.settings.sources:
            if source.name in (*found.added, *found.restarted):
                one = await self._daemon.roster.prepare(source, new.options[source.name])
                undo.push_async_callback(one.needs.aclose)
                self._daemon.roster.rehearse(one)
                ready.append(one)
        return ready

    async def _carry_out(self, new: Configuration, found: Changes, ready: list[Ready]) -> None:
        """Nothing of it waits for a provider or the store."""
        daemon, before = self._daemon, self._daemon.configuration.settings
        self._set(new)
        going = {name: daemon.roster.collectors[name] for name in (*found.removed, *found.restarted)}
        await daemon.supervisor.stop(*going.values())
        for name in going:
            await daemon.roster.release(name)
        for name in found.removed:
            daemon.live.remove(name, going[name])
        begun = [(one, daemon.roster.put(one, retold=one.source.name in found.retold)) for one in ready]
        for name, feed in daemon.roster.feeds.items():
            source = next((source for source in new.settings.sources if source.name == name and source.enabled), None)
            if source is None:
                continue
            if name in found.added:
                daemon.live.add(source, feed)
            elif name in found.restarted or judged_by(before, name) != judged_by(new.settings, name):
                daemon.live.change(name, feed, retold=name in found.retold)
        for _, collector in begun:
            daemon.supervisor.start(collector)

    def _set(self, new: Configuration) -> None:
        daemon, settings = self._daemon, new.settings
        daemon.configuration = new
        daemon.reporter.adopt(settings.log)
        daemon.journal.adopt(journal_limits(settings))
        daemon.supervisor.deadline = settings.shutdown.deadline
        daemon.live.adopt(settings)
        daemon.alerts.adopt(settings.alerts)

    def _succeeded(self, done: Changes) -> None:
        daemon = self._daemon
        self.problems, self.failed_at = (), 0
        daemon.reporter.metrics.set("config_last_reload_successful", 1)
        daemon.reporter.metrics.set("config_last_reload_success_timestamp_seconds", daemon.clock.now() / SECOND)
        daemon.reporter.fact("config.reloaded", changes=done.words)
        daemon.reporter.add("config_reloads_total", outcome="success")

    def _failed(self, problems: tuple[str, ...]) -> None:
        daemon = self._daemon
        self.problems, self.failed_at = problems, self.failed_at or daemon.clock.now()
        daemon.reporter.metrics.set("config_last_reload_successful", 0)
        for problem in problems:
            daemon.reporter.fact("config.reload_failed", problem=problem)
        daemon.reporter.add("config_reloads_total", outcome="failure")


def _judge(found: Changes) -> None:
    if found.refused:
        raise ConfigError(*(f"{key}: {RESTART}" for key in found.refused))
