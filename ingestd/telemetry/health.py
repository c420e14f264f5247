"""How it is: one report for people, and three yes-or-no answers for whoever runs it. From cached state only; touches nothing outside."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, Literal

import msgspec
from msgspec import UNSET, Struct, UnsetType

from ingestd.interfaces import Clock
from ingestd.model import SECOND, SourceStatus
from ingestd.telemetry.facts import stamp

MEDIA_TYPE: Final = "application/health+json"
SLOW: Final = 5.0
"""Seconds of one answer, or of one append to the journal, after which store or disk is slow, or frozen."""
FROZEN: Final = 60.0
"""Seconds without an answer after which it counts as away."""
PATIENCE: Final = 60.0
"""Seconds that no source may be live before the whole counts as failing."""

Verdict = Literal["pass", "warn", "fail"]
WORST: Final[tuple[Verdict, ...]] = ("fail", "warn", "pass")


class Check(Struct, frozen=True, omit_defaults=True):
    """How one component is. ``since``: ISO time from which on it is so."""

    status: Verdict
    output: str = ""
    observed_value: float | str | UnsetType = UNSET
    unit: str = ""
    since: str = ""


class Component(Struct, frozen=True):
    """Something that can be asked. ``vital``: if it fails, only a restart helps. ``durable``: if it fails, nothing more can be taken."""

    probe: Callable[[], Check]
    vital: bool = False
    durable: bool = False


class Report(Struct, frozen=True, kw_only=True):
    """The body of ``/health``. Holds no host name and no secret."""

    status: Verdict
    version: str
    instance: str
    uptime_seconds: float
    checks: dict[str, Check]


def etl_health_check(components: Mapping[str, Component], *, version: str, instance: str, uptime: float) -> Report:
    """Ask every component; the whole is as well as its worst. ``uptime`` in seconds."""
    checks = {name: component.probe() for name, component in components.items()}
    verdicts = {check.status for check in checks.values()}
    status: Verdict = next((verdict for verdict in WORST if verdict in verdicts), "pass")
    return Report(status=status, version=version, instance=instance, uptime_seconds=round(uptime, 3), checks=checks)


def check_sources(states: Iterable[tuple[SourceStatus, int]], now: int) -> Check:
    """All sources together (state, since when not live in µs): warns while one is not live, fails when none has been for a minute.

    One that came to its end does not count.
    """
    states = [(state, since) for state, since in states if state != "stopped"]
    live = sum(state == "live" for state, _ in states)
    latest = max((since for state, since in states if state != "live"), default=now)
    waited = (now - latest) / SECOND
    verdict: Verdict = "pass" if live == len(states) else "fail" if not live and waited > PATIENCE else "warn"
    return Check(verdict, f"{live} of {len(states)} live", live, "sources", stamp(latest))


def check_source(state: SourceStatus, since: int, reason: str = "") -> Check:
    """One source: warns while it is not live; it alone never fails the whole."""
    return Check(
        "pass" if state in {"live", "stopped"} else "warn", ": ".join(part for part in (state, reason) if part), since=stamp(since)
    )


def check_store(unavailable_since: int, problem: str, busy_since: int, now: int) -> Check:
    """The store: fails while it cannot be reached or is frozen, warns while one answer takes long (since when, µs; 0: not so)."""
    if unavailable_since:
        return Check("fail", f"unavailable: {problem}", since=stamp(unavailable_since))
    busy = (now - busy_since) / SECOND if busy_since else 0.0
    if busy > SLOW:
        return Check("fail" if busy > FROZEN else "warn", f"no answer for {busy:.0f} s so far", since=stamp(busy_since))
    return Check("pass")


def check_journal(paused_since: int | None, busy_since: int, now: int, size: int, limit: int) -> Check:
    """The journal: fails while reading is paused because it is full, or its disk hangs; sizes in bytes."""
    if paused_since is not None:
        return Check("fail", "full, reading is paused", size, "bytes", stamp(paused_since))
    busy = (now - busy_since) / SECOND if busy_since else 0.0
    if busy > SLOW:
        return Check("fail", f"an append has taken {busy:.0f} s so far", size, "bytes", stamp(busy_since))
    return Check("warn" if size > 0.8 * limit else "pass", "", size, "bytes")


def check_breakers(states: Iterable[str]) -> Check:
    """Breakers: warns while one is open; what is behind it is asked again by itself."""
    states = list(states)
    open_ = sum(state == "open" for state in states)
    return Check("warn" if open_ else "pass", f"{open_} of {len(states)} open", open_, "breakers")


def check_config(problems: Sequence[str], since: int) -> Check:
    """The configuration: warns while the last one that was asked for is not in force; ``since`` when that is so, UTC µs."""
    return Check("warn", "not reloaded, the old one is in force: " + "; ".join(problems), since=stamp(since)) if problems else Check("pass")


def check_progress(beat: float, now: float, deadline: float) -> Check:
    """A task that must come by: fails when its last ``beat`` (monotonic seconds) is more than ``deadline`` ago."""
    late = now - beat
    return Check("fail" if late > deadline else "pass", f"last seen {late:.0f} s ago" if late > deadline else "", round(late, 3), "s")


class Health:
    """The four pages, each a callable from an ``Accept`` header (unused) to status, media type and body.

    ``components`` says what there is now; ``life`` says ``starting``, ``running``, ``draining`` or ``stopped``.
    """

    def __init__(
        self, components: Callable[[], Mapping[str, Component]], life: Callable[[], str], clock: Clock, *, version: str, instance: str
    ) -> None:
        self._components = components
        self._life = life
        self._clock = clock
        self._version = version
        self._instance = instance
        self._began = clock.monotonic()

    def pages(self) -> Mapping[str, Callable[[str], tuple[int, str, bytes]]]:
        """All four by their paths."""
        return {"/health": self.report, "/health/live": self.live, "/health/ready": self.ready, "/health/startup": self.startup}

    def report(self, _: str = "") -> tuple[int, str, bytes]:
        """``/health``: everything; 503 when something fails."""
        report = self._ask(self._components())
        return _page(report, well=report.status != "fail")

    def live(self, _: str = "") -> tuple[int, str, bytes]:
        """``/health/live``: 503 when only a restart helps. That this answers at all shows that the loop turns."""
        report = self._ask({name: part for name, part in self._components().items() if part.vital})
        return _page(report, well=report.status != "fail")

    def ready(self, _: str = "") -> tuple[int, str, bytes]:
        """``/health/ready``: 503 while starting or draining, and while what comes in could not be made durable."""
        durable = self._ask({name: part for name, part in self._components().items() if part.durable})
        return self._by_life(durable, well=self._life() == "running" and durable.status != "fail")

    def startup(self, _: str = "") -> tuple[int, str, bytes]:
        """``/health/startup``: 503 until everything is ready once."""
        return self._by_life(self._ask({}), well=self._life() != "starting")

    def _ask(self, components: Mapping[str, Component]) -> Report:
        uptime = self._clock.monotonic() - self._began
        return etl_health_check(components, version=self._version, instance=self._instance, uptime=uptime)

    def _by_life(self, report: Report, *, well: bool) -> tuple[int, str, bytes]:
        life = Check("pass" if well else "fail", self._life())
        checks = {"life": life, **report.checks}
        return _page(msgspec.structs.replace(report, status="fail" if not well else report.status, checks=checks), well=well)


def _page(report: Report, *, well: bool) -> tuple[int, str, bytes]:
    return 200 if well else 503, MEDIA_TYPE, msgspec.json.encode(report)
