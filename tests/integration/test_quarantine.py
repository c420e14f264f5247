"""The inbox of what could not be taken, from the command line: a mapping that was wrong, corrected, and tried again, on both databases."""

import asyncio
import json
import os
import signal
import sqlite3
import sys
from pathlib import Path
from typing import Final

import pytest

from ingestd.clock import SystemClock
from ingestd.journal.limits import JournalLimits
from ingestd.journal.local import LocalJournal
from ingestd.model import SECOND, Frame
from ingestd.sources import FEEDS
from ingestd.testing.digest import FACTS, Fact, facts
from ingestd.testing.exchange.options import Options
from ingestd.testing.exchange.server import Exchange
from ingestd.testing.outdated import outdated
from ingestd.testing.rig.daemon import SCHEMA, until
from ingestd.testing.rig.evidence import ask
from tests.conftest import Answer, Command
from tests.integration.conftest import running, sql

AT: Final = 1_700_000_000 * SECOND
POLLS: Final = 40
RIGHT: Final = "team.price || team.odds"
WRONG: Final = "team.price"
MAPPING: Final = """
shared: {{bookmaker: {{const: My book}}}}
walk:
  - each: doc.games
    as: game
    shared: {{event: game.no, market_id: game.no, market: {{const: moneyline}}}}
    fixture: {{sport: {{const: tennis}}, home: {{const: Ada}}, away: {{const: Bea}}, starts_at: {{const: "2023-11-16T10:00:00Z"}}}}
    walk:
      - each: game.teams
        as: team
        quotes:
          - {{key: [game.no, team.name], outcome: team.name, price: "{price}"}}
"""
ESCAPES: Final = "\x1b]0;owned\x07\x1b[2J\u202e"
TABLES: Final = ("odds_history", "selections", "quarantine")
KEPT: Final = ("coverage", "market_flags")


def document(poll: int) -> bytes:
    """Two games; in the second one the provider calls Bea's price by another name. What is said of the first is sound."""
    plain = {"no": 1, "teams": [{"name": "Ada", "price": 2 + poll % 7 / 100}, {"name": "Bea", "price": 1.8}]}
    renamed = {
        "no": 2,
        "note": ESCAPES,
        "teams": [{"name": "Ada", "price": 3 + poll % 3 / 100}, {"name": "Bea", "odds": 1.4 + poll % 5 / 100}],
    }
    return json.dumps({"poll": poll, "key": "s3cret-key", "games": [plain, renamed]}).encode()


async def journalled(polls: int) -> None:
    """A journal as the daemon has it: an opening, answers that are an epoch each, and an end."""
    journal = await LocalJournal.open(Path("journal"), clock=SystemClock(), limits=JournalLimits(reserve=0))
    frames = [Frame("mine", "opened", AT, epoch=True)]
    frames += [Frame("mine", "data", AT + poll * SECOND, document(poll), epoch=True, meta={"key": "all"}) for poll in range(1, polls + 1)]
    frames.append(Frame("mine", "closed", AT + (polls + 1) * SECOND, meta={"reason": "stopped"}))
    for start in range(0, len(frames), 100):
        await journal.append(frames[start : start + 100])
    await journal.close()


def configured(url: str, *, polls: int = POLLS, rows: int = 5_000) -> None:
    """All that a person writes, the mapping still wrong; and what a daemon made of it."""
    mapped(WRONG)
    Path("config").mkdir()
    Path("key").write_text("s3cret-key")
    Path("key").chmod(0o600)
    polling = "{queries: {all: {url: 'http://127.0.0.1:9/odds'}}, interval: 1s, auth: {kind: query, name: key, secret_file: key}}"
    Path("config/ingestd.yaml").write_text(
        f"store: {{url: '{url}'}}\njournal: {{path: journal, reserve: 0}}\nhttp: {{port: 0}}\nbatch: {{rows: {rows}}}\n"
        f"sources:\n  - name: mine\n    feed: mapped\n    mapping_file: mapping.yaml\n    polling: {polling}\n"
    )
    asyncio.run(journalled(polls))


def mapped(price: str) -> None:
    """The mapping, with the price from there."""
    Path("mapping.yaml").write_text(MAPPING.format(price=price))


