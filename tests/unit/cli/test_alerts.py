"""Rules and channels as configured, and whether a message arrives."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from ingestd.cli import alerts
from ingestd.errors import ConfigError
from ingestd.settings.rules import RULES
from ingestd.telemetry.alerts.book import Alert
from ingestd.telemetry.alerts.keeping import ALERTS, keep


class Taker(BaseHTTPRequestHandler):
    """Takes what is posted, but nothing under /no."""

    bodies: list[dict[str, object]]

    def do_POST(self) -> None:
        self.bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(403 if self.path.startswith("/no") else 200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def receiver() -> Iterator[tuple[str, list[dict[str, object]]]]:
    """Where it listens, and what it got."""
    bodies: list[dict[str, object]] = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Own", (Taker,), {"bodies": bodies}))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", bodies
    server.shutdown()
    thread.join()
    server.server_close()


def with_alerts(config: Path, text: str) -> Path:
    """The configuration, and these alerts."""
    with config.open("a", encoding="utf-8") as file:
        file.write(f"alerts: {{{text}}}\n")
    return config


def test_a_message_over_every_channel(
    config: Path, receiver: tuple[str, list[dict[str, object]]], capsys: pytest.CaptureFixture[str]
) -> None:
    """What became of each; whatever is grave enough or not. PagerDuty is told that it is over."""
    url, bodies = receiver
    with_alerts(config, f"slack: {{webhook: '{url}/a'}}, pagerduty: {{key: k, url: '{url}/v2'}}, name: odds")
    assert alerts.try_(config, "") == 0
    assert capsys.readouterr().out == "slack: taken\npagerduty: taken\n"
    assert "a person asked whether messages arrive" in str(bodies[0]["text"])
    assert [body["event_action"] for body in bodies[1:]] == ["trigger", "resolve"]


def test_a_channel_that_does_not_take_it(
    config: Path, receiver: tuple[str, list[dict[str, object]]], capsys: pytest.CaptureFixture[str]
) -> None:
    """Is told with what it said, without secrets; the others are tried all the same."""
    url, _ = receiver
    with_alerts(config, f"slack: {{webhook: '{url}/no/s3cr3tpath'}}, webhook: {{url: '{url}/a'}}")
    assert alerts.try_(config, "") == 1
    said = capsys.readouterr()
    assert (said.out, said.err.startswith("slack: status: 403")) == ("webhook: taken\n", True)
    assert "s3cr3tpath" not in said.err
    assert alerts.try_(config, "webhook") == 0


def test_no_channel(config: Path) -> None:
    """With what to set; or which there are."""
    with pytest.raises(ConfigError, match=r"no channel is configured; set alerts\.slack\.webhook"):
        alerts.try_(config, "")
    with_alerts(config, "webhook: {url: 'http://127.0.0.1:9'}")
    with pytest.raises(ConfigError, match="no 'slack' is configured; there are: webhook"):
        alerts.try_(config, "slack")


def test_list(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Rules as they are here, channels, what fires."""
    with_alerts(config, "email: {to: a@b.example}, rules: {gap_rate: {enabled: false}, ingest_lag: {threshold: 7, for: 1h}}")
    alerts.list_(config, as_json=True)
    found = json.loads(capsys.readouterr().out)
    assert (found["enabled"], found["channels"], found["firing"]) == (True, {"email": "warning"}, [])
    rules = {rule["rule"]: rule for rule in found["rules"]}
    assert set(RULES) - set(rules) == {"gap_rate"}
    assert (rules["ingest_lag"]["threshold"], rules["ingest_lag"]["hold"]) == (7, 3_600)
    assert rules["ingest_lag"]["runbook"] == "docs/runbook.md#ingest_lag"
    alerts.list_(config, as_json=False)
    assert "nothing fires" in capsys.readouterr().out


def test_list_what_fires(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As the daemon keeps it beside its journal; words of providers are no markup."""
    Path("journal").mkdir()
    keep(
        Path("journal") / ALERTS,
        [Alert(rule="gap_rate", subject="a", text="[red]a[/]", severity="warning", since=1, seen_at=2, fired_at=3)],
    )
    alerts.list_(config, as_json=False)
    said = capsys.readouterr().out
    assert "fires     gap_rate: [red]a[/], since 1970-01-01 00:00:00" in said
    assert "channels  none" in said
