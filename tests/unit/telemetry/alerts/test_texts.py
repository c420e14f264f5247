"""What people read."""

import json
from email import message_from_bytes, policy

from msgspec.structs import replace

from ingestd.model import SECOND
from ingestd.telemetry.alerts.book import Alert, Notice
from ingestd.telemetry.alerts.texts import LONGEST, SHOWN, Told, email, pagerduty, plain, slack, told, webhook

NOW = 1_795_442_580 * SECOND


def alert(text: str = "a is parked: key", ago: int = 75, *, over: bool = False) -> Alert:
    """Something that is so, since a while ago."""
    return Alert(
        rule="source_parked",
        subject="a",
        text=text,
        severity="critical",
        since=NOW - ago * SECOND,
        seen_at=NOW - SECOND,
        fired_at=NOW,
        over=over,
    )


def said(*firing: Alert, over: tuple[Alert, ...] = (), again: bool = False) -> Told:
    """A message."""
    notice = Notice(rule="source_parked", severity="critical", at=NOW, firing=firing, over=over, again=again)
    return told(notice, name="odds", runbook="https://wiki/runbook")


def test_what_since_when_what_to_do_where_to_read_on() -> None:
    """In this order."""
    assert said(alert()).subject == "[odds] CRITICAL source_parked: a is parked: key, since 2026-11-23T14:01:45Z (75 s)"
    assert said(alert()).text.splitlines() == [
        "a source is parked until somebody acts",
        "now: a is parked: key, since 2026-11-23T14:01:45Z (75 s)",
        "what to do: https://wiki/runbook#source_parked",
        "see what went wrong: ingestd incidents; and how it is: ingestd health",
    ]


def test_over() -> None:
    """From when to when it was so."""
    one = said(over=(alert(over=True),))
    assert (one.over, one.text.splitlines()) == (
        True,
        ["a source is parked until somebody acts", "over: a is parked: key, since 2026-11-23T14:01:45Z to 2026-11-23T14:02:59Z"],
    )
    assert one.subject.startswith("[odds] RESOLVED source_parked: ")
    both = said(alert(), over=(alert("b"),))
    assert (both.over, both.subject.startswith("[odds] CRITICAL")) == (False, True)


def test_many() -> None:
    """Some are written out, the others counted."""
    one = said(*(alert(str(number)) for number in range(SHOWN + 3)), again=True)
    assert one.text.splitlines()[0] == f"a source is parked until somebody acts ({SHOWN + 3})"
    assert "now: and 3 more" in one.text
    assert " CRITICAL still " in one.subject


def test_plain() -> None:
    """One line, whatever a provider says, and not too long."""
    assert plain("a\r\nBcc: x\x1b[31m\u2028\ud800") == "a  Bcc: x [31m  "
    assert len(plain("x" * 1_000)) == LONGEST


def test_slack() -> None:
    """No mention and no link comes out of a provider's words."""
    text = json.loads(slack(said(alert("<!channel> & <https://evil|click>"))))["text"]
    assert "<" not in text
    assert "&lt;!channel&gt; &amp; " in text


def test_pagerduty() -> None:
    """An event that triggers, and one of the same key that resolves."""
    event = json.loads(pagerduty(said(alert()), "key"))
    assert (event["routing_key"], event["event_action"], event["dedup_key"]) == ("key", "trigger", "ingestd/odds/source_parked")
    assert event["links"] == [{"href": "https://wiki/runbook#source_parked", "text": "runbook"}]
    assert (event["payload"]["severity"], event["payload"]["timestamp"]) == ("critical", "2026-11-23T14:03:00.000Z")
    over = json.loads(pagerduty(said(over=(alert(over=True),)), "key"))
    assert (over["event_action"], over["dedup_key"]) == ("resolve", event["dedup_key"])
    assert json.loads(pagerduty(replace(said(alert()), link="docs/runbook.md#x"), "key"))["links"] == []


def test_webhook() -> None:
    """Everything, for programs."""
    body = json.loads(webhook(said(alert())))
    assert (body["status"], body["rule"], body["severity"], body["installation"], len(body["firing"])) == (
        "firing",
        "source_parked",
        "critical",
        "odds",
        1,
    )
    assert body["runbook"] == "https://wiki/runbook#source_parked"


def test_email() -> None:
    """Headers that nobody can add to; those of one rule are one thread."""
    first, second = (email(said(alert(text)), "from@x.example", ("a@y.example", "b@y.example")) for text in ("a\r\nBcc: evil@x", "é"))
    parsed = message_from_bytes(bytes(first), policy=policy.default)
    assert parsed["Bcc"] is None
    assert (parsed["To"], parsed["Auto-Submitted"]) == ("a@y.example, b@y.example", "auto-generated")
    assert first["References"] == second["References"]
    assert "é" in str(message_from_bytes(bytes(second), policy=policy.default)["Subject"])