def done(answer: Answer) -> str:
    """What a command said that must go well."""
    assert (answer.code, answer.err) == (0, "")
    return answer.out


def known(url: str) -> dict[str, list[Fact]]:
    """Facts but for what was known when, and what was on show."""
    return asyncio.run(facts(url, SCHEMA, [name for name in FACTS if name not in KEPT]))


def tried(command: Command, *words: str) -> dict[str, int]:
    """What a retry counts."""
    said = json.loads(done(command("quarantine", "retry", *words, "--json")))
    return {name: said[name] for name in ("taken", "refused", "gone", "left", "rows")}


def counted(**more: int) -> dict[str, int]:
    """Counts, all others 0."""
    return {**dict.fromkeys(("taken", "refused", "gone", "left", "rows"), 0), **more}


@pytest.mark.parametrize("rows", [1, 5_000])
def test_a_mapping_is_corrected(command: Command, store_url: str, tmp_path: Path, rows: int) -> None:
    """Refused again while it is wrong, and nothing but attempts moves; then taken as if it had been right at first, once."""
    configured(store_url, rows=rows)
    done(command("replay"))
    wrong = known(store_url)
    assert tried(command, "--source", "mine", "--dry-run") == counted(refused=POLLS)
    assert tried(command, "--source", "mine") == counted(refused=POLLS)
    assert known(store_url) == wrong
    assert {row[0] for row in sql(store_url, "SELECT attempts FROM quarantine")} == {1}
    mapped(RIGHT)
    assert tried(command, "--category", "missing", "--dry-run") == counted(taken=POLLS)
    assert known(store_url) == wrong
    assert sql(store_url, "SELECT DISTINCT state, attempts FROM quarantine") == [("open", 1)]
    assert tried(command, "--source", "mine") == counted(taken=POLLS, rows=POLLS)
    right = f"sqlite:///{tmp_path / 'right.db'}"
    done(command("replay", "--store", right))
    assert known(store_url) == known(right)
    assert sql(store_url, "SELECT DISTINCT state, attempts FROM quarantine") == [("replayed", 2)]
    assert tried(command, "--source", "mine") == counted()
    runs = sql(store_url, "SELECT source, status FROM runs WHERE kind = 'retry' ORDER BY started_at")
    assert runs == [("mine", "done")] * 2


def test_one_by_its_id(command: Command, sqlite_url: str) -> None:
    """Only its frame's prices are told anew; what is not there, and what is taken already, is said."""
    configured(sqlite_url)
    done(command("replay"))
    mapped(RIGHT)
    records = json.loads(done(command("quarantine", "list", "--json")))["records"]
    one = str(records[3]["quarantine_id"])
    assert tried(command, one)["taken"] == 1
    assert tried(command, one) == counted(left=1)
    assert "it was taken already" in done(command("quarantine", "retry", one))
    missing = command("quarantine", "retry", one, "-12345")
    assert (missing.code, "no record -12345" in missing.err) == (1, True)
    assert len(sql(sqlite_url, "SELECT 1 FROM quarantine WHERE state = 'open'")) == POLLS - 1


def test_tried_often_enough(command: Command, sqlite_url: str) -> None:
    """It takes a word more."""
    configured(sqlite_url, polls=1)
    done(command("replay"))
    for _ in range(5):
        assert tried(command, "--source", "mine") == counted(refused=1)
    assert tried(command, "--source", "mine") == counted(left=1)
    assert "--force tries it again" in done(command("quarantine", "retry", "--source", "mine"))
    mapped(RIGHT)
    assert tried(command, "--source", "mine", "--force") == counted(taken=1, rows=1)


def test_frames_that_are_gone(command: Command, sqlite_url: str) -> None:
    """Retention took them: it is said, and no attempt counts."""
    configured(sqlite_url)
    done(command("replay"))
    Path("journal").rename("elsewhere")
    mapped(RIGHT)
    assert tried(command, "--source", "mine") == counted(gone=POLLS)
    assert sql(sqlite_url, "SELECT DISTINCT state, attempts FROM quarantine") == [("open", 0)]
    one = sql(sqlite_url, "SELECT quarantine_id FROM quarantine")[0][0]
    assert "no longer in the journal" in done(command("quarantine", "show", str(one)))


