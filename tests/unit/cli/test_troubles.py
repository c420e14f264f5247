"""What is wrong, of any overview: the worst first, each once, with what to do."""

from typing import Any

import pytest

from ingestd.cli.troubles import Ill, troubles
from ingestd.model import SECOND
from ingestd.overview import Daemon, Firing, Journal, Month, Overview, Source, Store

NOW = 1_700_000_000 * SECOND
AT = NOW - 100 * SECOND
PAGE = "runbook.md"
RUNNING = Daemon(version="1", instance="i", life="running", started_at=AT)
WELL: dict[str, Any] = {  # type: ignore[explicit-any] # fields
    "daemon": RUNNING,
    "store": Store(committed_at=NOW),
    "journal": Journal(size=1, limit=100),
    "sources": [Source(source="a", feed="f", state="live", since=AT, last_received_at=NOW)],
}


def found(**more: object) -> list[Ill]:
    """Of one that is well but for this."""
    return troubles(Overview(at=NOW, **{**WELL, **more}), PAGE)


def source(**more: object) -> list[Source]:
    """One that is so."""
    return [Source(**{"source": "a", "feed": "f", "since": AT, **more})]  # type: ignore[arg-type] # fields


def test_all_is_well() -> None:
    """Then nothing is said; a source that came to its end is no trouble."""
    assert found() == []
    assert found(sources=source(state="stopped")) == []


@pytest.mark.parametrize(
    ("more", "severity", "words", "advice"),
    [
        ({"sources": source(state="parked", reason="key", hint="set another")}, "critical", "a is parked (key)", "set another; then"),
        ({"sources": source(state="parked", reason="bug")}, "critical", "a is parked (bug)", "ingestd incidents --source a"),
        ({"sources": source(state="silent", reason="silent")}, "warning", "a is silent", "ingestd incidents --source a"),
        ({"sources": source(state="recovering", reason="closed")}, "warning", "a is recovering (closed)", "ingestd incidents --source a"),
        ({"store": Store(unavailable_since=AT, reason="Refused")}, "critical", "the store is away (Refused)", "#store_not_committing"),
        ({"store": Store(busy_since=AT)}, "critical", "the store does not answer", "#store_not_committing"),
        ({"journal": Journal(size=1, limit=9, full_since=AT)}, "critical", "the journal is full", "#journal_full"),
        ({"journal": Journal(size=9, limit=10)}, "error", "at 90% of its limit", "#journal_near_full"),
        ({"breakers": {"b": "half_open"}}, "warning", "breaker b is half open", "#breaker_open"),
        ({"daemon": Daemon(version="1", instance="i", life="draining", started_at=AT)}, "info", "the daemon is draining", ""),
        ({"daemon": None, "sources": source(state="live", last_received_at=AT)}, "critical", "nothing is recorded", "ingestd run"),
        ({"daemon": None, "sources": source(state="stopped", last_received_at=NOW)}, "critical", "nothing is recorded", "ingestd run"),
        ({"daemon": None, "sources": source(state="live", last_received_at=NOW)}, "warning", "a moment ago", "where it runs"),
    ],
)
def test_what_is_wrong(more: dict[str, object], severity: str, words: str, advice: str) -> None:
    """Each in one line, and what to do."""
    (ill,) = found(**more)
    assert (ill.severity, words in ill.text, advice in ill.advice) == (severity, True, True)
    assert ill.since in {0, AT, NOW}


def test_a_month_that_is_used_up() -> None:
    """Nobody may ask any more."""
    month = Month(budget="b", sources=["a"], limit=10, left=0, renews_at=NOW, empty_at=NOW, slowed=1)
    (ill,) = found(budgets=[month])
    assert (ill.severity, ill.rule) == ("error", "quota_short")


def test_what_fires_is_told_once_and_as_gravely() -> None:
    """With the words of here where there are some; the worst and the oldest first."""
    alerts = [
        Firing(rule="gap_rate", subject="a", text="a missed something", severity="warning", since=NOW),
        Firing(rule="source_down", subject="a", text="a is not connected", severity="critical", since=AT - SECOND),
    ]
    told = found(sources=source(state="connecting", reason="closed"), alerts=alerts)
    assert [(ill.severity, ill.text, ill.since, ill.advice) for ill in told] == [
        ("critical", "a is connecting (closed)", AT - SECOND, "ingestd incidents --source a"),
        ("warning", "a missed something", NOW, f"{PAGE}#gap_rate"),
    ]
