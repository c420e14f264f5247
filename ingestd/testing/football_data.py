"""The site football-data.co.uk on loopback: files with ETag and date that grow, are corrected, and are replaced.

Files as people find them: https://www.football-data.co.uk/data.php; their columns: https://www.football-data.co.uk/notes.txt. It shares no
code with the feed. A message is an answer with a file in it; one that says that nothing changed is none.
"""

import asyncio
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from types import TracebackType
from typing import Final, Literal, Self

from aiohttp import web
from msgspec import Struct, field
from pydantic import JsonValue

from ingestd.testing.deeds import Deeds, Says
from ingestd.testing.emulator import Fault, Key, Stand
from ingestd.testing.spans import Protocol

SEASON: Final = "mmz4281/2223/E9.csv"
COUNTRY: Final = "new/NOW.csv"
FIXTURES: Final = "fixtures.csv"
NOTES: Final = "notes.txt"
PATIENCE: Final = 30.0
"""Seconds until nobody can be expected to come any more."""
OUTCOMES: Final = {"H": "home", "D": "draw", "A": "away"}
BOOKS: Final = {"B365": "B365", "PS": "P", "WH": "WH"}
GARBAGE: Final = b"\x00\xff,\x1f\x8b no file at all"

Odds = Mapping[str, tuple[float, float, float]]
"""Prices of home, draw and away under the prefix of their columns."""


class Game(Struct):
    """A row of a season's file, or of the coming matches (no goals)."""

    day: datetime
    home: str
    away: str
    opening: Odds
    closing: Odds = {}
    goals: tuple[int, int] | None = None
    country: str = ""

    @property
    def id(self) -> str:
        """League, day and teams, as the files tell matches apart."""
        return "|".join((*((self.country, "League") if self.country else ("E9",)), self.day.strftime("%Y-%m-%d"), self.home, self.away))


class Served(Struct):
    """A file: its versions so far, which of them the client has last, and what it is to be sent although it did not ask."""

    versions: list[bytes] = field(default_factory=list)
    held: int = -1
    again: list[int] = field(default_factory=list)

    @property
    def current(self) -> bool:
        """Whether the client has what there is."""
        return self.held == len(self.versions) - 1 and not self.again


