"""``ingestd run`` as somebody types it for the first time, in an empty folder; the other commands beside it."""

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import msgspec
import pytest

from tests.conftest import Command, free_port
from tests.integration.conftest import sql
from tests.integration.terminal import WITHIN, OpenTerminal

ROOT: Final = Path(__file__).parents[2]


class Demo:
    """A daemon on the built-in configuration; only its port is a free one."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environ = {**os.environ, "INGESTD_HTTP_PORT": str(free_port()), "PYTHONPATH": str(ROOT)}
        self.store = f"sqlite:///{folder / 'var' / 'ingestd.db'}"
        self._log = folder / "log"

    def start(self) -> None:
        """Type ``ingestd run``."""
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "ingestd", "run"], cwd=self.folder, env=self.environ, stdout=log, stderr=log, start_new_session=True
            )

    @property
    def lines(self) -> list[str]:
        """What it has said."""
        return self._log.read_text().splitlines()

    def page(self, path: str) -> tuple[int, str]:
        """What it answers; 0 while nobody listens."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.environ['INGESTD_HTTP_PORT']}{path}", timeout=5) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError:
            return 0, ""

    def ask(self, statement: str) -> list[tuple[object, ...]]:
        """What the store answers."""
        return sql(self.store, statement)

    def alive(self) -> None:
        """Wait until it is well, and shows live prices."""
        within(WITHIN, lambda: self.page("/health")[0] == 200, "/health says 200")
        within(WITHIN, lambda: self.ask("SELECT count(*) FROM best_odds") != [(0,)], "there are live prices")

    def stop(self, name: signal.Signals) -> int:
        """Signal it, and wait; the exit code."""
        self.process.send_signal(name)
        return self.process.wait(WITHIN)


def within(seconds: float, condition: Callable[[], bool], what: str) -> None:
    """Ask until it is so."""
    ends = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < ends, f"not within {seconds:g} s: {what}"
        time.sleep(0.1)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """One for the whole module, at work."""
    demo = Demo(tmp_path_factory.mktemp("demo"))
    demo.start()
    try:
        demo.alive()
        yield demo
    finally:
        demo.process.kill()
        demo.process.wait()


@pytest.fixture
def beside(demo: Demo, monkeypatch: pytest.MonkeyPatch, command: Command) -> Command:
    """Commands typed in the same folder, with the same environment."""
    monkeypatch.chdir(demo.folder)
    monkeypatch.setenv("INGESTD_HTTP_PORT", demo.environ["INGESTD_HTTP_PORT"])
    monkeypatch.setenv("COLUMNS", "120")
    return command


def test_prices_move_and_history_grows(demo: Demo) -> None:
    """Live open prices within half a minute, other ones a moment later, every one of them kept."""
    live = "SELECT selection_id, price FROM current_odds WHERE live ORDER BY selection_id"
    before, rows = demo.ask(live), demo.ask("SELECT count(*) FROM price_history")
    assert len(before) > 50
    same = {row[0] for row in before}
    within(10, lambda: {row for row in demo.ask(live) if row[0] in same} - set(before) != set(), "prices move")
    within(10, lambda: demo.ask("SELECT count(*) FROM price_history") > rows, "history grows")


def test_metrics_show_it(demo: Demo) -> None:
    """What came in, what became of it, what was written: counted, and counting."""

    def counted() -> dict[str, float]:
        found = dict(line.rsplit(" ", 1) for line in demo.page("/metrics")[1].splitlines() if not line.startswith("#"))
        names = ('transformed_records_total{outcome="changed",source="demo"}', 'sink_records_total{table="odds_history"}')
        return {name: float(found[f"ingestd_{name}"]) for name in (*names, 'source_connected{source="demo"}')}

    before = counted()
    assert min(before.values()) > 0
    within(10, lambda: sum(map(float.__gt__, counted().values(), before.values())) == 2, "counters count")


@pytest.mark.parametrize("path", ["/health", "/health/live", "/health/ready", "/health/startup"])
def test_health_pages(demo: Demo, path: str) -> None:
    """All is well."""
    status, body = demo.page(path)
    assert (status, json.loads(body)["status"]) == (200, "pass")


def test_what_it_says_first(demo: Demo) -> None:
    """Where it stores, what it listens on, what to type next; then JSON, as nobody is looking."""
    port = demo.environ["INGESTD_HTTP_PORT"]
    banner = [line for line in demo.lines if not line.startswith("{")]
    assert banner[:5] == [
        "ingestd 0.1.0",
        "  stores in   sqlite:///var/ingestd.db",
        "  journal     var/journal",
        f"  listens on  http://127.0.0.1:{port}/health  http://127.0.0.1:{port}/metrics",
        "  sources     demo (simulated)",
    ]
    assert re.fullmatch(r"  type next   .*ingestd odds --watch     \(Ctrl-C here ends it\)", banner[5])
    facts = [json.loads(line) for line in demo.lines[len(banner) :]]
    assert [fact["event.action"] for fact in facts][:3] == ["daemon.started", "source.connected", "run.started"]


def test_odds(beside: Command) -> None:
    """The best live prices as a table, as JSON, of one book, of the past, and of nothing at all."""
    table = beside("odds", "--limit", "500")
    assert (table.code, table.out.splitlines()[0].split()) == (0, ["event", "market", "selection", "price", "book", "age", "feed"])
    assert table.out.count(" live") > 20
    best = msgspec.json.decode(beside("odds", "--json", "--market", "match_result").out)
    assert {price["market"] for price in best} == {"match_result"}
    assert all(price["live"] and price["price"] > 1 and price["side"] == "back" for price in best)
    mill = msgspec.json.decode(beside("odds", "--json", "--book", "old mill").out)
    assert {price["bookmaker"] for price in mill} == {"Old Mill"}
    team = str(best[0]["event"]).split(" v ", maxsplit=1)[0]
    assert {team in price["event"] for price in msgspec.json.decode(beside("odds", team.upper(), "--json").out)} == {True}
    assert msgspec.json.decode(beside("odds", "--at", "2001-01-01", "--json").out) == []
    assert beside("odds", "nobody plays here").out == "no prices match; is the daemon running? try: ingestd status\n"


