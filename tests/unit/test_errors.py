"""Errors: drawn as they are, and saying what they mean."""

import re

import pytest

from ingestd import errors
from ingestd.batch import Written
from ingestd.errors import ConfigError, Disconnected, IngestdError, Malformed, Refused, StoreUnavailable, Throttled


def test_the_tree_in_the_docstring_is_the_tree() -> None:
    """Every class is drawn, beneath its parent, and nothing else is."""
    drawn: dict[str, str] = {}
    parents = ["IngestdError"]
    for line in (errors.__doc__ or "").splitlines():
        found = re.match(r"^([│ ]*)[├└]── (\w+)", line)
        if found:
            depth = len(found[1]) // 4 + 1
            drawn[found[2]] = parents[depth - 1]
            parents[depth:] = [found[2]]
    classes = [thing for thing in vars(errors).values() if isinstance(thing, type) and issubclass(thing, IngestdError)]
    assert drawn == {thing.__name__: thing.__bases__[0].__name__ for thing in classes if thing is not IngestdError}


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (ConfigError("a: no", "b: no"), "a: no\nb: no"),
        (Disconnected("silent"), "silent"),
        (Disconnected("silent", "no byte for 9 s"), "silent: no byte for 9 s"),
        (Throttled(1.25), "throttled: wait 1.2 s"),
        (Throttled(60, "budget"), "budget: wait 60.0 s"),
        (Refused("key"), "key"),
        (Refused("key", "HTTP 401", "renew it"), "key: HTTP 401: renew it"),
        (Refused("key", hint="renew it"), "key: renew it"),
        (Malformed("shape", "no list"), "shape: no list"),
        (Malformed("shape", "no list", "mc[0]"), "shape: no list at mc[0]"),
        (StoreUnavailable("away"), "away"),
    ],
)
def test_an_error_says_what_happened(error: IngestdError, text: str) -> None:
    """In one line, or one per problem."""
    assert str(error) == text


def test_errors_carry_what_the_caller_needs() -> None:
    """Parts, not only text."""
    assert ConfigError("a", "b").problems == ("a", "b")
    assert (Throttled(2.5, "budget").seconds, Throttled(2.5, "budget").reason) == (2.5, "budget")
    assert (Malformed("c", "r", "p").category, Malformed("c", "r", "p").reason, Malformed("c", "r", "p").path) == ("c", "r", "p")
    assert (Refused("r", "d", "h").reason, Refused("r", "d", "h").detail, Refused("r", "d", "h").hint) == ("r", "d", "h")
    assert (Disconnected("r", "d").reason, Disconnected("r", "d").detail) == ("r", "d")
    assert StoreUnavailable("away").in_doubt is None
    assert StoreUnavailable("lost", Written({"odds": 1})).in_doubt == Written({"odds": 1})
