"""What is wrong, since when, and what to do, of an overview: the first thing that somebody wants to see who was woken by it. Pure."""

from collections.abc import Iterator
from functools import partial
from typing import Final

from msgspec import Struct

from ingestd.model import SECOND, Severity
from ingestd.overview import Overview, Source

RANK: Final[dict[Severity, int]] = {"critical": 0, "error": 1, "warning": 2, "info": 3}
SLOW: Final = 5 * SECOND
"""µs without an answer of the store that are worth a word."""
NEARLY: Final = 0.8
"""Of the journal's limit."""
FRESH: Final = 60 * SECOND
"""µs after the last frame for which a daemon may be at work all the same, on another machine."""


class Ill(Struct, frozen=True, kw_only=True):
    """Something that is wrong. ``rule`` and ``subject`` as the alert of it has them; ``since`` UTC µs, 0: nobody knows."""

    rule: str
    subject: str
    severity: Severity
    text: str
    since: int
    advice: str


def troubles(found: Overview, runbook: str) -> list[Ill]:
    """Everything that is wrong, the worst and the oldest first; of what fires as an alert as well, once. ``runbook``: where it is."""
    seen = [*_daemon(found), *_store(found, runbook), *_journal(found, runbook), *_shared(found, runbook)]
    for source in found.sources if found.daemon else ():
        seen += _source(source)
    told = {(one.rule, one.subject): one for one in seen}
    for alert in found.alerts:
        here = told.get((alert.rule, alert.subject))
        told[alert.rule, alert.subject] = Ill(
            rule=alert.rule,
            subject=alert.subject,
            severity=alert.severity,
            text=here.text if here else alert.text,
            since=min(here.since, alert.since) if here and here.since else alert.since,
            advice=here.advice if here else f"{runbook}#{alert.rule}",
        )
    return sorted(told.values(), key=lambda one: (RANK[one.severity], one.since))


def _daemon(found: Overview) -> Iterator[Ill]:
    if found.daemon is not None:
        if found.daemon.life != "running":
            text = f"the daemon is {found.daemon.life}"
            yield Ill(rule="", subject="daemon", severity="info", text=text, since=found.daemon.started_at, advice="")
        return
    last = max((source.last_received_at for source in found.sources), default=0)
    if found.at - last < FRESH and any(source.state == "live" for source in found.sources):
        text, advice = (
            "no daemon answers, though the store was written to a moment ago",
            "ask on the machine where it runs; else: ingestd run",
        )
        yield Ill(rule="", subject="daemon", severity="warning", text=text, since=0, advice=advice)
    else:
        text, advice = "no daemon answers, and nothing is recorded", "ingestd run, or systemctl status ingestd; its log says why it ended"
        yield Ill(rule="", subject="daemon", severity="critical", text=text, since=last, advice=advice)


def _store(found: Overview, runbook: str) -> Iterator[Ill]:
    store = found.store
    if store is None:
        return
    if store.unavailable_since:
        text = f"the store is away ({store.reason}); the journal takes what comes"
        since = store.unavailable_since
    elif store.busy_since and found.at - store.busy_since > SLOW:
        text, since = "the store does not answer; the journal takes what comes", store.busy_since
    else:
        return
    rule = "store_not_committing"
    yield Ill(rule=rule, subject="", severity="critical", text=text, since=since, advice=f"{runbook}#{rule}")


def _journal(found: Overview, runbook: str) -> Iterator[Ill]:
    journal = found.journal
    if journal is None:
        return
    if journal.full_since:
        text, rule = "the journal is full: nothing is read any more", "journal_full"
        yield Ill(rule=rule, subject="", severity="critical", text=text, since=journal.full_since, advice=f"{runbook}#{rule}")
    elif journal.size > NEARLY * journal.limit:
        rule, text = "journal_near_full", f"the journal is at {journal.size / journal.limit:.0%} of its limit"
        yield Ill(rule=rule, subject="", severity="error", text=text, since=0, advice=f"{runbook}#{rule}")


def _shared(found: Overview, runbook: str) -> Iterator[Ill]:
    for name, state in found.breakers.items():
        text = f"breaker {name} is {state.replace('_', ' ')}: what is behind it is not asked for a while"
        yield Ill(rule="breaker_open", subject=name, severity="warning", text=text, since=0, advice=f"{runbook}#breaker_open")
    for month in found.budgets:
        if month.left <= 0:
            text = f"budget {month.budget} is used up: {', '.join(month.sources)} cannot ask"
            yield Ill(rule="quota_short", subject=month.budget, severity="error", text=text, since=0, advice=f"{runbook}#quota_short")


def _source(source: Source) -> Iterator[Ill]:
    name, ask = source.source, f"ingestd incidents --source {source.source}"
    why = f" ({source.reason})" if source.reason else ""
    ill = partial(Ill, subject=name, since=source.since)
    if source.state == "parked":
        # what is refused once is refused again: its own hint is worth more than any page
        advice = f"{source.hint}; then reload (kill -HUP)" if source.hint else ask
        yield ill(rule="source_parked", severity="critical", text=f"{name} is parked{why}", advice=advice)
    elif source.state == "silent":
        yield ill(rule="source_silent", severity="warning", text=f"{name} is silent", advice=ask)
    elif source.state in {"connecting", "recovering"}:
        yield ill(rule="source_down", severity="warning", text=f"{name} is {source.state}{why}", advice=ask)
