"""What differs between two configurations, and what a running daemon takes of it."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from pydantic import BaseModel, Field, FilePath, SecretStr

from ingestd.settings import Configuration, Settings, changes
from ingestd.settings.changes import taken
from ingestd.settings.load import validate_feeds


class Options(BaseModel):
    """Of a made-up feed."""

    rate: int = 1
    key: SecretStr = Field(SecretStr(""))
    cert: FilePath | None = None


class Kind:
    """The feed."""

    options = Options


def given(*sources: Mapping[str, object], **settings: object) -> Configuration:
    """A configuration of these sources."""
    whole = Settings.model_validate({**settings, "sources": [{"feed": "made_up", **source} for source in sources]})
    return Configuration.of(whole, validate_feeds(whole, {"made_up": Kind(), "other": Kind()}))


A: Mapping[str, object] = {"name": "a"}
B: Mapping[str, object] = {"name": "b"}


def test_nothing() -> None:
    """The same read again."""
    found = changes(given(A, B), given(A, B))
    assert (found, found.words) == (type(found)(), "nothing differs")


def test_sources_come_and_go() -> None:
    """By name; one that is switched off is not there."""
    found = changes(given(A, B), given(B, {"name": "c"}, {"name": "d", "enabled": False}))
    assert (found.added, found.removed, found.restarted) == (("c",), ("a",), ())
    off = changes(given(A, B), given({**A, "enabled": False}, B))
    assert (off.removed, off.words) == (("a",), "removed a")
    assert changes(given({**A, "enabled": False}, B), given(A, B)).added == ("a",)


@pytest.mark.parametrize(
    "change", [{"silence_limit": 5}, {"give_up_after": "1h"}, {"max_delta_span": {"time": "2h"}}, {"max_delta_span": {"bytes": "1MiB"}}]
)
def test_patience_restarts_and_tells_nothing_anew(change: Mapping[str, object]) -> None:
    """The collector goes by it; what is asked for is the same."""
    found = changes(given(A, B), given({**A, **change}, B))
    assert (found.restarted, found.retold, found.keys) == (("a",), frozenset(), ())


def test_options_restart_and_tell_anew() -> None:
    """What is asked for is something else."""
    found = changes(given(A, B), given({**A, "rate": 2}, B))
    assert (found.restarted, found.retold, found.words) == (("a",), frozenset({"a"}), "restarted a")


def test_a_secret_restarts_and_tells_nothing_anew(tmp_path: Path) -> None:
    """Its file has another one by now."""
    secret = tmp_path / "key"
    secret.write_text("first")
    secret.chmod(0o600)
    old = given({**A, "key_file": str(secret)}, B)
    secret.write_text("second")
    found = changes(old, given({**A, "key_file": str(secret)}, B))
    assert (found.restarted, found.retold) == (("a",), frozenset())


def test_so_does_a_certificate(tmp_path: Path) -> None:
    """Under the same name."""
    cert = tmp_path / "cert.pem"
    cert.write_text("first")
    old = given({**A, "cert": str(cert)}, B)
    cert.write_text("second")
    found = changes(old, given({**A, "cert": str(cert)}, B))
    assert (found.restarted, found.retold) == (("a",), frozenset())


def test_bounds_touch_no_connection() -> None:
    """They are a matter of the lane."""
    found = changes(given(A, B), given({**A, "validation": {"jump": 2}}, B))
    assert (found.restarted, found.keys) == ((), ("sources.a.validation",))
    assert changes(given(A), given(A, validation={"book": {"jump": 2}})).keys == ("validation.book.jump",)


def test_parked_sources_are_tried_again() -> None:
    """Those that stay."""
    assert changes(given(A, B), given(A, B), frozenset({"b", "gone"})).restarted == ("b",)


def test_what_needs_a_restart_is_named() -> None:
    """As people write it; another feed under the same name is refused too."""
    new = given({**A, "feed": "other"}, store={"url": "sqlite:///other.db", "schema": "other"}, http={"port": 1}, batch={"rows": 7})
    found = changes(given(A), new)
    assert found.refused == ("store.url", "store.schema", "http.port", "sources.a.feed")
    assert found.keys == ("batch.rows",)


@pytest.mark.parametrize(
    ("key", "is_taken"),
    [
        ("alerts.slack.webhook", True),
        ("journal.limit", True),
        ("journal.path", False),
        ("log.level", True),
        ("log.levels", True),
        ("log.format", False),
        ("sources[].silence_limit", True),
        ("sourceless", False),
        ("something.new", False),
    ],
)
def test_the_table(key: str, is_taken: bool) -> None:
    """A key, or what lies above it, is listed; what nobody thought of needs a restart."""
    assert taken(key) is is_taken