def test_odds_watched(demo: Demo, terminal: OpenTerminal) -> None:
    """A table that moves, until Ctrl-C."""
    watch = terminal(demo.folder, demo.environ, "odds", "--watch")
    watch.until(r"price.*age.*feed")
    watch.until("▲")
    watch.until("▼")
    watch.type(b"\x03")
    assert watch.ended() == 0
    assert "Traceback" not in watch.text


def test_status_health_and_coverage(beside: Command, demo: Demo) -> None:
    """The same for people and for programs."""
    told = beside("status")
    assert (told.code, re.search("demo +simulated +live", told.out) is not None, "quarantine 0" in told.out) == (0, True, True)
    status = msgspec.json.decode(beside("status", "--json").out)
    assert [source["state"] for source in status["sources"]] == ["live"]
    assert (status["counts"]["odds"] > 50, status["runs"][0]["kind"], status["runs"][0]["status"]) == (True, "live", "running")
    assert beside("health")[:2] == (0, "".join(f"{line}\n" for line in beside("health").out.splitlines()))
    assert beside("health").out.startswith("pass\n")
    assert msgspec.json.decode(beside("health", "--json").out)["checks"]["sources"]["output"] == "1 of 1 live"
    (interval,) = msgspec.json.decode(beside("coverage", "demo", "--json").out)["intervals"]
    assert (interval["scope_kind"], interval["state"], interval["ended_at"]) == ("source", "complete", None)
    assert msgspec.json.decode(beside("coverage", "demo", "--gaps", "--json").out)["intervals"] == []
    assert "complete" in beside("coverage", "demo").out
    unknown = beside("coverage", "nobody")
    assert (unknown.code, unknown.err) == (
        78,
        "ingestd: coverage: nothing is known of a source 'nobody'; ingestd status lists the sources\n",
    )


def second(demo: Demo, folder: Path, **environ: str) -> tuple[int, list[str]]:
    """Another daemon started while the first one runs: exit code and what it said, but for its banner and its log."""
    done = subprocess.run(
        [sys.executable, "-m", "ingestd", "run"],
        cwd=folder,
        env={**demo.environ, **environ},
        capture_output=True,
        text=True,
        timeout=WITHIN,
        check=False,
    )
    return done.returncode, [line for line in done.stderr.splitlines() if line.startswith("ingestd: ") or "Traceback" in line]


def test_what_is_in_use(demo: Demo, tmp_path: Path) -> None:
    """Journal, store, port: one line that says which, exit code 1, and the first daemon goes on."""
    elsewhere = {"INGESTD_HTTP_PORT": "0", "INGESTD_JOURNAL_PATH": str(tmp_path / "journal")}
    code, (journal,) = second(demo, demo.folder, INGESTD_HTTP_PORT="0")
    assert (code, "journal" in journal) == (1, True)
    code, (store,) = second(demo, demo.folder, **elsewhere)
    assert (code, "store" in store) == (1, True)
    code, (port,) = second(demo, tmp_path)
    assert (code, demo.environ["INGESTD_HTTP_PORT"] in port) == (1, True)
    assert demo.page("/health")[0] == 200


def test_a_terminal_that_is_closed(tmp_path: Path, terminal: OpenTerminal) -> None:
    """Ends the daemon in order: nobody would see it go on."""
    demo = Demo(tmp_path)
    daemon = terminal(tmp_path, demo.environ, "run")
    daemon.until(r"1/1 live")
    daemon.hang_up()
    assert daemon.process.wait(timeout=WITHIN) == 0
    assert demo.ask("SELECT state FROM sources") == [("stopped",)]


def test_in_a_terminal(tmp_path: Path, terminal: OpenTerminal) -> None:
    """Sentences instead of JSON, a line of progress that is overwritten, and Ctrl-C ends it cleanly."""
    demo = Demo(tmp_path)
    daemon = terminal(tmp_path, demo.environ, "run")
    daemon.until(r"type next .* odds --watch")
    daemon.until(r"demo is connected")
    daemon.until(r"\r\x1b\[2K1/1 live · [0-9,]+ updates/s · [1-9][0-9,]* rows · lag \d+\.\d\d s · journal \d+ MiB")
    daemon.type(b"\x03")
    assert daemon.ended() == 0
    assert re.search(r"stopped after [0-9.]+ s: nothing left", daemon.text)
    assert not re.search(r'Traceback|\{"', daemon.text)
    assert demo.ask("SELECT state FROM sources") == [("stopped",)]
    assert demo.ask("SELECT count(*) FROM best_odds") == [(0,)]


@pytest.mark.parametrize("name", [signal.SIGINT, signal.SIGTERM])
def test_again_after_a_signal(tmp_path: Path, name: signal.Signals) -> None:
    """Exit code 0, and the next start goes on with the same store; what ended is not shown as live meanwhile."""
    demo = Demo(tmp_path)
    for life in (1, 2):
        demo.start()
        demo.alive()
        assert demo.stop(name) == 0
        assert demo.ask("SELECT count(*), min(status) FROM runs") == [(life, "stopped")]
        assert demo.ask("SELECT count(*) FROM current_odds WHERE live") == [(0,)]
