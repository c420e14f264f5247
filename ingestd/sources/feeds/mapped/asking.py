"""What a mapped source asks for over HTTP, how often, and how it goes on to the next page."""

import re
from collections.abc import Callable, Sequence
from typing import Final
from urllib.parse import parse_qsl, urljoin, urlsplit

from msgspec.structs import replace

from ingestd.errors import Disconnected, IngestdError, Malformed
from ingestd.interfaces import Decoder
from ingestd.model import Fixture, Frame
from ingestd.sources.budget import Budget, Limit
from ingestd.sources.cadence import Cadence, Game, Means, interval
from ingestd.sources.feeds.mapped.options import PagingOptions, PollingOptions, QueryOptions
from ingestd.sources.feeds.mapped.paths import Path
from ingestd.sources.feeds.mapped.peek import Peek
from ingestd.sources.http import Answer, Http, Request
from ingestd.sources.transports.polling import Poll

NEXT: Final = re.compile(r'<([^>]+)>\s*;[^,]*\brel="?next\b', re.IGNORECASE)
"""The next page in a ``Link`` header (RFC 8288)."""
OVER: Final = frozenset(("finished", "cancelled"))


class Paging:
    """From an answer to the request of the next page of the same walk."""

    def __init__(self, options: PagingOptions, secret_param: str, peek: Peek) -> None:
        self._options = options
        self._secret_param = secret_param
        self._next = None if options.next is None else Path(options.next)
        self._items = None if options.items is None else Path(options.items)
        self._peek = peek

    def following(self, request: Request, answer: Answer) -> Request | None:
        """None after the last page. Raises Disconnected where the provider points to another host, which is not to have the key."""
        if self._options.kind == "link":
            return self._link(request, answer)
        asked = dict(parse_qsl(urlsplit(answer.url).query))
        param = self._options.param
        value = self._cursor(answer) if self._options.kind == "cursor" else self._offset(answer, asked.get(param, ""))
        if not value or value == asked.get(param):
            return None
        return replace(request, params=(*(pair for pair in request.params if pair[0] != param), (param, value)))

    def _link(self, request: Request, answer: Answer) -> Request | None:
        if self._next is not None:
            link = self._peek.at(answer.body, self._next)
        else:
            match = NEXT.search(answer.headers.get("link", ""))
            link = match[1] if match else None
        if not isinstance(link, str) or not link:
            return None
        parts, ours = urlsplit(urljoin(request.url, link)), urlsplit(request.url)
        if (parts.scheme, parts.netloc) != (ours.scheme, ours.netloc):
            raise Disconnected("paging", f"the next page of {request.url} is said to be on another host")
        # a provider may repeat the key in its links: it goes where secrets go, and only there
        params = tuple(pair for pair in parse_qsl(parts.query, keep_blank_values=True) if pair[0] != self._secret_param)
        return replace(request, url=parts._replace(query="", fragment="").geturl(), params=params)

    def _cursor(self, answer: Answer) -> str:
        found = None if self._next is None else self._peek.at(answer.body, self._next)
        return str(found) if isinstance(found, str | int) and not isinstance(found, bool) else ""

    def _offset(self, answer: Answer, asked: str) -> str:
        items = None if self._items is None else self._peek.at(answer.body, self._items)
        if not isinstance(items, list) or len(items) < self._options.size:
            return ""
        return str((int(asked) if asked.isdecimal() else 0) + self._options.size)


class Asking:
    """The plan of a polled source; see ``transports.polling.Plan``."""

    def __init__(self, options: PollingOptions, peek: Peek, decoder: Callable[[], Decoder], budget: Budget) -> None:
        self._options = options
        self._decoder = decoder
        self._budget = budget
        self._games: dict[str, list[Game]] = {}
        self._polls = [_poll(key, query, options) for key, query in options.queries.items()]
        secret_param = options.auth.name if options.auth is not None and options.auth.kind == "query" else ""
        self._paging = None if options.paging is None else Paging(options.paging, secret_param, peek)

    def polls(self, now: int) -> Sequence[Poll]:
        """As they stand in the options."""
        return self._polls

    def interval(self, poll: Poll, now: int) -> float:
        """Seconds: the query's own, else by the cadence, else that of all."""
        own = self._options.queries[poll.key].interval
        if own is not None or self._options.cadence is None:
            return self._options.interval if own is None else own
        return self._paced(self._options.cadence, poll, now)

    def probe(self, now: int) -> Poll:
        """What costs nothing, if there is such a thing; else the first of all queries."""
        free = self._options.probe
        return self._polls[0] if free is None else _poll("probe", free, self._options)

    def judge(self, poll: Poll, answer: Answer, http: Http) -> IngestdError | None:
        """By HTTP's own rules."""
        return http.judge(answer)

    def learn(self, poll: Poll, answer: Answer, now: int) -> None:
        """When games start, where that decides how often to ask."""
        if self._options.cadence is None or poll.key not in self._options.queries:
            return
        try:
            said = list(self._decoder()(Frame("", "data", now, answer.body, meta={"key": poll.key})))
        except Malformed:
            return
        fixtures = [one for one in said if isinstance(one, Fixture) and one.starts_at is not None]
        self._games[poll.key] = [Game(one.starts_at, one.status in OVER) for one in fixtures if one.starts_at is not None]

    def next_page(self, poll: Poll, answer: Answer) -> Request | None:
        """None after the last."""
        return None if self._paging is None else self._paging.following(poll.request, answer)

    def _paced(self, cadence: Cadence, poll: Poll, now: int) -> float:
        left = self._budget.left
        means = None if left is None else Means(poll.cost, left, self._budget.renews_at)
        return interval(cadence, self._games.get(poll.key, []), now, means)


def limits(options: PollingOptions) -> tuple[Limit, ...]:
    """What may be asked for, as a budget takes it."""
    return tuple(Limit(amount=one.amount, seconds=None if one.per == "month" else float(one.per)) for one in options.budget)


def longest(options: PollingOptions) -> float:
    """Seconds between two walks of what is asked for most seldom."""
    return max(options.interval if query.interval is None else query.interval for query in options.queries.values())


def _poll(key: str, query: QueryOptions, options: PollingOptions) -> Poll:
    return Poll(key=key, request=Request(url=query.url, params=tuple(query.params.items()), headers=options.headers), cost=query.cost)
