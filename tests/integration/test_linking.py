"""One event for the fixtures of several providers: from files in any order, under a running daemon, decided by people, and rebuilt."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest
from websockets.asyncio.server import ServerConnection, serve

from ingestd.model import SECOND
from ingestd.testing.digest import digest
from ingestd.testing.rig.daemon import SCHEMA, until
from ingestd.testing.rig.evidence import ask
from tests.conftest import Command, database
from tests.integration.conftest import loaded, running, sql

MATCHES = """\
Div,Date,Time,HomeTeam,AwayTeam,FTHG,FTAG,FTR,B365H,B365D,B365A
E0,01/03/2025,15:00,Man United,Nott'm Forest,,,,2.1,3.4,3.6
E0,01/03/2025,17:30,Wolves,Man City,,,,7.5,5,1.4
E0,02/03/2025,14:00,Newcastle,Tottenham,,,,2.0,3.6,3.5
"""
UNITED, WOLVES = "football_data:E0|2025-03-01|Man United|Nott'm Forest", "football_data:E0|2025-03-01|Wolves|Man City"
AT = ("--at", "2025-03-01T12:01:00Z")
PLACED = "SELECT source, source_event_id, event_id, state, flipped, home_team_id, away_team_id, league_id FROM event_links ORDER BY 1, 2"
EVENTS = "SELECT event_id, sport, league_id, home_team_id, away_team_id, name, starts_at, status FROM events ORDER BY 1"
COMPARED = (
    "SELECT outcome_key FROM current_odds WHERE outcome = 'home' AND market = 'match_result' GROUP BY outcome_key "
    "HAVING count(DISTINCT source) = 2"
)


def quoted(number: str, starts: str, home: str, away: str, prices: Sequence[float]) -> dict[str, object]:
    """A match as The Odds API has it, with one bookmaker."""
    outcomes = [{"name": name, "price": price} for name, price in zip((home, away, "Draw"), prices, strict=True)]
    market = {"key": "h2h", "last_update": "2025-03-01T12:00:00Z", "outcomes": outcomes}
    book = {"key": "williamhill", "title": "William Hill", "last_update": "2025-03-01T12:00:00Z", "markets": [market]}
    return {
        "id": number, "sport_key": "soccer_epl", "sport_title": "EPL", "commence_time": starts, "home_team": home, "away_team": away,
        "bookmakers": [book],
    }  # fmt: skip


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    """Two of the same matches by two providers, and one of each that the other does not have."""
    (tmp_path / "matches.csv").write_text(MATCHES)
    quotes = [
        quoted("a1", "2025-03-01T15:00:00Z", "Manchester United", "Nottingham Forest", (2.2, 3.5, 3.3)),
        quoted("a2", "2025-03-01T17:30:00Z", "Wolverhampton Wanderers", "Manchester City", (7.0, 1.45, 4.8)),
        quoted("a3", "2025-03-08T15:00:00Z", "Newcastle United", "Fulham", (1.7, 5.0, 3.9)),
    ]
    (tmp_path / "quotes.json").write_text(json.dumps(quotes))
    return {"football_data": tmp_path / "matches.csv", "the_odds_api": tmp_path / "quotes.json"}


def load(command: Command, files: dict[str, Path], url: str, *feeds: str) -> None:
    """Files of these feeds, in this order."""
    for feed in feeds:
        loaded(command, feed, [files[feed]], url, *(AT if feed == "the_odds_api" else ()))


def decide(command: Command, *words: str) -> str:
    """``ingestd events WORDS``, which must go well: what it printed."""
    answer = command("events", *words)
    assert (answer.code, answer.err) == (0, "")
    return answer.out


def partition(url: str) -> set[frozenset[str]]:
    """The links that share an event."""
    together: dict[object, set[str]] = {}
    for source, name, event_id, *_ in sql(url, PLACED):
        together.setdefault(event_id, set()).add(f"{source}:{name}")
    return {frozenset(keys) for keys in together.values()}


SHARED = {frozenset({UNITED, "the_odds_api:a1"}), frozenset({WOLVES, "the_odds_api:a2"})}


@pytest.mark.parametrize("feeds", [("football_data", "the_odds_api"), ("the_odds_api", "football_data")], ids="-".join)
def test_files_of_two_providers(store_url: str, files: dict[str, Path], command: Command, feeds: tuple[str, str]) -> None:
    """The same matches are one event each, in either order, their prices stand side by side; loaded again, nothing changes."""
    load(command, files, store_url, *feeds)
    assert partition(store_url) >= SHARED
    assert len(partition(store_url)) == 4
    assert len(sql(store_url, COMPARED)) == 2
    names = {row[0] for row in sql(store_url, "SELECT DISTINCT home FROM current_odds")}
    assert names == {"Manchester United", "Wolverhampton Wanderers", "Newcastle United"}
    before = asyncio.run(digest(store_url, SCHEMA))
    load(command, files, store_url, *feeds)
    assert asyncio.run(digest(store_url, SCHEMA)) == before


@pytest.fixture
def stores(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[list[str]]:
    """Three empty stores of one kind."""
    kind = request.param
    if kind == "sqlite":
        yield [f"sqlite:///{tmp_path / f'{number}.db'}" for number in range(3)]
        return
    with database(request) as one, database(request) as two, database(request) as three:
        yield [one, two, three]


@pytest.mark.parametrize("stores", ["sqlite", "postgresql"], indirect=True)
def test_a_rebuilt_store_is_the_same(
    stores: list[str], files: dict[str, Path], command: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """People's decisions, exported and imported into an empty store before or after it is filled again: the same links and events."""
    first, before, after = stores
    feeds = ("football_data", "the_odds_api")
    monkeypatch.setenv("INGESTD_STORE_URL", first)
    load(command, files, first, *feeds)
    decide(command, "unlink", UNITED, "--note", "a test match")
    decide(command, "merge", "the_odds_api:a3", "football_data:E0|2025-03-02|Newcastle|Tottenham")
    decide(command, "confirm", "the_odds_api:a2")
    decide(command, "alias", "team", "football_data", "Man United", "Reds of the North", "--sport", "soccer")
    decided = tmp_path / "decisions.jsonl"
    decided.write_text(decide(command, "decisions", "export"))
    for url in (before, after):
        monkeypatch.setenv("INGESTD_STORE_URL", url)
        command("db", "upgrade", "--store", url)
        if url == after:
            load(command, files, url, *feeds)
        assert decide(command, "decisions", "import", str(decided)) == "4 of 4 decisions are new, and in force\n"
        if url == before:
            load(command, files, url, *feeds)
        assert decide(command, "decisions", "import", str(decided)) == "0 of 4 decisions are new, and in force\n"
        assert sql(url, PLACED) == sql(first, PLACED)
        assert sql(url, EVENTS) == sql(first, EVENTS)
    assert frozenset({"the_odds_api:a1"}) in partition(after)


