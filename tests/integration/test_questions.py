"""Every statement of ``docs/queries.md`` on a small world whose answers are known, on both databases."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec.structs import replace
from sqlalchemy import insert

from ingestd.batch import Batch, ResultRow
from ingestd.clock import SystemClock
from ingestd.interfaces import Store
from ingestd.model import hash64
from ingestd.store import open_store
from ingestd.store.columns import to_micros
from ingestd.store.connect import reader_engine, target
from ingestd.store.schema import Precedence
from ingestd.testing.batches import World
from ingestd.testing.questions import questions
from ingestd.testing.rig.daemon import SCHEMA
from ingestd.testing.rig.evidence import ask

QUESTIONS = questions((Path(__file__).parents[2] / "docs" / "queries.md").read_text(encoding="utf-8"))
TONIGHT, LAST = "Harrow v Marsham", "Ayton v Beeford"
PLACES = {"alpha": 0, "beta": 1}


def at(text: str) -> int:
    """``10 14:03`` of January 2026, or a whole date: UTC µs."""
    return to_micros(datetime.fromisoformat(text if len(text) > len("10 14:03") else f"2026-01-{text}").replace(tzinfo=UTC))


class Told(SystemClock):
    """Says what it is told to say."""

    moment = at("10 09:00")

    def now(self) -> int:
        """UTC µs."""
        return self.moment


PRICES: list[tuple[str, str, str, str, str, float, str, str]] = [
    # source, event, bookmaker, outcome, at, price, status, committed at ("": at once)
    ("alpha", LAST, "Acorn", "home", "2025-11-01 14:00", 1.8, "open", ""),
    ("beta", LAST, "Acorn", "home", "2025-11-01 14:30", 1.85, "open", ""),
    ("alpha", LAST, "Acorn", "home", "2025-11-01 15:01", 1.9, "open", ""),
    ("alpha", LAST, "Acorn", "home", "2025-11-01 17:00", 1.9, "settled", ""),
    ("beta", LAST, "Acorn", "home", "2025-11-01 17:00", 1.85, "settled", ""),
    ("alpha", TONIGHT, "Acorn", "home", "10 10:00", 2.0, "open", ""),
    ("beta", TONIGHT, "Acorn", "home", "10 11:00", 2.0, "open", ""),
    ("beta", TONIGHT, "Delta", "home", "10 13:00", 2.5, "open", ""),
    ("beta", TONIGHT, "Delta", "away", "10 13:00", 1.5, "open", ""),
    ("alpha", TONIGHT, "Acorn", "home", "10 14:00", 2.5, "open", ""),
    ("beta", TONIGHT, "Acorn", "home", "10 15:00", 4.0, "suspended", ""),
    ("beta", TONIGHT, "Acorn", "home", "10 15:30", 2.0, "open", ""),
    ("beta", TONIGHT, "Delta", "home", "10 14:02", 4.0, "open", "11 08:00"),
]


class Small:
    """Two sources, two matches."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._clock = Told()
        self._worlds = {source: World(source) for source in PLACES}

    async def make(self) -> None:
        """All of it."""
        store = open_store(self._url, SCHEMA, self._clock)
        await store.prepare()
        for world in self._worlds.values():
            await world.begin(store)
        for source, event, book, outcome, when, price, status, committed in PRICES:
            await self._price(store, source, event, (book, outcome), (at(when), price, status), at(committed or when))
        for source, world in self._worlds.items():
            await store.write(self._known(source, world))
        await store.close()
        engine = reader_engine(target(self._url, SCHEMA))
        async with engine.begin() as db:
            await db.execute(insert(Precedence), [{"source": source, "place": place} for source, place in PLACES.items()])
        await engine.dispose()

    async def _price(
        self, store: Store, source: str, event: str, offer: tuple[str, str], said: tuple[int, float, str], committed_at: int
    ) -> None:
        world, (book, outcome), (when, price, status) = self._worlds[source], offer, said
        home, away = event.split(" v ")
        link = world.link(
            event, at=at("2025-10-01 00:00"), home=home, away=away, league="River Cup", league_id=hash64("league", "River Cup")
        )
        link = replace(link, event_id=hash64(event), season="2025", starts_at=at("10 20:00"))
        if event == LAST:
            link = replace(
                link, starts_at=at("2025-11-01 15:00"), started_at=at("2025-11-01 15:02"), started_by="status", status="finished"
            )
        one = world.selection(f"{event}{book}{outcome}", market=f"{event}{book}", event=event, outcome=outcome, bookmaker=book)
        one = replace(one, market="match_result", participant="")
        batch = world.batch([world.change(one, when, price, status=status, own_status=status)])
        batch.links[source, event] = link
        world.name(batch, link)
        world.tell(batch, one, at=when)
        self._clock.moment = committed_at
        await store.write(batch)

    def _known(self, source: str, world: World) -> Batch:
        """Coverage, results, and that the source is live at this very moment."""
        now = SystemClock().now()
        batch = world.batch()
        world.state(batch, now)
        if source == "beta":
            world.covered(batch, at("10 09:00"), now)
            world.covered(batch, at("10 13:30"), at("10 14:30"), scope=("market", f"{TONIGHT}Delta"), state="gap", ended=at("10 14:30"))
            world.covered(batch, at("10 20:30"), at("10 20:40"), scope=("event", TONIGHT), state="gap", ended=at("10 20:40"))
            return batch
        world.covered(batch, at("2025-11-01 12:00"), at("2025-11-01 18:00"), ended=at("2025-11-01 18:00"))
        world.covered(batch, at("10 09:00"), at("10 22:00"), ended=at("10 22:00"))
        world.covered(batch, at("10 22:00"), at("10 22:10"), state="gap", ended=at("10 22:10"))
        world.covered(batch, at("10 22:10"), now)
        batch.results[source, LAST, ""] = ResultRow(source, LAST, "", 2, 0, "home", "final", at("2025-11-01 17:00"))
        return batch


