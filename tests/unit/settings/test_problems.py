"""Lines for people."""

import pytest
from pydantic import BaseModel, ValidationError

from ingestd.settings.model import Settings
from ingestd.settings.problems import lines, nearest, path_of

STORE_HINT = "write sqlite:///path/to/file.db or postgresql://user:password@host/database"
SPAN_HINT = "write a number of seconds, or 500ms, 10s, 5min, 1h, 7d"
CASES: list[tuple[dict[str, object], str]] = [
    ({"jornal": {}}, "jornal: no such key; did you mean journal?"),
    ({"store": {"ulr": "hunter2"}}, "store.ulr: no such key; did you mean url?"),
    ({"http": {"zzz": 1}}, "http.zzz: no such key; known here: host, port"),
    ({"batch": {"rows": 0}}, "batch.rows: should be greater than or equal to 1 (found 0); rows of one batch, about; 1 to 100000"),
    ({"batch": 3}, "batch: should be a mapping of keys and values (found 3); how much one transaction takes"),
    ({"batch": None}, "batch: should be a mapping of keys and values (found nothing); how much one transaction takes"),
    ({"log": {"level": "loud"}}, "log.level: should be 'debug', 'info', 'warning' or 'error' (found 'loud'); the least that is said"),
    ({"sources": [{"name": "a"}]}, "sources[0].feed: missing; which provider's code reads it"),
    ({"store": {"url": "mysql://u:geheim@h"}}, f"store.url: is of no known kind; {STORE_HINT}"),
    ({"journal": {"limit": "1MiB"}}, "journal.limit: is less than two segments; raise journal.limit or lower journal.segment"),
    ({"journal": {"retain": "x" * 99}}, f"journal.retain: is no span of time (found '{'x' * 59}…); {SPAN_HINT}"),
    (
        {"sources": [{"name": "a", "feed": "f", "max_delta_span": {"tiem": 1}}]},
        "sources[0].max_delta_span.tiem: no such key; did you mean time?",
    ),
]  # fmt: skip


def problems(data: dict[str, object], model: type[BaseModel] = Settings) -> list[str]:
    """What is said of ``data``."""
    with pytest.raises(ValidationError) as caught:
        model.model_validate(data)
    return lines(caught.value, model)


@pytest.mark.parametrize(("data", "expected"), CASES)
def test_a_line(data: dict[str, object], expected: str) -> None:
    """Path, problem, what was found (never a secret), hint."""
    assert problems(data) == [expected]


def test_all_at_once() -> None:
    """Nobody mends one thing to be told the next."""
    data = {"http": {"port": "x", "host": ""}, "log": {"format": "xml"}, "nope": 1}
    assert [line.split(":")[0] for line in problems(data)] == ["http.host", "http.port", "log.format", "nope"]


def test_paths() -> None:
    """As people write them."""
    assert path_of("", ["sources", 0, "rate"]) == "sources[0].rate"
    assert path_of("sources[1]", ["login", "token"]) == "sources[1].login.token"


def test_nearest_of_nothing() -> None:
    """Where nothing is known, nothing is proposed."""
    assert nearest("x", []) == "leave it out"