def test_what_is_decided_moves_odds_and_can_be_taken_back(
    store_url: str, files: dict[str, Path], command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No selection changes its id; every view follows; undone, all is as it was, and both are on record."""
    monkeypatch.setenv("INGESTD_STORE_URL", store_url)
    load(command, files, store_url, "football_data", "the_odds_api")
    links, events, selections = sql(store_url, PLACED), sql(store_url, EVENTS), sql(store_url, "SELECT selection_id FROM selections")
    assert len(sql(store_url, COMPARED)) == 2
    rows = json.loads(decide(command, "unlink", "the_odds_api:a1", "--json"))
    assert len(sql(store_url, COMPARED)) == 1
    assert partition(store_url) >= {frozenset({UNITED}), frozenset({"the_odds_api:a1"})}
    assert set(sql(store_url, "SELECT selection_id FROM selections")) == set(selections)
    assert "the_odds_api:a1: from the event of" in decide(command, "undo", rows[0]["decision_id"])
    assert (sql(store_url, PLACED), sql(store_url, EVENTS), len(sql(store_url, COMPARED))) == (links, events, 2)
    assert [row["action"] for row in map(json.loads, decide(command, "decisions", "export").splitlines()) if row["place"] == 0] == [
        "unlink",
        "undo",
    ]
    again = command("events", "undo", rows[0]["decision_id"])
    assert (again.code, "taken back already" in again.err) == (78, True)


T = 1_700_000_000_000_000
DAY = 86_400 * SECOND


def fixture(number: str, day: int, home: str, away: str, at: int = T) -> dict[str, object]:
    """A fixture of the simulated exchange."""
    return {
        "id": number, "t": at, "sport": "football", "league": "River Cup", "season": "", "name": f"{home} v {away}", "home": home,
        "away": away, "starts": T + day * DAY, "started": None, "status": "scheduled",
    }  # fmt: skip


def image(*fixtures: dict[str, object]) -> bytes:
    """Everything that an exchange offers: a price on the home side of each fixture."""
    markets = [
        {
            "id": f"{one['id']}.1", "event": one["id"], "market": "match_odds", "period": "", "status": "open", "t": T,
            "quotes": [[place, 1.8 + place, None, None, "open", T, "ns", "home", one["home"], "back"]],
        }
        for place, one in enumerate(fixtures)
    ]  # fmt: skip
    told = {"op": "image", "part": 1, "parts": 1, "bookmakers": [["ns", "North Star", "book"]], "fixtures": fixtures, "results": []}
    return msgspec.json.encode({**told, "markets": markets, "n": 0, "t": T})


class Speaker:
    """An exchange that says what it is given, in its own time."""

    def __init__(self) -> None:
        self.lines: asyncio.Queue[bytes] = asyncio.Queue()
        self.url = ""
        self.n = -1

    async def speak(self, link: ServerConnection) -> None:
        """To whoever connects."""
        await link.recv()
        await link.send('{"op": "welcome", "n": 0, "run": "r1", "session": 1, "resumed": false, "heartbeat_ms": 1000, "window": 10}')
        while line := await self._next():
            await link.send(line, text=True)

    async def _next(self) -> bytes:
        """What is to be said, else a sign of life; nothing at the end."""
        try:
            async with asyncio.timeout(1):
                line = await self.lines.get()
        except TimeoutError:
            return msgspec.json.encode({"op": "heartbeat", "n": self.n, "t": T})
        self.n += 1
        return line


@asynccontextmanager
async def speaker() -> AsyncIterator[Speaker]:
    """At work."""
    one = Speaker()
    async with serve(one.speak, "127.0.0.1", 0) as server:
        one.url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        yield one
        one.lines.put_nowait(b"")


async def process(url: str, *words: str) -> str:
    """``ingestd WORDS`` in a process of its own, which must go well."""
    one = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "ingestd", *words, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "INGESTD_STORE_URL": url, "INGESTD_JOURNAL_PATH": "aside"},
    )  # fmt: skip
    said, problem = await one.communicate()
    assert one.returncode == 0, problem.decode()
    return said.decode()


async def test_a_daemon_hears_of_what_others_decide(store_url: str, tmp_path: Path) -> None:
    """A link that a load makes, a link that a person moves, a name that a person gives: all count at once, without a restart."""
    (tmp_path / "other.jsonl").write_bytes(image(fixture("B1", 1, "Harrow", "Marsham"), fixture("B2", 9, "Selby", "Ashford")))
    async with speaker() as exchange:
        source = {"name": "live", "feed": "simulated", "url": exchange.url}
        async with running({"store": {"url": store_url}, "sources": [source]}, tmp_path) as daemon:
            exchange.lines.put_nowait(image(fixture("A1", 1, "Harrow", "Marsham")))
            await until(lambda: placed(store_url, "live", "A1"), "the first fixture is stored", 10)
            await process(store_url, "load", "simulated", str(tmp_path / "other.jsonl"), "--source", "other")
            assert await together(store_url) == [{"live:A1", "other:B1"}, {"other:B2"}]
            await process(store_url, "events", "alias", "team", "live", "Selby Utd", "Selby", "--sport", "football")
            await process(store_url, "events", "unlink", "other:B1")
            exchange.lines.put_nowait(told(1, fixture("A2", 9, "Selby Utd", "Ashford", T + SECOND)))
            exchange.lines.put_nowait(told(2, {**fixture("A1", 1, "Harrow", "Marsham", T + SECOND), "status": "in_play"}))
            await until(lambda: begun(store_url), "the second fixture is stored, and what came after it", 10)
            await daemon.loaded()
    assert await together(store_url) == [{"live:A1"}, {"live:A2", "other:B2"}, {"other:B1"}]
    assert await ask(store_url, "SELECT DISTINCT event_id FROM best_odds") == []
    shown = await ask(store_url, "SELECT source, home, event_status FROM current_odds ORDER BY source_event_id")
    assert shown == [("live", "Harrow", "in_play"), ("other", "Harrow", "scheduled"), ("other", "Selby", "scheduled")]


def told(n: int, said: dict[str, object]) -> bytes:
    """A fixture, said between images."""
    return msgspec.json.encode({"op": "fixture", "fixture": said, "n": n, "t": said["t"]})


async def placed(url: str, source: str, name: str) -> bool:
    """Whether a link is in the store."""
    found = await ask(url, f"SELECT 1 FROM event_links WHERE source = '{source}' AND source_event_id = '{name}'")
    return bool(found)


async def begun(url: str) -> bool:
    """Whether the store knows that an event is in play."""
    return bool(await ask(url, "SELECT 1 FROM event_links WHERE status = 'in_play'"))


async def together(url: str) -> list[set[str]]:
    """Links by event, in an order of their own."""
    found: dict[object, set[str]] = {}
    for source, name, event_id in await ask(url, "SELECT source, source_event_id, event_id FROM event_links"):
        found.setdefault(event_id, set()).add(f"{source}:{name}")
    return sorted(found.values(), key=sorted)