Row = tuple[object, ...]
CLOSED: list[Row] = [
    # starts, event, bookmaker, source, outcome, price, began by, complete
    ("2025-11-01 15:00", LAST, "Acorn", "alpha", "home", 1.9, "status", True),
    ("2025-11-01 15:00", LAST, "Acorn", "beta", "home", 1.85, "status", False),
]
ANSWERS: dict[str, list[Row]] = {
    "What is the best price of each outcome for tonight?": [
        (TONIGHT, "match_result", "", "away", "", None, 1.5, "Delta", 1, 1),
        (TONIGHT, "match_result", "", "home", "", None, 4.0, "Delta", 2, 1),
    ],
    "What do all bookmakers together think of tonight?": [
        (TONIGHT, "match_result", "away", "", None, 1, 1 / 1.5, 1 / 1.5, None),
        (TONIGHT, "match_result", "home", "", None, 2, 0.325, 0.325, None),
    ],
    "How did the prices of a match move?": [
        ("10 13:00", "Delta", "beta", "away", None, 1.5, None, None),
        ("10 10:00", "Acorn", "alpha", "home", None, 2.0, None, None),
        ("10 14:00", "Acorn", "alpha", "home", None, 2.5, 0.5, None),
        ("10 11:00", "Acorn", "beta", "home", None, 2.0, None, None),
        ("10 15:30", "Acorn", "beta", "home", None, 2.0, 0.0, None),
        ("10 13:00", "Delta", "beta", "home", None, 2.5, None, None),
        ("10 14:02", "Delta", "beta", "home", None, 4.0, 1.5, None),
    ],
    "How did the prices of a match move? (2)": [
        ("Delta", "beta", "away", None, 1.5, None, 1.5),
        ("Acorn", "alpha", "home", None, 2.0, None, 2.5),
        ("Acorn", "beta", "home", None, 2.0, None, 2.0),
        ("Delta", "beta", "home", None, 2.5, None, 4.0),
    ],
    "What were last season's closing prices, and how did the matches end?": [(*row, 2, 0, "home") for row in CLOSED],
    "What were last season's closing prices, and how did the matches end? (2)": [
        ("2025-11-01 15:00", LAST, "Acorn", "home", 1.9, "alpha", True),
        ("10 20:00", TONIGHT, "Acorn", "home", 2.5, "alpha", True),
        ("10 20:00", TONIGHT, "Delta", "away", 1.5, "beta", True),
        ("10 20:00", TONIGHT, "Delta", "home", 4.0, "beta", True),
    ],
    "Which minutes of last night can be trusted?": [
        ("alpha", "10 09:00", "10 22:00"),
        ("alpha", "10 22:10", "now"),
        ("beta", "10 09:00", "now"),
    ],
    "Which minutes of last night can be trusted? (2)": [("beta", "event", TONIGHT, "gap", "", "10 20:30", "10 20:40", "")],
    "Which minutes of last night can be trusted? (3)": [
        ("Acorn", "alpha", "match_result", "home", None, 2.5, "open"),
        ("Acorn", "beta", "match_result", "home", None, 2.0, "open"),
    ],
    "Where do two bookmakers differ by over 5 %?": [(TONIGHT, "match_result", "home", None, "Delta", 4.0, "Acorn", 2.5)],
    "What was known at 14:03?": [
        ("Acorn", "alpha", "match_result", "home", None, 2.5, "open"),
        ("Acorn", "beta", "match_result", "home", None, 2.0, "open"),
        ("Delta", "beta", "match_result", "away", None, 1.5, "open"),
        ("Delta", "beta", "match_result", "home", None, 2.5, "open"),
    ],
    "What was known at 14:03? (2)": [
        ("Acorn", "alpha", "match_result", "home", None, 2.5, "open"),
        ("Acorn", "beta", "match_result", "home", None, 2.0, "open"),
        ("Delta", "beta", "match_result", "away", None, 1.5, "open"),
        ("Delta", "beta", "match_result", "home", None, 4.0, "open"),
    ],
}
ANSWERS["What was known at 14:03? (3)"] = ANSWERS["What was known at 14:03? (2)"]


def shown(value: object) -> object:
    """As the answers above have it, whatever the database: times are told to the minute, the present as ``now``."""
    if isinstance(value, str) and value[-1:] == "Z":
        value = datetime.fromisoformat(value)
    if isinstance(value, datetime):
        if to_micros(value) > at("31 00:00"):
            return "now"
        return f"{value:%d %H:%M}" if value.year == 2026 else f"{value:%Y-%m-%d %H:%M}"
    return pytest.approx(value) if isinstance(value, float) else value


@pytest.fixture
def small(store_url: str) -> str:
    """The URL of a store that holds the small world."""
    asyncio.run(Small(store_url).make())
    return store_url


def test_every_question_is_answered(small: str) -> None:
    """As the page puts it; what a row says of its age is left out."""
    assert list(ANSWERS) == list(QUESTIONS)
    for question, wanted in ANSWERS.items():
        found = asyncio.run(ask(small, QUESTIONS[question]))
        assert [tuple(map(shown, row[: len(wanted[0])])) for row in found] == wanted, question


def test_sources_that_disagree(small: str) -> None:
    """The short one in the text of the page."""
    found = asyncio.run(ask(small, "select source, price, witnesses, disagreement from live_odds where disagreement > 0.05"))
    assert [tuple(map(shown, row)) for row in found] == [("alpha", 2.5, 2, 0.25)]
