"""What Prometheus and Grafana make of us, by the real Prometheus: metrics, rules, and every query of the dashboard."""

import asyncio
import json
import re
import shutil
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final, TypedDict

import aiohttp
import pytest
import yaml
from pydantic import JsonValue

from ingestd.telemetry.metrics import METRICS, PREFIX
from ingestd.testing.rig.daemon import DaemonProcess, daemon
from tests.conftest import free_port

ROOT: Final = Path(__file__).parents[2]
RULES: Final = ROOT / "config" / "prometheus" / "rules.yml"
DASHBOARD: Final = ROOT / "config" / "grafana" / "dashboards" / "ingestd.json"
SCRAPE: Final = 1
WITHIN: Final = 45.0

prometheus = pytest.mark.skipif(shutil.which("prometheus") is None, reason="no prometheus here (Debian: apt-get install prometheus)")

DOCUMENTED: Final = re.findall(r"^```\n(.*?)```", (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
BALANCES: Final = DOCUMENTED[:3]
CASES: Final = ROOT / "tests" / "integration" / "alert_cases.yaml"


class Case(TypedDict):
    """Series of a test, and when it is looked at."""

    at: str
    loud: dict[str, str]
    quiet: dict[str, str]


def cases() -> dict[str, Case]:
    """By alert."""
    found: dict[str, Case] = yaml.safe_load(CASES.read_text())
    return found


def alerts() -> dict[str, dict[str, dict[str, str]]]:
    """The alert rules by name."""
    groups = yaml.safe_load(RULES.read_text())["groups"]
    return {rule["alert"]: rule for group in groups for rule in group["rules"] if "alert" in rule}


def test_every_alert_has_its_cases_and_its_texts() -> None:
    """One that fires, one that does not; and a person is told what, since when, and where to read on."""
    assert set(alerts()) == set(cases())
    sections = re.findall(r"^#{2,3} (\w+)$", (ROOT / "docs" / "runbook.md").read_text(), re.MULTILINE)
    for name, rule in alerts().items():
        assert rule["labels"]["severity"] in {"page", "ticket"}, name
        assert {"summary", "description", "runbook"} <= set(rule["annotations"]), name
        assert rule["annotations"]["runbook"].removeprefix("docs/runbook.md#") in sections, name


def test_they_ask_for_what_there_is() -> None:
    """Rules and dashboard name no metric that we do not have."""
    asked = set(re.findall(rf"\b{PREFIX}(\w+)", RULES.read_text() + DASHBOARD.read_text()))
    known = {name + end for name in METRICS for end in ("", "_bucket", "_sum", "_count")}
    assert asked - known == set()


def promtool(*words: str, given: str = "") -> str:
    """What it complains of."""
    done = subprocess.run(["/usr/bin/promtool", *words], input=given, capture_output=True, text=True, check=False)  # noqa: S603 - our own words
    return done.stderr if done.returncode else ""


@prometheus
def test_alerts_fire_when_they_should(tmp_path: Path) -> None:
    """By promtool: each fires in its case, and none but others in the quiet one."""
    tests = [
        {
            "interval": "1m",
            "name": f"{name}, {word}",
            "input_series": [{"series": series, "values": values} for series, values in wanted.items()],
            "promql_expr_test": [
                {
                    "expr": f'count(ALERTS{{alertname="{name}",alertstate="firing"}}) or vector(0)',
                    "eval_time": case["at"],
                    "exp_samples": [{"labels": "{}", "value": int(word == "loud")}],
                }
            ],
        }
        for name, case in cases().items()
        for word, wanted in (("loud", case["loud"]), ("quiet", case["quiet"]))
    ]
    (tmp_path / "tests.yml").write_text(yaml.safe_dump({"rule_files": [str(RULES)], "evaluation_interval": "1m", "tests": tests}))
    assert promtool("test", "rules", str(tmp_path / "tests.yml")) == ""


@pytest.fixture
async def recording(tmp_path: Path) -> AsyncIterator[DaemonProcess]:
    """A daemon on its demo."""
    async with daemon(tmp_path / "daemon", {"journal": {"path": str(tmp_path / "journal"), "reserve": 0}}) as process:
        await process.start()
        yield process


@pytest.fixture
async def asked(recording: DaemonProcess, tmp_path: Path) -> AsyncIterator[str]:
    """A Prometheus that scrapes it every second by our rules; yields its address."""
    config = yaml.safe_load((ROOT / "config" / "prometheus" / "prometheus.yml").read_text())
    config["global"] = {"scrape_interval": f"{SCRAPE}s", "evaluation_interval": f"{SCRAPE}s"}
    config["scrape_configs"][0]["static_configs"] = [{"targets": [recording.url.removeprefix("http://")]}]
    config["rule_files"] = [str(RULES)]
    (tmp_path / "prometheus.yml").write_text(yaml.safe_dump(config))
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        "prometheus", f"--config.file={tmp_path}/prometheus.yml", f"--storage.tsdb.path={tmp_path}/tsdb",
        f"--web.listen-address=127.0.0.1:{port}", stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        await process.wait()


@prometheus
async def test_every_panel_has_data(asked: str) -> None:
    """Each query of the dashboard, as Grafana would send it, brings at least one series from the real daemon."""
    panels = [panel for panel in json.loads(DASHBOARD.read_text())["panels"] if panel["type"] != "row"]
    empty = {target["expr"]: panel["title"] for panel in panels for target in panel["targets"]}
    async with aiohttp.ClientSession() as session, asyncio.timeout(WITHIN):
        while empty:
            await asyncio.sleep(SCRAPE)
            empty = {query: title for query, title in empty.items() if not await series(session, asked, query)}
        # and what the documentation asks, which balances
        for query in DOCUMENTED:
            await series(session, asked, query)
        for query in BALANCES:
            assert await series(session, asked, query)
            assert await series(session, asked, f"({query}) != 0") == []
        # and the rules that record, too
        groups = yaml.safe_load(RULES.read_text())["groups"]
        recorded = [rule["record"] for group in groups for rule in group["rules"] if "record" in rule]
        while missing := [name for name in recorded if not await series(session, asked, name)]:
            assert missing
            await asyncio.sleep(SCRAPE)


def test_every_panel_says_what_it_is() -> None:
    """A description, a unit; the dashboard's id never changes."""
    dashboard = json.loads(DASHBOARD.read_text())
    assert dashboard["uid"] == "ingestd"
    for panel in dashboard["panels"]:
        if panel["type"] != "row":
            assert panel["description"], panel["title"]
            assert panel["fieldConfig"]["defaults"]["unit"], panel["title"]


async def series(session: aiohttp.ClientSession, address: str, query: str) -> list[JsonValue]:
    """What Prometheus answers; nothing while it starts."""
    filled = query.replace("$__rate_interval", "10s").replace("$instance", ".*").replace("$source", ".*")
    try:
        async with session.get(f"{address}/api/v1/query", params={"query": filled}) as answer:
            body = await answer.json()
    except aiohttp.ClientConnectionError:
        return []
    assert body["status"] == "success", (query, body)
    found: list[JsonValue] = body["data"]["result"]
    return found


@prometheus
async def test_metrics_are_named_as_they_should(recording: DaemonProcess) -> None:
    """By promtool, on a live scrape."""
    _, page = await recording.page("/metrics")
    assert promtool("check", "metrics", given=page) == ""
