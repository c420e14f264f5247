"""What each rule finds in what is seen. Pure: from a sight and a threshold to findings; and what a person can do about each."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

from msgspec import Struct

from ingestd.model import SECOND
from ingestd.settings.rules import RuleDefault
from ingestd.telemetry.alerts.sight import Sight

HOUR: Final = 3_600.0
ENOUGH: Final = 100
"""Updates without which a share of them says nothing."""
DOWN: Final = ("connecting", "recovering")


class Finding(Struct, frozen=True, kw_only=True):
    """It is so. ``subject``: of which source, budget, channel; ``since``: from when on, where that is known (UTC µs, 0: from now on)."""

    rule: str = ""
    subject: str = ""
    text: str
    since: int = 0


Find = Callable[[Sight, float], Iterable[Finding]]


def judge(sight: Sight, rules: Mapping[str, RuleDefault]) -> list[Finding]:
    """Everything that is so, by the rules that are on."""
    return [
        Finding(rule=name, subject=one.subject, text=one.text, since=one.since)
        for name, rule in rules.items()
        for one in FIND[name](sight, rule.threshold)
    ]


def _source_down(sight: Sight, _: float) -> Iterator[Finding]:
    for one in sight.sources:
        if one.state in DOWN:
            yield Finding(subject=one.name, text=f"{one.name} is not connected ({one.reason or one.state})", since=one.since)


def _source_silent(sight: Sight, threshold: float) -> Iterator[Finding]:
    for one in sight.sources:
        quiet = (sight.now - one.last_received_at) / SECOND
        silent = one.state == "silent" or (one.state == "live" and quiet > threshold * one.silence_limit)
        if silent and one.last_received_at:
            yield Finding(subject=one.name, text=f"{one.name} has sent nothing for {quiet:.0f} s", since=one.last_received_at)


def _source_parked(sight: Sight, _: float) -> Iterator[Finding]:
    for one in sight.sources:
        if one.state == "parked":
            yield Finding(subject=one.name, text=f"{one.name} is parked: {one.reason}", since=one.since)


def _is_job(scope: str) -> bool:
    return scope == "query"


def _gap_open(sight: Sight, threshold: float) -> Iterator[Finding]:
    for one in sight.gaps:
        if not _is_job(one.scope) and one.count > threshold:
            text = f"{one.source}: {one.count} gaps are open ({one.scope}, {one.reason})"
            yield Finding(subject=f"{one.source} {one.scope} {one.reason}", text=text, since=one.since)


def _gap_rate(sight: Sight, threshold: float) -> Iterator[Finding]:
    for one in sight.sources:
        if one.gaps > threshold:
            yield Finding(subject=one.name, text=f"{one.name} missed something {one.gaps:.0f} times within an hour")


def _job_failed(sight: Sight, _: float) -> Iterator[Finding]:
    for run in sight.runs:
        if run.status in {"failed", "died"}:
            text = f"{run.kind} run {run.status}" + (f" ({run.source})" if run.source else "") + (f": {run.error}" if run.error else "")
            yield Finding(subject=f"{run.kind} {run.source} {run.started_at}", text=text, since=run.started_at)
    for one in sight.gaps:
        if _is_job(one.scope) and one.reason != "overdue":
            text = f"{one.source}: {one.count} queries go unanswered ({one.reason})"
            yield Finding(subject=f"{one.source} {one.reason}", text=text, since=one.since)


def _job_late(sight: Sight, threshold: float) -> Iterator[Finding]:
    for run in sight.runs:
        hours = (sight.now - run.started_at) / SECOND / HOUR
        if run.status == "running" and hours > threshold:
            text = f"{run.kind} run of {run.source} has been running for {hours:.0f} h"
            yield Finding(subject=f"{run.kind} {run.source} {run.started_at}", text=text, since=run.started_at)
    for one in sight.gaps:
        if _is_job(one.scope) and one.reason == "overdue":
            yield Finding(subject=one.source, text=f"{one.source}: {one.count} queries are overdue", since=one.since)


def _quota_short(sight: Sight, threshold: float) -> Iterator[Finding]:
    for one in sight.budgets:
        early = (one.renews_at - one.empty_at) / SECOND / HOUR if one.empty_at is not None else 0.0
        if early > threshold or (one.empty_at is not None and one.left < 1):
            yield Finding(subject=one.name, text=f"{one.name}: {one.left:.0f} credits left, used up {early:.0f} h before they renew")


def _quarantine_growth(sight: Sight, threshold: float) -> Iterator[Finding]:
    for one in sight.sources:
        if one.refused > threshold:
            yield Finding(subject=one.name, text=f"{one.name}: {one.refused:.0f} records put into quarantine within 10 min")


def _error_rate(sight: Sight, threshold: float) -> Iterator[Finding]:
    for one in sight.sources:
        if one.received >= ENOUGH and 100 * one.refused > threshold * one.received:
            share = 100 * one.refused / one.received
            yield Finding(subject=one.name, text=f"{one.name}: {share:.0f} % of what came within 10 min could not be taken")


def _records_dropped(sight: Sight, threshold: float) -> Iterator[Finding]:
    for one in sight.sources:
        if one.dropped > threshold:
            yield Finding(subject=one.name, text=f"{one.name}: {one.dropped} frames were dropped before they were durable")


def _store_not_committing(sight: Sight, threshold: float) -> Iterator[Finding]:
    since = sight.unavailable_since or (sight.now - round(sight.lag * SECOND))
    late = (sight.now - max(since, sight.committed_at)) / SECOND
    if sight.waiting and late > threshold:
        why = f": {sight.problem}" if sight.problem else ""
        yield Finding(text=f"nothing was committed for {late:.0f} s while {sight.waiting} positions of the journal wait{why}", since=since)


def _commit_slow(sight: Sight, threshold: float) -> Iterator[Finding]:
    if sight.commit > threshold:
        yield Finding(text=f"a commit takes {sight.commit:.1f} s")


def _ingest_lag(sight: Sight, threshold: float) -> Iterator[Finding]:
    if sight.lag > threshold:
        yield Finding(text=f"what was received {sight.lag:.0f} s ago is not in the store")


def _queue_near_full(sight: Sight, threshold: float) -> Iterator[Finding]:
    if 100 * sight.queue > threshold:
        yield Finding(text=f"the queue before the journal is {100 * sight.queue:.0f} % full")


def _loop_blocked(sight: Sight, threshold: float) -> Iterator[Finding]:
    if sight.loop > threshold:
        yield Finding(text=f"the event loop comes back {sight.loop:.1f} s late, on average of a minute")


def _journal_near_full(sight: Sight, threshold: float) -> Iterator[Finding]:
    if 100 * sight.journal > threshold:
        yield Finding(text=f"the journal is {100 * sight.journal:.0f} % full")


def _journal_full(sight: Sight, _: float) -> Iterator[Finding]:
    if sight.journal_full_since:
        yield Finding(text="the journal is full: reading is paused", since=sight.journal_full_since)


def _disk_filling(sight: Sight, threshold: float) -> Iterator[Finding]:
    if sight.disk is not None and sight.disk < threshold * HOUR:
        yield Finding(text=f"the journal's disk is down to its reserve in {sight.disk / HOUR:.1f} h")


def _breaker_open(sight: Sight, _: float) -> Iterator[Finding]:
    return (Finding(subject=name, text=f"breaker {name} is open") for name in sight.breakers)


def _unaccounted(sight: Sight, threshold: float) -> Iterator[Finding]:
    for one in sight.sources:
        if abs(one.unaccounted) > threshold:
            yield Finding(subject=one.name, text=f"{one.name}: {one.unaccounted} updates are not accounted for")


def _config_reload_failed(sight: Sight, _: float) -> Iterator[Finding]:
    if sight.config_problems:
        more = f" (and {len(sight.config_problems) - 1} more)" if len(sight.config_problems) > 1 else ""
        text = f"the configuration was not reloaded, the old one is in force: {sight.config_problems[0]}{more}"
        yield Finding(text=text, since=sight.config_failed_at)


def _alerts_undelivered(sight: Sight, _: float) -> Iterator[Finding]:
    return (Finding(subject=name, text=f"{name} does not take alerts", since=since) for name, since in sight.undelivered)


FIND: Final[dict[str, Find]] = {
    "source_down": _source_down,
    "source_silent": _source_silent,
    "source_parked": _source_parked,
    "gap_open": _gap_open,
    "gap_rate": _gap_rate,
    "job_failed": _job_failed,
    "job_late": _job_late,
    "quota_short": _quota_short,
    "quarantine_growth": _quarantine_growth,
    "error_rate": _error_rate,
    "records_dropped": _records_dropped,
    "store_not_committing": _store_not_committing,
    "commit_slow": _commit_slow,
    "ingest_lag": _ingest_lag,
    "queue_near_full": _queue_near_full,
    "loop_blocked": _loop_blocked,
    "journal_near_full": _journal_near_full,
    "journal_full": _journal_full,
    "disk_filling": _disk_filling,
    "breaker_open": _breaker_open,
    "unaccounted": _unaccounted,
    "config_reload_failed": _config_reload_failed,
    "alerts_undelivered": _alerts_undelivered,
}
