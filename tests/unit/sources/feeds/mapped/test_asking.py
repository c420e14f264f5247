"""What is asked for, and how a walk goes on."""

import msgspec
import pytest

from ingestd.errors import Disconnected
from ingestd.sources.budget import Budget, Limit
from ingestd.sources.feeds.mapped.asking import Asking, limits, longest
from ingestd.sources.feeds.mapped.documents import Dialect, reader
from ingestd.sources.feeds.mapped.options import PollingOptions
from ingestd.sources.feeds.mapped.peek import Peek
from ingestd.sources.http import Answer, Request
from ingestd.testing.clock import VirtualClock
from tests.unit.sources.feeds.mapped.conftest import decoder_of, event, small

URL = "https://a.example/odds"


def asking(**over: object) -> Asking:
    """Two queries."""
    queries = {"a": {"url": URL, "params": {"x": "1"}, "cost": 2}, "b": {"url": URL + "/b", "interval": 5}}
    given = PollingOptions.model_validate({"queries": queries, "interval": 30, **over})
    return Asking(given, Peek(reader("json", Dialect())), lambda: decoder_of(small()), Budget("k", (), VirtualClock()))


def answer(body: object, url: str = f"{URL}?x=1", link: str = "") -> Answer:
    """What came."""
    return Answer(status=200, headers={"link": link} if link else {}, body=msgspec.json.encode(body), url=url)


def following(plan: Asking, found: Answer) -> Request | None:
    """The request of the next page of query a."""
    return plan.next_page(plan.polls(0)[0], found)


def test_the_plan() -> None:
    """Queries as they are configured, each in its own time; the first one proves that the provider is there."""
    plan = asking()
    first, second = plan.polls(0)
    assert (first.key, first.cost, first.request.shown) == ("a", 2.0, f"{URL}?x=1")
    assert (plan.interval(first, 0), plan.interval(second, 0)) == (30.0, 5.0)
    assert plan.probe(0) is first
    assert asking(probe={"url": URL + "/free", "cost": 0}).probe(0).request.url == URL + "/free"
    assert plan.next_page(first, answer({})) is None


def test_a_cadence_looks_at_kick_offs() -> None:
    """It is told when the games that an answer lists begin; a query's own interval goes before it."""
    plan = asking(cadence={})
    mapping = small()
    mapping["walk"][0]["fixture"]["starts_at"] = {"get": "event.start", "format": "s"}
    plan._decoder = lambda: decoder_of(mapping)
    first, second = plan.polls(0)
    plan.learn(first, answer({"events": [event(1) | {"start": 100}, event(2)]}), 0)
    plan.learn(first, Answer(status=200, headers={}, body=b"{", url=URL), 0)
    assert [game.starts_at for game in plan._games["a"]] == [100_000_000]
    assert plan.interval(first, 0) > 0
    assert plan.interval(second, 0) == 5.0


@pytest.mark.parametrize(
    ("paging", "body", "url", "params"),
    [
        ({"kind": "cursor", "next": "doc.next", "param": "after"}, {"next": "c2"}, f"{URL}?x=1", (("x", "1"), ("after", "c2"))),
        ({"kind": "cursor", "next": "doc.next", "param": "after"}, {"next": 7}, f"{URL}?x=1&after=6", (("x", "1"), ("after", "7"))),
        ({"kind": "cursor", "next": "doc.next", "param": "after"}, {"next": None}, f"{URL}?x=1&after=6", None),
        ({"kind": "cursor", "next": "doc.next", "param": "after"}, {"next": "6"}, f"{URL}?x=1&after=6", None),
        ({"kind": "offset", "items": "doc.e", "size": 2}, {"e": [1, 2]}, f"{URL}?x=1", (("x", "1"), ("offset", "2"))),
        ({"kind": "offset", "items": "doc.e", "size": 2}, {"e": [1, 2]}, f"{URL}?x=1&offset=2", (("x", "1"), ("offset", "4"))),
        ({"kind": "offset", "items": "doc.e", "size": 2}, {"e": [1]}, f"{URL}?x=1&offset=2", None),
        ({"kind": "offset", "items": "doc.e", "size": 2}, {}, f"{URL}?x=1", None),
    ],
)
def test_pages_by_parameter(paging: dict[str, object], body: object, url: str, params: tuple[tuple[str, str], ...] | None) -> None:
    """The next one, until there is none; a cursor that stands still is an end as well."""
    request = following(asking(paging=paging), answer(body, url))
    assert (None if request is None else request.params) == params


def test_pages_by_link() -> None:
    """From the body or from the header, on the same host only; a key in it goes where no log sees it."""
    auth = {"kind": "query", "name": "apiKey", "secret": "s3"}
    plan = asking(paging={"kind": "link", "next": "doc.next"}, auth=auth)
    request = following(plan, answer({"next": "/odds?page=2&apiKey=s3"}))
    assert request is not None
    assert request.shown == f"{URL}?page=2"
    assert following(plan, answer({})) is None
    with pytest.raises(Disconnected, match="another host"):
        following(plan, answer({"next": "https://b.example/odds?page=2"}))
    plan = asking(paging={"kind": "link"})
    request = following(plan, answer({}, link=f'<{URL}?page=1>; rel="prev", <{URL}?page=3>; rel="next"'))
    assert request is not None
    assert request.params == (("page", "3"),)
    assert following(plan, answer({}, link=f'<{URL}?page=1>; rel="prev"')) is None


def test_limits() -> None:
    """Per span or per month."""
    found = PollingOptions.model_validate(
        {"queries": {"a": {"url": URL, "interval": 90}}, "budget": [{"amount": 30, "per": "1s"}, {"amount": 500, "per": "month"}]}
    )
    assert limits(found) == (Limit(amount=30, seconds=1.0), Limit(amount=500, seconds=None))
    assert longest(found) == 90
