"""What to ask The Odds API for, and when: odds and scores of sports, markets of single events, and the free list of events in between."""

from collections.abc import Iterable, Sequence
from http import HTTPStatus
from typing import Final
from urllib.parse import quote

from ingestd.errors import Disconnected, Finished, IngestdError, Malformed
from ingestd.interfaces import Clock
from ingestd.model import SECOND
from ingestd.sources.budget import Budget
from ingestd.sources.cadence import Game
from ingestd.sources.feeds.the_odds_api import faults
from ingestd.sources.feeds.the_odds_api.calendar import Calendar
from ingestd.sources.feeds.the_odds_api.options import UPCOMING, TheOddsApiOptions
from ingestd.sources.feeds.the_odds_api.wire import Event, decoded, page
from ingestd.sources.http import Answer, Http, Request
from ingestd.sources.transports.polling import Poll

LISTING: Final = 600.0
"""Seconds between two looks at the events of a sport, at most: they cost nothing, and the cadence goes by them."""
SPORTS: Final = "sports"


class OddsPlan:
    """See ``polling.Plan``. Keys: ``odds/SPORT``, ``odds/SPORT/EVENT``, ``scores/SPORT``, ``events/SPORT``."""

    def __init__(self, options: TheOddsApiOptions, budget: Budget, clock: Clock) -> None:
        self._options = options
        self._budget = budget
        self._clock = clock
        self._calendars = {sport: Calendar(finals=options.days_from is not None) for sport in options.sports}
        self._owed: set[str] = set()
        """Queries whose last answer was none: they are asked again, even where nothing more is expected of them."""
        self.listing = min(options.cadence.far, LISTING)

    def recall(self, keys: Iterable[str], now: int) -> None:
        """These were asked for before a restart."""
        for key in keys:
            what, sport, event = _parts(key)
            if what == "odds" and event and sport in self._calendars:
                self._calendars[sport].recall(event, sport, now)

    def polls(self, now: int) -> Sequence[Poll]:
        """Whole sports before single events; scores only while there are games to score.

        Something free is always among them, so that a source that saves its credits is not silent.
        """
        found: list[Poll] = []
        for sport, calendar in self._calendars.items():
            found.append(self.probe(now) if sport == UPCOMING else self._events(sport))
            found.append(self._odds(sport))
            if self._options.scores and sport != UPCOMING:
                scores = self._scores(sport)
                found += [scores] if scores.key in self._owed or calendar.under_way(now) else []
        return found + self._singles(now)

    def interval(self, poll: Poll, now: int) -> float:
        """By what is known of the events that the query lists."""
        what, sport, event = _parts(poll.key)
        if what in (SPORTS, "events"):
            return self.listing
        calendar = self._calendars[sport]
        if event:
            known = calendar.events[event]
            if not known.listed:
                return self._options.cadence.near
            games = [Game(known.starts_at, over=known.completed)]
        else:
            games = calendar.games() if what == "odds" else calendar.under_way(now)
        return self._budget.interval(poll.key, poll.cost, self._options.cadence, games)

    def probe(self, now: int) -> Poll:
        """The list of sports: free, and refused without a good key."""
        return Poll(key=SPORTS, request=self._request("/sports"), cost=0.0)

    def judge(self, poll: Poll, answer: Answer, http: Http) -> IngestdError | None:
        """Credits first: every answer says what is left of them. Finished: an event that is over."""
        self._budget.correct(used=_number(answer, "x-requests-used"), left=_number(answer, "x-requests-remaining"))
        _, sport, event = _parts(poll.key)
        if poll.key == SPORTS and answer.status == HTTPStatus.OK and _events_in(answer) is None:
            return Disconnected("format", f"{answer.url}: no list of sports")
        now = self._clock.now()
        gone = answer.status == HTTPStatus.NOT_FOUND and faults.code_of(answer) == faults.EVENT_NOT_FOUND
        if not event or not (gone or answer.status == HTTPStatus.OK):
            self._owed.add(poll.key)
            return faults.judged(answer, http, (self._budget.renews_at - now) / SECOND)
        events = _events_in(answer)
        empty = gone or (events is not None and not any(found.bookmakers for found in events))
        return Finished() if self._calendars[sport].answered(event, empty=empty, gone=gone, now=now) else None

    def learn(self, poll: Poll, answer: Answer, now: int) -> None:
        """Starts and ends of events."""
        what, sport, event = _parts(poll.key)
        events = _events_in(answer)
        if events is None or event or what == SPORTS:
            return
        self._owed.discard(poll.key)
        self._calendars[sport].learn(events)
        if what == "events" or sport == UPCOMING:
            self._calendars[sport].only(frozenset(event.id for event in events), now)

    def next_page(self, poll: Poll, answer: Answer) -> Request | None:
        """Every answer is whole."""
        return None

    def _singles(self, now: int) -> list[Poll]:
        options = self._options
        if not options.event_markets:
            return []
        return [
            Poll(
                key=f"odds/{sport}/{event}",
                request=self._request(f"/sports/{known.sport}/events/{quote(event, safe='')}/odds", *self._prices(options.event_markets)),
                cost=options.price(len(options.event_markets)),
            )
            for sport, calendar in self._calendars.items()
            for event, known in calendar.near(options.cadence, now).items()
        ]

    def _events(self, sport: str) -> Poll:
        return Poll(key=f"events/{sport}", request=self._request(f"/sports/{sport}/events", ("dateFormat", "iso")), cost=0.0)

    def _odds(self, sport: str) -> Poll:
        markets = self._options.markets
        request = self._request(f"/sports/{sport}/odds", *self._prices(markets))
        return Poll(key=f"odds/{sport}", request=request, cost=self._options.price(len(markets)))

    def _scores(self, sport: str) -> Poll:
        days = self._options.days_from
        more = [] if days is None else [("daysFrom", str(days))]
        request = self._request(f"/sports/{sport}/scores", *more, ("dateFormat", "iso"))
        return Poll(key=f"scores/{sport}", request=request, cost=1.0 if days is None else 2.0)

    def _prices(self, markets: Sequence[str]) -> Iterable[tuple[str, str]]:
        """Bookmakers win over regions, so only one of them is sent. The format is sent always: the decoder reads it from the address."""
        options = self._options
        whose = ("bookmakers", options.bookmakers) if options.bookmakers else ("regions", options.regions)
        yield whose[0], ",".join(dict.fromkeys(whose[1]))
        yield "markets", ",".join(dict.fromkeys(markets))
        yield "oddsFormat", options.odds_format
        yield "dateFormat", "iso"

    def _request(self, path: str, *params: tuple[str, str]) -> Request:
        url = f"{self._options.url.rstrip('/')}/v4{path}"
        return Request(url=url, params=params, secret_params=(("apiKey", self._options.api_key.get_secret_value()),))


def _parts(key: str) -> tuple[str, str, str]:
    """What is asked, of which sport, of which event."""
    what, _, rest = key.partition("/")
    sport, _, event = rest.partition("/")
    return what, sport, event


def _events_in(answer: Answer) -> list[Event] | None:
    """The events in an answer, as far as they can be read; None where it holds none at all, being no answer."""
    try:
        elements = page(answer.body).elements
    except Malformed:
        return None
    return [event for event in (decoded(raw, Event) for raw in elements) if isinstance(event, Event)]


def _number(answer: Answer, header: str) -> float | None:
    """A count in a header; None where it is not there, as with many errors."""
    text = answer.headers.get(header, "").strip()
    return float(text) if text.isascii() and text.removesuffix(".0").isdecimal() else None
