"""Which files are asked for, when, and what is made of the answers."""

from http import HTTPStatus
from pathlib import Path

import pytest

from ingestd.errors import Disconnected, Finished, Refused
from ingestd.model import SECOND, Frame
from ingestd.sources.feeds.football_data.feed import FilePlan, FootballDataFeed, build, current_season
from ingestd.sources.feeds.football_data.options import FootballDataOptions
from ingestd.sources.http import Answer, Http, opened
from ingestd.sources.kind import FeedOptions
from ingestd.testing.clock import VirtualClock
from ingestd.testing.context import feed_context
from ingestd.testing.football_data import FootballDataSite

NOW = 1_660_399_200 * SECOND
"""13 August 2022."""


def plan(clock: VirtualClock | None = None, **options: object) -> FilePlan:
    """With these options."""
    return FilePlan(FootballDataOptions.model_validate(options), clock or VirtualClock(NOW))


def answer(status: int, body: bytes = b"Div,Date") -> Answer:
    """Of the site."""
    return Answer(status=status, headers={}, body=body, url="https://site/file.csv")


def test_files() -> None:
    """The coming matches first; every division of every season; every country."""
    keys = [poll.key for poll in plan(divisions=["E0", "D1"], seasons=["2122", "2223"], leagues=["USA"]).polls(NOW)]
    assert keys == ["fixtures", "mmz4281/2122/E0", "mmz4281/2122/D1", "mmz4281/2223/E0", "mmz4281/2223/D1", "new/USA"]
    (poll,) = plan(url="https://site/", divisions=["E0"], fixtures=False).polls(NOW)
    assert poll.request.shown == "https://site/mmz4281/2223/E0.csv"
    assert plan(url="https://site/").probe(NOW).request.shown == "https://site/notes.txt"
    assert plan(interval="1h").interval(poll, NOW) == 3_600


@pytest.mark.parametrize(
    ("now", "season"), [(NOW, "2223"), (1_656_629_940 * SECOND, "2122"), (1_656_630_060 * SECOND, "2223"), (946_684_800 * SECOND, "9900")]
)
def test_the_season_under_way(now: int, season: str) -> None:
    """It begins with July, in London."""
    assert current_season(now) == season


async def test_a_file_that_is_not_there() -> None:
    """Is left out until its time comes again; the notes must be there."""
    clock = VirtualClock(NOW)
    chosen = plan(clock, divisions=["E0"], fixtures=False, interval=60)
    (poll,) = chosen.polls(NOW)
    async with opened(clock) as http:
        assert isinstance(chosen.judge(poll, answer(HTTPStatus.NOT_FOUND), http), Finished)
        assert (chosen.polls(NOW), len(chosen.polls(NOW + 60 * SECOND))) == ([], 1)
        assert isinstance(chosen.judge(chosen.probe(NOW), answer(HTTPStatus.NOT_FOUND), http), Refused)


@pytest.mark.parametrize("body", [b"<!DOCTYPE html>", b"\r\n <HTML><body>"])
async def test_a_page_is_no_file(body: bytes) -> None:
    """Whatever its status says."""
    async with opened(VirtualClock(NOW)) as http:
        assert [_judged(http, status, body) for status in (200, 304, 403)] == [Disconnected, Disconnected, Refused]
        assert _judged(http, 200, b"Div,Date") is None


def _judged(http: Http, status: int, body: bytes) -> type[Exception] | None:
    chosen = plan()
    verdict = chosen.judge(chosen.polls(NOW)[0], answer(status, body), http)
    return None if verdict is None else type(verdict)


async def test_a_session(tmp_path: Path) -> None:
    """The notes as proof, then every file once; the next one asks for nothing before its time."""
    async with FootballDataSite(tmp_path) as site:
        options = FootballDataOptions.model_validate({**site.options(), "interval": 3_600})
        feed = FootballDataFeed(options, feed_context("fd"))
        frames: list[Frame] = []
        async with feed.connect("") as session:
            while len(frames) < 4:
                frames += await session.read()
        assert [(frame.kind, frame.meta.get("key", "")) for frame in frames] == [
            ("opened", ""),
            ("data", "fixtures"),
            ("data", "mmz4281/2223/E9"),
            ("data", "new/NOW"),
        ]
        assert "whole" in frames[-1].meta
        assert [path for path, _ in site.requests] == ["notes.txt", "fixtures.csv", "mmz4281/2223/E9.csv", "new/NOW.csv"]
        async with feed.connect(frames[-1].token) as session:
            opened_again, whole = await session.read()
        assert (opened_again.epoch, opened_again.meta, whole.meta) == (False, {"resumed": "conflated"}, {"whole": "1"})


def test_build() -> None:
    """A silence is longer than the pause between two looks; other options are a bug."""
    feed = build(FootballDataOptions(), feed_context("fd"))
    assert (feed.time_rule, feed.silence_limit > 21_600, feed.renewable) == ("stamped", True, False)
    with pytest.raises(TypeError):
        build(FeedOptions(), feed_context("fd"))
