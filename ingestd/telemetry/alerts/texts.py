"""What people read: subject, text, and the form that each channel wants. Pure. Words of providers are only words in it."""

import json
from email.message import EmailMessage
from typing import Final

from msgspec import Struct

from ingestd.model import Severity
from ingestd.settings.rules import RULES
from ingestd.telemetry.alerts.book import Alert, Notice
from ingestd.telemetry.facts import stamp

SHOWN: Final = 10
"""Alerts of one message that are written out; of the others there is a count."""
LONGEST: Final = 300
"""Characters of what one alert says."""
LOOK: Final = "see what went wrong: ingestd incidents; and how it is: ingestd health"
TEST: Final = "test"
"""The rule of a message that only tries a channel."""


class Told(Struct, frozen=True, kw_only=True):
    """A message in words. ``key``: what it is about, the same each time, for receivers that group."""

    key: str
    name: str
    rule: str
    severity: Severity
    over: bool
    subject: str
    text: str
    link: str
    at: int
    firing: tuple[str, ...]
    resolved: tuple[str, ...]


def told(notice: Notice, *, name: str, runbook: str) -> Told:
    """A notice in words: what, since when, what to do, where to read on. ``name``: of the installation."""
    link = f"{runbook}#{notice.rule}"
    firing, over = (tuple(_line(one, notice.at) for one in alerts) for alerts in (notice.firing, notice.over))
    about = RULES[notice.rule].about if notice.rule in RULES else "this is only a test"
    count = f" ({len(firing)})" if len(firing) > 1 else ""
    first = firing[0] if firing else over[0] if over else about
    state = "RESOLVED" if not firing and over else f"{notice.severity.upper()}{' still' if notice.again else ''}"
    parts = [f"{about}{count}", *_listed("now", firing), *_listed("over", over)]
    if firing:
        parts += [f"what to do: {link}", LOOK]
    return Told(
        key=f"ingestd/{name}/{notice.rule}",
        name=name,
        rule=notice.rule,
        severity=notice.severity,
        over=not firing and bool(over),
        subject=plain(f"[{name}] {state} {notice.rule}: {first}")[:200],
        text="\n".join(parts),
        link=link,
        at=notice.at,
        firing=firing,
        resolved=over,
    )


def plain(text: str) -> str:
    """On one line, without anything that is not printed, and not too long."""
    line = "".join(char if char.isprintable() else " " for char in text)
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"


def slack(said: Told) -> bytes:
    """The body for an incoming webhook; what Slack would read as a mention or a link is written out."""
    text = f"*{_escaped(said.subject)}*\n{_escaped(said.text)}"
    return json.dumps({"text": text, "mrkdwn": True, "unfurl_links": False}).encode()


def pagerduty(said: Told, key: str) -> bytes:
    """An event of the Events API v2: it triggers while anything of the rule fires, and resolves when all of it is over."""
    event = {
        "routing_key": key,
        "event_action": "resolve" if said.over else "trigger",
        "dedup_key": said.key,
        "client": "ingestd",
        "links": [{"href": said.link, "text": "runbook"}] if said.link.startswith("http") else [],
        "payload": {
            "summary": said.subject,
            "source": said.name,
            "severity": said.severity,
            "timestamp": stamp(said.at),
            "component": "ingestd",
            "class": said.rule,
            "custom_details": {"text": said.text},
        },
    }
    return json.dumps(event).encode()


def webhook(said: Told) -> bytes:
    """Everything, for programs."""
    body = {
        "version": 1,
        "key": said.key,
        "installation": said.name,
        "status": "resolved" if said.over else "firing",
        "rule": said.rule,
        "severity": said.severity,
        "at": stamp(said.at),
        "subject": said.subject,
        "text": said.text,
        "runbook": said.link,
        "firing": said.firing[:SHOWN],
        "resolved": said.resolved[:SHOWN],
    }
    return json.dumps(body).encode()


def email(said: Told, sender: str, to: tuple[str, ...]) -> EmailMessage:  # type: ignore[explicit-any] # its own default
    """A mail; those about one thing are one thread."""
    message = EmailMessage()
    message["From"] = sender
    message["To"] = ", ".join(to)
    message["Subject"] = said.subject
    thread = f"<{said.rule}@{''.join(char for char in said.name if char.isalnum()) or 'ingestd'}.ingestd>"
    message["References"] = thread
    message["In-Reply-To"] = thread
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(said.text + "\n")
    return message


def _line(one: Alert, now: int) -> str:
    ended = f" to {stamp(one.seen_at)[:19]}Z" if one.over else f" ({_span(now - one.since)})"
    return plain(f"{one.text}, since {stamp(one.since)[:19]}Z{ended}")


def _span(micros: int) -> str:
    seconds = max(0, micros // 1_000_000)
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


def _listed(word: str, lines: tuple[str, ...]) -> list[str]:
    more = [f"{word}: and {len(lines) - SHOWN} more"] if len(lines) > SHOWN else []
    return [f"{word}: {line}" for line in lines[:SHOWN]] + more


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