class FootballDataSite:
    """Enter it; then ``options`` reach it. See ``testing.emulator.Emulator``."""

    protocol = Protocol(polled=True)

    def __init__(self, folder: Path) -> None:
        self.url = ""
        self._deeds = Deeds()
        self.requests: list[tuple[str, int]] = []
        """Path and status of every answer, in order."""
        self.files: dict[str, Served] = {}
        self._armed: dict[int, Fault] = {}
        self._sent = 0
        self._changed = asyncio.Condition()
        self._over = asyncio.Event()
        self._runner: web.AppRunner
        self._offered: dict[str, Game] = {}
        self._listed: dict[str, set[str]] = {}
        soon = datetime.now(UTC).replace(hour=14, minute=0) + timedelta(days=3)
        self._script = list(_script(soon))
        self.publish(NOTES, b"Div = League Division\n")
        for path in (SEASON, COUNTRY, FIXTURES):
            self._step(path, self._script.pop(0))
        self.boundaries = len(self.files) + len(self._script)

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_get("/{path:.+}", self._answer)
        self._runner = web.AppRunner(app, handler_cancellation=True, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._over.set()
        await self._runner.cleanup()

    def options(self) -> Mapping[str, JsonValue]:
        """A source that looks ten times a second."""
        return {
            "url": self.url,
            "divisions": ["E9"],
            "seasons": ["2223"],
            "leagues": ["NOW"],
            "interval": 0.1,
            "timeout": 1.0,
            "per_minute": 100_000,
        }

    @property
    def deeds(self) -> Deeds:
        """What it did so far."""
        return self._deeds

    def arm(self, boundary: int, fault: Fault) -> None:
        """Once, let this happen to that answer."""
        self._armed[boundary] = fault

    async def play(self) -> None:
        """File after file, each change once the client has what there was. Raises TimeoutError."""
        async with asyncio.timeout(PATIENCE):
            await self._all_fetched()
            for step in self._script:
                self._step(_path(step), step)
                await self._all_fetched()

    def truth(self) -> Mapping[Key, Stand]:
        """Every price that was ever offered, as it stands: its match was played, is to come, or no file lists it any more."""
        return {
            Key(f"{game.id}|{BOOKS[prefix]}|match_odds", outcome): Stand(None if game.goals else price, self._status(game))
            for game in self._offered.values()
            for prefix in {**game.opening, **game.closing}
            for outcome, price in zip(OUTCOMES.values(), game.closing.get(prefix) or game.opening[prefix], strict=True)
        }

    def _status(self, game: Game) -> str:
        if game.goals:
            return "settled"
        return "open" if any(game.id in listed for listed in self._listed.values()) else "withdrawn"

    def publish(self, path: str, body: bytes) -> None:
        """Put a file up, or replace it."""
        self.files.setdefault(path, Served()).versions.append(body)

    def _step(self, path: str, games: "list[Game]") -> None:
        self._listed[path] = {game.id for game in games}
        for game in games:
            self._offered[game.id] = game
        self.publish(path, _file(path, games))

    async def _all_fetched(self) -> None:
        async with self._changed:
            await self._changed.wait_for(lambda: all(served.current for path, served in self.files.items() if path != NOTES))

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        path = request.match_info["path"]
        served = self.files.get(path)
        if served is None:
            return self._said(path, web.Response(status=404, text="<html>Not found</html>", content_type="text/html"))
        newest = len(served.versions) - 1
        if not served.again and request.headers.get("If-None-Match") == _tag(newest):
            await self._has(served, newest)
            self._deeds.note("alive", _of(path))
            return self._said(path, web.Response(status=304))
        version = served.again.pop(0) if served.again else newest
        fault = self._armed.pop(self._sent, None)
        self._sent += 1
        if fault in ("reset", "stall", "garbage"):
            return await self._failed(request, path, fault)
        if fault == "duplicate":
            served.again.append(version)
        elif fault == "reorder" and version:
            served.again.append(version - 1)
        answer = web.Response(body=served.versions[version], headers={"ETag": _tag(version), "Last-Modified": _date(version)})
        answer.content_type = "text/csv"
        await answer.prepare(request)
        await answer.write_eof()
        self._deeds.note("sent", _of(path))
        await self._has(served, version)
        return self._said(path, answer)

    async def _failed(self, request: web.Request, path: str, fault: Literal["reset", "stall", "garbage"]) -> web.StreamResponse:
        self._deeds.note(fault, _of(path))
        if fault == "garbage":
            return self._said(path, web.Response(body=GARBAGE, content_type="text/csv"))
        if fault == "stall":
            await self._over.wait()
        elif request.transport is not None:
            request.transport.abort()
        return web.Response(status=503)

    def _said(self, path: str, answer: web.StreamResponse) -> web.StreamResponse:
        self.requests.append((path, answer.status))
        return answer

    async def _has(self, served: Served, version: int) -> None:
        async with self._changed:
            served.held = version
            self._changed.notify_all()


def _script(soon: datetime) -> Iterable[list[Game]]:
    """The three files as they are at first, then one change after the other."""
    first = datetime(2022, 8, 13, 15, tzinfo=UTC)
    b365, pinnacle, hill = (2.1, 3.4, 3.6), (2.12, 3.45, 3.7), (2.05, 3.3, 3.5)
    opened = Game(first, "Ayton", "Beeford", {"B365": b365, "PS": pinnacle}, goals=(2, 1))
    abroad = Game(first + timedelta(days=1), "Molby", "Norby", {}, {"PS": (1.76, 3.87, 5.18)}, (2, 1), "Nowhere")
    coming = [
        Game(soon, "Ayton", "Ceeton", {"B365": (2.2, 3.3, 3.4)}),
        Game(soon, "Deeford", "Beeford", {"B365": (1.5, 4.2, 6.5), "WH": hill}),
    ]
    yield [opened]
    yield [abroad]
    yield coming
    coming = [Game(soon, "Ayton", "Ceeton", {"B365": (2.3, 3.3, 3.1)}), coming[1]]
    yield coming
    closed = Game(first, "Ayton", "Beeford", opened.opening, {"PS": (1.95, 3.5, 4.0)}, (2, 1))
    second = Game(first + timedelta(days=7), "Beeford", "Deeford", {"B365": (1.9, 3.5, 4.1), "WH": hill}, {"PS": pinnacle}, (0, 0))
    yield [closed, second]
    yield [abroad, Game(first + timedelta(days=8), "Norby", "Molby", {}, {"PS": (2.4, 3.2, 3.0)}, (1, 4), "Nowhere")]
    corrected = Game(first, "Ayton", "Beeford", {"B365": (1.95, 3.4, 3.6), "PS": pinnacle}, {"PS": (1.9, 3.5, 4.0)}, (2, 2))
    yield [corrected, second]
    coming = [*coming, Game(soon, "Effield", "Geeby", {"WH": (2.6, 3.1, 2.8)})]
    yield coming
    third = Game(first + timedelta(days=10), "Ceeton", "Deeford", {"B365": hill}, {"B365": (2.0, 3.3, 3.75)}, (3, 1))
    yield [corrected, second, third]
    yield [Game(soon + timedelta(days=7), "Beeford", "Ceeton", {"B365": (1.8, 3.6, 4.5)})]


def _path(games: list[Game]) -> str:
    return COUNTRY if games[0].country else FIXTURES if games[0].goals is None else SEASON


def _file(path: str, games: Iterable[Game]) -> bytes:
    """Season files have opening and closing prices, a country's only closing ones; UTF-8 with a BOM and CRLF, as at the source."""
    odds = [prefix + closing + letter for closing in ("", "C") for prefix in BOOKS for letter in OUTCOMES]
    if path == COUNTRY:
        names = [
            "Country",
            "League",
            "Season",
            "Date",
            "Time",
            "Home",
            "Away",
            "HG",
            "AG",
            "Res",
            *(name for name in odds if name[-2] == "C"),
        ]
    else:
        names = ["Div", "Date", "Time", "HomeTeam", "AwayTeam", "FTHG", "FTAG", "FTR", *odds]
    lines = [",".join(names), *(",".join(_cells(game).get(name, "") for name in names) for game in games)]
    return b"\xef\xbb\xbf" + "".join(f"{line}\r\n" for line in lines).encode()


def _cells(game: Game) -> dict[str, str]:
    cells = {
        "Div": "E9",
        "Country": game.country,
        "League": "League",
        "Season": str(game.day.year),
        "Date": game.day.strftime("%d/%m/%Y"),
        "Time": game.day.strftime("%H:%M"),
        "HomeTeam": game.home,
        "Home": game.home,
        "AwayTeam": game.away,
        "Away": game.away,
    }
    if game.goals is not None:
        home, away = game.goals
        letter = "H" if home > away else "A" if away > home else "D"
        cells |= {"FTHG": str(home), "HG": str(home), "FTAG": str(away), "AG": str(away), "FTR": letter, "Res": letter}
    for closing, odds in (("", game.opening), ("C", game.closing)):
        for prefix, prices in odds.items():
            cells |= {prefix + closing + letter: f"{price:g}" for letter, price in zip(OUTCOMES, prices, strict=True)}
    return cells


def _of(path: str) -> Says:
    """The notes are asked for to see whether anybody is there."""
    return Says(scope="" if path == NOTES else f"query {path.removesuffix('.csv')}")


def _tag(version: int) -> str:
    return f'"{version}-file"'


def _date(version: int) -> str:
    return format_datetime(datetime(2023, 1, 1, tzinfo=UTC) + timedelta(minutes=version), usegmt=True)