def test_what_a_person_sees(command: Command, store_url: str) -> None:
    """In short and in full: plain words, what to do, the frame; nothing speaks to the terminal, and no secret is shown."""
    configured(store_url)
    done(command("replay"))
    listed = done(command("quarantine", "list", "--limit", "2"))
    head, means, *records, foot = listed.splitlines()
    assert head.startswith(f"mine  decode: missing  {POLLS} records since 2023-11-14 22:13:21")
    assert (means, len(records)) == ("    something needed is not there", 2)
    assert foot.startswith(f"{POLLS} records (the latest 2 shown). One: ingestd quarantine show ID")
    one = records[0].split()[0]
    page = done(command("quarantine", "show", one))
    for line in (
        "what     mine  decode: missing (error)",
        "where    games[1].teams[1]:quotes[0]",
        "do       the provider may have changed its messages",
        f"frame    position {POLLS + 1}: data",
        f"before   position {POLLS}: data",
        '{"poll": 40, "key": "***"',
    ):
        assert line in page
    assert "s3cret" not in page
    assert all(char.isprintable() or char == "\n" for char in page + listed)
    shown = json.loads(done(command("quarantine", "show", one, "--json")))
    assert (shown["record"]["count"], "s3cret" in shown["payload"]) == (1, False)
    assert done(command("quarantine", "list", "--since", "1h")) == "nothing is in quarantine\n"
    unknown = command("quarantine", "list", "--state", "lost")
    assert (unknown.code, "write open, replayed, discarded, kept or all" in unknown.err) == (78, True)
    assert command("quarantine", "retry").code == 2


def test_discarded(command: Command, store_url: str, tmp_path: Path) -> None:
    """With why, without who: a retry leaves them alone but for one by its id, another store takes the decision over, it can be undone."""
    configured(store_url)
    done(command("replay"))
    said = done(command("quarantine", "discard", "--category", "missing", "--reason", "nobody bets on Bea"))
    assert said.startswith(f"{POLLS} records discarded\n")
    mapped(RIGHT)
    assert tried(command, "--source", "mine") == counted()
    one = str(sql(store_url, "SELECT quarantine_id FROM quarantine ORDER BY last_at")[0][0])
    assert sql(store_url, "SELECT DISTINCT decided_by, action, note FROM decisions") == [("", "discard", "nobody bets on Bea")]
    Path("decisions.jsonl").write_text(done(command("events", "decisions", "export")))
    other = f"sqlite:///{tmp_path / 'other.db'}"
    mapped(WRONG)
    done(command("replay", "--store", other))
    Path("other.yaml").write_text(Path("config/ingestd.yaml").read_text().replace(store_url, other))
    assert "1 of 1 decisions are new" in done(command("events", "decisions", "import", "decisions.jsonl", "-c", "other.yaml"))
    assert len(sql(other, "SELECT 1 FROM quarantine WHERE state = 'discarded'")) == POLLS
    mapped(RIGHT)
    assert tried(command, one)["taken"] == 1
    (decision,) = {row[0] for row in sql(store_url, "SELECT decision_id FROM decisions")}
    done(command("events", "undo", str(decision)))
    assert tried(command, "--source", "mine")["taken"] == POLLS - 1


@pytest.mark.timeout(180)
def test_killed_in_the_middle(command: Command, store_url: str, tmp_path: Path) -> None:
    """``kill -9`` while it writes: tried again, it ends where one that nobody killed ends."""
    configured(store_url, polls=1_500, rows=10)
    done(command("replay"))
    mapped(RIGHT)
    asyncio.run(killed(store_url))
    assert sql(store_url, "SELECT DISTINCT state FROM quarantine") == [("open",)]
    assert tried(command, "--source", "mine")["taken"] == 1_500
    right = f"sqlite:///{tmp_path / 'right.db'}"
    done(command("replay", "--store", right))
    assert known(store_url) == known(right)


