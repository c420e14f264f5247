"""The site, polled: a file per division and season, one per country, one of coming matches; asked for only where they changed."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from http import HTTPStatus
from typing import Final
from zoneinfo import ZoneInfo

from ingestd.errors import Disconnected, Finished, IngestdError
from ingestd.interfaces import Clock, Decoder, Feed, Session
from ingestd.model import SECOND, TimeRule
from ingestd.sources.budget import Limit
from ingestd.sources.feeds.football_data.decoder import FootballDataDecoder
from ingestd.sources.feeds.football_data.match import NEW_SEASON
from ingestd.sources.feeds.football_data.options import FootballDataOptions
from ingestd.sources.feeds.football_data.sheet import LARGEST
from ingestd.sources.http import Answer, Http, Request, opened
from ingestd.sources.kind import FeedContext, FeedOptions
from ingestd.sources.transports.polling import LONGEST_RETRY, Poll, Poller

FIXTURES: Final = "fixtures"
PROBE: Final = "notes.txt"
"""The site's description of its columns: small, always there, and read by nobody here."""
_LONDON: Final = ZoneInfo("Europe/London")
_PAGES: Final = ("<!doctype", "<html")


class FilePlan:
    """Which files, and how often. A file that is not there (a season that has not begun) is looked for again in its time."""

    def __init__(self, options: FootballDataOptions, clock: Clock) -> None:
        self._options = options
        self._clock = clock
        self._site = options.url.rstrip("/")
        self._absent: dict[str, int] = {}

    def polls(self, now: int) -> Sequence[Poll]:
        """What comes first tells of matches to be played."""
        keys = [FIXTURES] if self._options.fixtures else []
        for season in self._options.seasons or (current_season(now),):
            keys += [f"mmz4281/{season}/{division}" for division in self._options.divisions]
        keys += [f"new/{code}" for code in self._options.leagues]
        return [self._poll(key) for key in dict.fromkeys(keys) if self._absent.get(key, 0) <= now]

    def interval(self, poll: Poll, now: int) -> float:
        """Seconds from one look at a file to the next."""
        return self._options.interval

    def probe(self, now: int) -> Poll:
        """The notes."""
        return Poll(key=PROBE, request=Request(url=f"{self._site}/{PROBE}"))

    def judge(self, poll: Poll, answer: Answer, http: Http) -> IngestdError | None:
        """A missing file is no failure; a page for people where a file should be is one, whatever its status says."""
        if answer.status == HTTPStatus.NOT_FOUND and poll.key != PROBE:
            self._absent[poll.key] = self._clock.now() + int(self._options.interval * SECOND)
            return Finished(f"{answer.url} is not there")
        error = http.judge(answer)
        if error is None and answer.body[:64].lstrip().lower().decode("latin-1").startswith(_PAGES):
            return Disconnected("format", f"{answer.url}: a page instead of a file")
        return error

    def learn(self, poll: Poll, answer: Answer, now: int) -> None:
        """Nothing in a file says when the next one comes."""

    def next_page(self, poll: Poll, answer: Answer) -> Request | None:
        """A file is one page."""
        return None

    def _poll(self, key: str) -> Poll:
        return Poll(key=key, request=Request(url=f"{self._site}/{key}.csv"))


class FootballDataFeed:
    """One selection of files; see ``interfaces.Feed``. Every statement has a moment of its own, and that decides."""

    time_rule: TimeRule = "stamped"
    renewable = False

    def __init__(self, options: FootballDataOptions, context: FeedContext) -> None:
        self._context = context
        self.silence_limit = options.interval + 2 * options.timeout + LONGEST_RETRY
        budget = context.budget(options.url, (Limit(amount=options.per_minute, seconds=60.0),))

        def client() -> AbstractAsyncContextManager[Http]:
            return opened(context.clock, timeout=options.timeout, largest=LARGEST)

        plan = FilePlan(options, context.clock)
        self._poller = Poller(context.name, plan, client, budget, context.clock, context.random)

    def connect(self, resume: str) -> AbstractAsyncContextManager[Session]:
        """A session; see the polling transport."""
        return self._poller.connect(resume)

    def decoder(self) -> Decoder:
        """A decoder; it has no state."""
        return FootballDataDecoder(self._context.name)


def current_season(now: int) -> str:
    """The season under way, as its files are named: from July on, the new one (``now`` in UTC µs)."""
    today = datetime.fromtimestamp(now / SECOND, _LONDON)
    first = today.year if today.month >= NEW_SEASON else today.year - 1
    return f"{first % 100:02d}{(first + 1) % 100:02d}"


def build(options: FeedOptions, context: FeedContext) -> Feed:
    """The live feed."""
    if not isinstance(options, FootballDataOptions):
        raise TypeError(type(options).__name__)
    return FootballDataFeed(options, context)
