"""An emulated Odds API, v4: the real paths, parameters, shapes, headers and errors over HTTP, on loopback; each answer can go wrong."""

import asyncio
import json
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from itertools import cycle
from pathlib import Path
from types import TracebackType
from typing import Final, Self, TypeAlias

from aiohttp import web
from msgspec import Struct, field
from msgspec.structs import replace
from pydantic import JsonValue

from ingestd.testing.deeds import Deeds, Says
from ingestd.testing.emulator import Fault, Key, Stand
from ingestd.testing.faults import GARBAGE, Faults
from ingestd.testing.spans import Protocol
from ingestd.testing.the_odds_api_world import BOOKS, FEATURED, SPORT, TITLE, Match, World

KEY: Final = "emulated-key"
PATIENCE: Final = 20.0
DETAILS: Final = "https://the-odds-api.com/liveapi/guides/v4/api-error-codes.html#"
PAGE: Final = b"<!DOCTYPE html><html><body><h1>Bad gateway</h1></body></html>"
REGIONS: Final = frozenset(("us", "us2", "uk", "au", "eu", "fr", "se", "us_dfs", "us_ex"))
EVEN: Final = 2.0
SHORTEST: Final = 0.001

Json: TypeAlias = "bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None"


class Denial(Struct):
    """An answer to come instead of the right one. ``what``: ``sports``, ``events``, ``odds``, ``scores``, ``event``, or ``any``."""

    what: str
    status: int
    code: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    times: int = 1


class Said(Struct, frozen=True):
    """An answer as it goes out, and what it costs."""

    body: bytes
    status: int = 200
    cost: int = 0
    type: str = "application/json"


