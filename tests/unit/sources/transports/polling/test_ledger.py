"""Where queries stand: what a token carries, and what is kept of it."""

from random import Random

from ingestd.model import SECOND
from ingestd.sources.transports.polling.ledger import Ledger, Walked, walked_in

NOW = 1_000_000 * SECOND


def test_a_token_carries_what_was_walked() -> None:
    """Not what was only named; whatever is no token carries nothing."""
    ledger = Ledger()
    ledger.query("a").walked = Walked(NOW, NOW, '"1"', "then")
    ledger.query("b")
    token = ledger.token()
    assert walked_in(token) == {"a"}
    other = Ledger()
    assert other.resume(token, NOW)
    assert other.query("a").conditions(NOW) == {"If-None-Match": '"1"', "If-Modified-Since": "then"}
    assert [walked_in(text) for text in ("", "x", "[]", '{"a": 1}', '{"a": ["b"]}')] == [frozenset()] * 5
    assert not Ledger().resume("x", NOW)


def test_one_that_was_never_walked_is_due() -> None:
    """And one that failed, after its pause."""
    query = Ledger().query("a")
    assert query.due(60) == 0
    query.walked = Walked(NOW, NOW)
    assert query.due(60) == NOW + 60 * SECOND
    query.failed(NOW, Random(1))
    assert query.due(0) > NOW


def test_a_failure_is_told_once_until_it_is_answered() -> None:
    """At the fourth in a row."""
    query, random = Ledger().query("a"), Random(1)
    assert [query.failed(NOW, random) for _ in range(6)] == [False, False, False, True, False, False]
    query.answered()
    assert [query.failed(NOW, random) for _ in range(4)] == [False, False, False, True]
