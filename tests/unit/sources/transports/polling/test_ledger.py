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
    query.failed("reset", NOW, 60, Random(1))
    assert query.due(0) > NOW


def test_a_failure_is_told_once_until_it_is_answered() -> None:
    """At the fourth in a row; a session that begins tells it again."""
    ledger, random = Ledger(), Random(1)
    query = ledger.query("a")
    assert [query.failed("reset", NOW, 60, random) for _ in range(6)] == [False, False, False, True, False, False]
    assert ledger.failing() == {"a": "reset"}
    query.answered()
    assert ledger.failing() == {}
    assert [query.failed("reset", NOW, 60, random) for _ in range(4)] == [False, False, False, True]