class TheOddsApiEmulator:
    """An async context manager: entered, it listens. The script goes on with every answer to ``/odds``, whatever befalls it.

    ``credits``: of the month; None: they do not run out. ``asked`` counts requests by what they ask for, ``used`` credits.
    """

    protocol = Protocol(polled=True)
    boundaries = 25  # the sports, and twelve times events and odds

    def __init__(self, folder: Path | None = None, *, seed: int = 7, credits: int | None = None) -> None:  # noqa: A002
        self.url = ""
        self.credits = credits
        self.used = 0
        self.asked: defaultdict[str, int] = defaultdict(int)
        self.denials: list[Denial] = []
        self.world = World(seed)
        self._faults = Faults()
        self._garbage = cycle((GARBAGE, PAGE, b'[{"id": "', b""))
        self._said: defaultdict[str, list[Said]] = defaultdict(list)
        self._began = time.time()
        self._ended = asyncio.Event()
        self._leaving = asyncio.Event()
        self._runner: web.AppRunner

    async def __aenter__(self) -> Self:
        application = web.Application()
        for path in ("/sports", "/sports/{sport}/{what}", "/sports/{sport}/events/{event}/odds"):
            application.router.add_get("/v4" + path, self._answer)
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._leaving.set()
        await self._runner.cleanup()

    def options(self) -> Mapping[str, JsonValue]:
        """Of a source that reaches it."""
        return {
            "url": self.url,
            "api_key": KEY,
            "sports": [SPORT],
            "regions": ["uk"],
            "markets": ["h2h", "spreads", "totals"],
            "event_markets": ["alternate_totals"],
            "scores": True,
            "days_from": 1,
            "credits": None,
            "cadence": {"far": 0.05, "near": 0.05, "in_play": 0.05},
            "request_timeout": 1.0,
        }

    @property
    def deeds(self) -> Deeds:
        """What it did so far."""
        return self._faults.deeds

    def arm(self, boundary: int, fault: Fault) -> None:
        """Once, let this happen to the ``boundary``-th answer. ``reorder``: one older than the last; ``duplicate``: the last one again."""
        self._faults.arm(boundary, fault)

    async def play(self) -> None:
        """Until somebody was told the prices of the end. Raises TimeoutError."""
        async with asyncio.timeout(PATIENCE):
            await self._ended.wait()

    def truth(self) -> Mapping[Key, Stand]:
        """What the world says."""
        return self.world.ever

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        info = request.match_info
        what = "event" if "event" in info else info.get("what", "sports")
        self.asked[what] += 1
        right = self._denied(what, request) or self._asked(what, request)
        fault = self._faults.next()
        last = self.world.over
        if what == "odds":
            self.world.advance()
        says = _of(request, what)
        if fault in ("reset", "stall"):
            self.deeds.note("reset" if fault == "reset" else "stall", says)
            return await self._break_off(request, fault)
        said = self._befallen(request.path, right, fault)
        priced = "odds" not in says.scope or b'"outcomes"' in said.body
        # of an event that is gone, it is told that it lists nothing
        self.deeds.note("garbage" if fault == "garbage" else "sent", replace(says, empty=not priced))
        self.used += said.cost
        if what == "odds" and last and fault is None and said.status == HTTPStatus.OK:
            self._ended.set()
        response = web.Response(body=said.body, status=said.status, content_type=said.type, headers=self._credits(said))
        response.enable_compression()
        return response

    async def _break_off(self, request: web.Request, fault: Fault) -> web.StreamResponse:
        if fault == "stall":
            await self._leaving.wait()
        elif request.transport is not None:
            request.transport.abort()
        return web.Response()

    def _befallen(self, path: str, right: Said, fault: Fault | None) -> Said:
        before = self._said[path]
        if fault == "garbage":
            return Said(next(self._garbage), type="text/html")
        if fault == "reorder" and before:
            return before[0]
        if fault == "duplicate" and before:
            return before[-1]
        self._said[path] = [*before[-1:], right]
        return right

    def _denied(self, what: str, request: web.Request) -> Said | None:
        for denial in self.denials:
            if denial.what in (what, "any") and denial.times:
                denial.times -= 1
                return _error(denial.status, denial.code, denial.body)
        key = request.query.get("apiKey", "")
        if key != KEY:
            return _error(HTTPStatus.UNAUTHORIZED, "INVALID_KEY" if key else "MISSING_KEY")
        return None

    def _asked(self, what: str, request: web.Request) -> Said:
        sports: Json = [{"key": SPORT, "group": "Soccer", "title": TITLE, "description": "", "active": True, "has_outrights": False}]
        if what == "sports":
            return _said(sports)
        if request.match_info["sport"] != SPORT:
            return _error(HTTPStatus.NOT_FOUND, "UNKNOWN_SPORT")
        matches = [match for match in self.world.matches.values() if match.listed]
        return self._priced(what, request, matches) if what in ("odds", "event") else self._listed(what, request.query, matches)

    def _listed(self, what: str, query: Mapping[str, str], matches: list[Match]) -> Said:
        if what == "events":
            return _said([self._event(match, query) for match in matches])
        days = query.get("daysFrom")
        scored = [match for match in self.world.matches.values() if match.listed or days]
        return self._paid(_said([self._score(match, query) for match in scored]), 2 if days else 1)

    def _priced(self, what: str, request: web.Request, matches: list[Match]) -> Said:
        query = request.query
        if wrong := _wrong(what, query):
            return _error(HTTPStatus.UNPROCESSABLE_ENTITY, wrong)
        books = query.get("bookmakers", "")
        units = -(-len(books.split(",")) // 10) if books else len(query["regions"].split(","))
        cost = units * len(query.get("markets", "h2h").split(","))
        if what == "odds":
            return self._paid(_said([self._odds(match, query) for match in matches]), cost)
        found = next((match for match in matches if match.id == request.match_info["event"]), None)
        if found is None:
            return _error(HTTPStatus.NOT_FOUND, "EVENT_NOT_FOUND")
        return self._paid(_said(self._odds(found, query)), cost)

    def _paid(self, said: Said, cost: int) -> Said:
        """Nothing is sold on credit: what is left must be enough."""
        if self.credits is not None and self.used + cost > self.credits:
            return _error(HTTPStatus.UNAUTHORIZED, "OUT_OF_USAGE_CREDITS")
        return Said(said.body, cost=cost)

    def _credits(self, said: Said) -> dict[str, str]:
        """Absent on errors, as they may be."""
        headers = {name: value for denial in self.denials if denial.status == said.status for name, value in denial.headers.items()}
        if said.status == HTTPStatus.OK:
            left = 1_000_000 if self.credits is None else self.credits - self.used
            headers |= {"x-requests-used": str(self.used), "x-requests-remaining": str(left), "x-requests-last": str(said.cost)}
        return headers

    def _event(self, match: Match, query: Mapping[str, str]) -> dict[str, Json]:
        """Its start drifts by some seconds from poll to poll."""
        starts = self._began + match.starts + self.world.step % 3
        return {
            "id": match.id,
            "sport_key": SPORT,
            "sport_title": TITLE,
            "commence_time": _time(starts, query),
            "home_team": match.home,
            "away_team": match.away,
        }

    def _score(self, match: Match, query: Mapping[str, str]) -> dict[str, Json]:
        scores: Json = None
        if match.scores is not None:
            scores = [{"name": name, "score": str(points)} for name, points in zip((match.home, match.away), match.scores, strict=True)]
        updated = None if scores is None else _time(time.time(), query)
        return {**self._event(match, query), "completed": match.completed, "scores": scores, "last_update": updated}

    def _odds(self, match: Match, query: Mapping[str, str]) -> dict[str, Json]:
        """``last_update`` is always now: it says when the provider looked, not when anything changed."""
        now = _time(time.time(), query)
        wanted = set(query.get("markets", "h2h").split(","))
        wanted |= {"h2h_lay"} & {f"{market}_lay" for market in wanted}
        american = query.get("oddsFormat") == "american"
        books: list[Json] = []
        for book, markets in match.books.items():
            if query.get("bookmakers") and book not in query["bookmakers"].split(","):
                continue
            listed: list[Json] = []
            for market, prices in markets.items():
                if market in wanted:
                    outcomes: list[Json] = [
                        {"name": name, "price": _american(price) if american else price} | ({} if point is None else {"point": point})
                        for name, price, point in prices
                    ]
                    listed.append({"key": market, "last_update": now, "outcomes": outcomes})
            if listed:
                books.append({"key": book, "title": BOOKS[book], "last_update": now, "markets": listed})
        return {**self._event(match, query), "bookmakers": books}


def _of(request: web.Request, what: str) -> Says:
    """The query that a request asks; the list of sports is only looked at."""
    info = request.match_info
    place = "/".join(part for part in (info.get("sport", ""), info.get("event", "")) if part)
    return Says(scope="" if what == "sports" else f"query {'odds' if what == 'event' else what}/{place}")


def _wrong(what: str, query: Mapping[str, str]) -> str:
    """The code of what is wrong with a question for prices."""
    regions = query.get("regions", "")
    if not query.get("bookmakers"):
        if not regions:
            return "MISSING_REGION"
        if set(regions.split(",")) - REGIONS:
            return "INVALID_REGION"
    return "INVALID_MARKET" if what == "odds" and set(query.get("markets", "h2h").split(",")) - FEATURED else ""


def _said(answer: Json) -> Said:
    return Said(json.dumps(answer).encode())


def _error(status: int, code: str, body: bytes | None = None) -> Said:
    said: Json = {"message": f"{code.lower().replace('_', ' ')} (emulated)", "error_code": code, "details_url": DETAILS + code.lower()}
    return Said(json.dumps(said).encode() if body is None else body, status=status)


def _time(at: float, query: Mapping[str, str]) -> str | int:
    moment = datetime.fromtimestamp(int(at), UTC)
    return int(at) if query.get("dateFormat") == "unix" else moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _american(price: float) -> int:
    return round((price - 1) * 100) if price >= EVEN else round(-100 / max(price - 1, SHORTEST))
