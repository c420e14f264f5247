"""What follows from findings over time: when an alert fires, is told again, grows worse, is over. Pure: it is told the time."""

from collections.abc import Iterable, Mapping
from copy import copy
from typing import Final

from msgspec import Struct, field

from ingestd.model import SECOND, Severity
from ingestd.settings.rules import RuleDefault
from ingestd.telemetry.alerts.rules import Finding

RANK: Final[dict[Severity, int]] = {"info": 0, "warning": 1, "error": 2, "critical": 3}
MOST: Final = 10_000
"""Alerts that are kept, at most."""
Key = tuple[str, str]


class Patience(Struct, frozen=True, kw_only=True):
    """Spans in seconds, as in ``AlertSettings``."""

    group: float
    cool_down: float
    repeat: float
    escalate_after: float


class Alert(Struct, kw_only=True):
    """Something that is so, or was lately. ``fired_at`` 0: not for long enough yet; ``told``: said before. Times in UTC µs."""

    rule: str
    subject: str
    text: str
    severity: Severity
    since: int
    seen_at: int
    fired_at: int = 0
    told: bool = False
    over: bool = False


class Notice(Struct, frozen=True, kw_only=True):
    """A message: everything of one rule that fires, and what of it is over. ``at``, and ``since`` of each: UTC µs.

    ``severity``: the worst of all of it, so that whoever was told that it fires is told that it is over.
    """

    rule: str
    severity: Severity
    at: int
    firing: tuple[Alert, ...]
    over: tuple[Alert, ...]
    again: bool = False


class _Spoken(Struct):
    """What of a rule waits to be said: since when, what is over, and when it was last said that something fires."""

    waits_since: int = 0
    over: list[Alert] = field(default_factory=list)
    said_at: int = 0
    again: bool = False


class AlertBook:
    """All alerts. ``alerts``: those of an earlier life, which fire on until they are over."""

    def __init__(self, rules: Mapping[str, RuleDefault], patience: Patience, alerts: Iterable[Alert] = ()) -> None:
        self._rules = rules
        self._patience = patience
        self._alerts: dict[Key, Alert] = {(one.rule, one.subject): one for one in alerts if one.rule in rules}
        self._spoken: dict[str, _Spoken] = {}

    def adopt(self, rules: Mapping[str, RuleDefault], patience: Patience) -> None:
        """Judge by these from now on; what a rule found that is on no more is forgotten without a word."""
        self._rules, self._patience = rules, patience
        self._alerts = {key: one for key, one in self._alerts.items() if one.rule in rules}
        self._spoken = {rule: spoken for rule, spoken in self._spoken.items() if rule in rules}

    @property
    def firing(self) -> list[Alert]:
        """Those that have fired and are not over."""
        return [one for one in self._alerts.values() if one.fired_at]

    def step(self, now: int, findings: Iterable[Finding]) -> list[Notice]:
        """What is to be said now, these being all findings."""
        for finding in findings:
            self._found(now, finding)
        for key, one in list(self._alerts.items()):
            if one.seen_at < now:
                self._missed(now, key, one)
            if one.fired_at and not one.over:
                self._lasts(now, one)
        return [notice for rule, spoken in self._spoken.items() if (notice := self._say(now, rule, spoken))]

    def _found(self, now: int, finding: Finding) -> None:
        key = finding.rule, finding.subject
        rule = self._rules[finding.rule]
        one = self._alerts.get(key)
        if one is None:
            if len(self._alerts) >= MOST:
                return
            since = min(finding.since or now, now)
            one = self._alerts[key] = Alert(
                rule=finding.rule, subject=finding.subject, text=finding.text, severity=rule.severity, since=since, seen_at=now
            )
        one.text, one.seen_at = finding.text, now
        if not one.fired_at and now - one.since >= rule.hold * SECOND:
            one.fired_at = now
            self._changed(now, one.rule)

    def _missed(self, now: int, key: Key, one: Alert) -> None:
        """It is not so any more; what fired is over only after a while without it, so that what comes and goes is one alert."""
        if not one.fired_at:
            del self._alerts[key]
        elif now - one.seen_at >= self._patience.cool_down * SECOND:
            del self._alerts[key]
            one.over = True
            self._changed(now, one.rule).over.append(one)

    def _lasts(self, now: int, one: Alert) -> None:
        """An error that lasts becomes critical; a warning wakes nobody, however long it lasts."""
        after = self._patience.escalate_after * SECOND
        if after and one.severity == "error" and now - one.fired_at >= after:
            one.severity = "critical"
            self._changed(now, one.rule)
        spoken = self._spoken.setdefault(one.rule, _Spoken(said_at=now))
        if not spoken.waits_since and now - spoken.said_at >= self._patience.repeat * SECOND:
            spoken.waits_since, spoken.again = now, True

    def _changed(self, now: int, rule: str) -> _Spoken:
        spoken = self._spoken.setdefault(rule, _Spoken())
        spoken.waits_since = spoken.waits_since or now
        spoken.again = False
        return spoken

    def _say(self, now: int, rule: str, spoken: _Spoken) -> Notice | None:
        if not spoken.waits_since or now - spoken.waits_since < self._patience.group * SECOND:
            return None
        standing = [one for one in self._alerts.values() if one.rule == rule and one.fired_at]
        firing = tuple(map(copy, standing))
        for one in standing:
            one.told = True
        worst = max((*firing, *spoken.over), key=lambda one: RANK[one.severity])
        notice = Notice(rule=rule, severity=worst.severity, at=now, firing=firing, over=tuple(spoken.over), again=spoken.again)
        self._spoken[rule] = _Spoken(said_at=now)
        return notice