async def killed(url: str) -> None:
    """A retry in a process of its own, killed once it has written some rows and not yet all."""
    words = ("-m", "ingestd", "quarantine", "retry", "--source", "mine")
    bea = "SELECT count(*) FROM odds_history JOIN selections USING (selection_id) WHERE source_market_id = '2' AND price < 2"
    process = await asyncio.create_subprocess_exec(sys.executable, *words, stdout=asyncio.subprocess.DEVNULL)

    async def some() -> bool:
        return process.returncode is not None or int(str((await ask(url, bea))[0][0])) > 100

    await until(some, "some rows of it", 60)
    os.kill(process.pid, signal.SIGKILL)
    assert await process.wait() == -signal.SIGKILL


@pytest.mark.timeout(180)
async def test_beside_a_daemon_under_load(store_url: str, tmp_path: Path) -> None:
    """Retries while a daemon that still refuses goes on: neither keeps the other off; at the end nothing is missing."""
    taken = rounds = 0
    config = Path("config/ingestd.yaml")
    config.parent.mkdir()
    offered = Exchange(Options(clock="wall", rate=400, heartbeat=0.2))
    async with offered.listening("127.0.0.1", 0) as url:
        settings = {"store": {"url": store_url}, "sources": [{"name": "tried", "feed": "simulated", "url": url}]}
        with pytest.MonkeyPatch.context() as patch:
            patch.setitem(FEEDS, "simulated", outdated(FEEDS["simulated"], "message", one_in=300))
            async with running(settings, tmp_path) as one:
                patch.undo()
                await one.read("tried", 200, within=60)
                config.write_text(json.dumps({**settings, "journal": {"path": str(tmp_path / "journal")}}))  # noqa: ASYNC240 - as above
                while rounds < 2 or not taken:
                    rounds += 1
                    taken += await retried()
                    read = one.daemon.collectors["tried"].status.read
                    await one.read("tried", read + 100, within=60)
                assert one.daemon.collectors["tried"].status.state == "live"
    await retried()
    right = f"sqlite:///{tmp_path / 'right.db'}"
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "ingestd", "replay", "--store", right)
    assert await process.wait() == 0
    got, wanted = normal(await facts(store_url, SCHEMA, TABLES)), normal(await facts(right, SCHEMA, TABLES))
    assert [(name, sorted(set(got[name]) ^ set(wanted[name]))) for name in TABLES if got[name] != wanted[name]] == []


def normal(found: dict[str, list[Fact]]) -> dict[str, list[Fact]]:
    """Without rows of history that repeat the one before: a daemon that does not know of a retry may say the same after it."""
    kept: dict[tuple[str, ...], Fact] = {}
    rows = []
    for row in sorted(found["odds_history"], key=lambda row: (row[0], int(row[1].split("=")[1]), int(row[2].split("=")[1]))):
        if kept.get(row[:1]) != row[3:]:
            rows.append(row)
        kept[row[:1]] = row[3:]
    return {**found, "odds_history": rows}


async def retried() -> int:
    """Records that a retry in a process of its own has taken."""
    words = ("-m", "ingestd", "quarantine", "retry", "--source", "tried", "--json")
    process = await asyncio.create_subprocess_exec(sys.executable, *words, stdout=asyncio.subprocess.PIPE)
    out, _ = await process.communicate()
    assert process.returncode == 0
    said: dict[str, int] = json.loads(out)
    assert said["refused"] == said["gone"] == 0
    return said["taken"]


def test_a_hundred_thousand(command: Command, sqlite_url: str) -> None:
    """The list asks for no more than it shows, whatever there is."""
    configured(sqlite_url, polls=1)
    done(command("replay"))
    with sqlite3.connect(sqlite_url.removeprefix("sqlite:///")) as db:
        db.execute(
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000) INSERT INTO quarantine SELECT i, 'mine', "
            f"'validate', 'price', 'warning', 'no price', i, '', '', '{'x' * 2000}', 1, {AT} + i, {AT} + i, 0, 'open' FROM n"
        )
    listed = done(command("quarantine", "list", "--limit", "3"))
    assert "100,000 records since" in listed
    assert [line.split()[0] for line in listed.splitlines() if "no price" in line] == ["100000", "99999"]
