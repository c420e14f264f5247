"""Environment over file, and secrets from files."""

from pathlib import Path

import pytest
from pydantic import JsonValue

from ingestd.settings.model import Settings
from ingestd.settings.overlay import overlay, read_secrets

Tree = dict[str, JsonValue]


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    """A file that only its owner may read."""
    path = tmp_path / "secret"
    path.write_text("sqlite:///x.db\n")
    path.chmod(0o600)
    return path


@pytest.mark.parametrize("name", ["INGESTD_STORE_URL", "INGESTD_STORE__URL"])
def test_both_spellings(name: str) -> None:
    """One underscore or two, and the file's other keys stay."""
    data: Tree = {"store": {"url": "sqlite:///old.db", "schema": "s"}}
    assert overlay(data, {name: "sqlite:///new.db", "HOME": "/"}) == []
    assert data == {"store": {"url": "sqlite:///new.db", "schema": "s"}}


def test_a_source_by_its_name() -> None:
    """A variable reaches into the source whose name it holds, the longer name first."""
    data: Tree = {"sources": [{"name": "b", "feed": "x"}, {"name": "b--c", "feed": "x"}]}
    environ = {"INGESTD_SOURCES__B__RATE": "5", "INGESTD_SOURCES__B__C__RATE": "6", "INGESTD_SOURCES__B__LOGIN__TOKEN": "t"}
    assert overlay(data, environ) == []
    assert data == {
        "sources": [{"name": "b", "feed": "x", "rate": "5", "login": {"token": "t"}}, {"name": "b--c", "feed": "x", "rate": "6"}]
    }


def test_the_default_source_by_its_name() -> None:
    """Without a file, the default source can be set as well."""
    data: Tree = {}
    assert overlay(data, {"INGESTD_SOURCES__DEMO__RATE": "5"}) == []
    assert data == {"sources": [{"name": "demo", "feed": "simulated", "rate": "5"}]}


def test_lists_in_json() -> None:
    """A JSON list is read as one; text that only looks like it stays text."""
    data: Tree = {}
    environ = {
        "INGESTD_SOURCES": '[{"name": "a", "feed": "b"}]',
        "INGESTD_SOURCES__A__PASSWORD": "[x",
        "INGESTD_SOURCES__A__MARKETS": '["1"]',
    }
    assert overlay(data, environ) == []
    assert data == {"sources": [{"name": "a", "feed": "b", "password": "[x", "markets": ["1"]}]}


def test_unknown_variables() -> None:
    """A typo is told, with the nearest name."""
    assert overlay({}, {"INGESTD_STORE_ULR": "x", "INGESTD_SOURCES__NOBODY__RATE": "1"}) == [
        "INGESTD_SOURCES__NOBODY__RATE: names no source that is configured; write INGESTD_SOURCES__NAME__KEY, for a NAME in sources",
        "INGESTD_STORE_ULR: no such setting; did you mean INGESTD_STORE_URL?",
    ]


def test_foreign_variables() -> None:
    """What Kubernetes and tests set is none of ours."""
    environ = {"INGESTD_SERVICE_HOST": "10.0.0.1", "INGESTD_PORT_8001_TCP": "tcp://", "INGESTD_TEST_POSTGRES": "x", "INGESTD_DATA": "y"}
    assert overlay({}, environ) == []


def test_the_environment_replaces_the_other_form(secret: Path) -> None:
    """A ``_file`` variable wins over the file's plain key, and the other way round."""
    plain: Tree = {"store": {"url": "sqlite:///old.db"}}
    overlay(plain, {"INGESTD_STORE_URL_FILE": str(secret)})
    assert plain == {"store": {"url_file": str(secret)}}
    filed: Tree = {"store": {"url_file": str(secret)}}
    overlay(filed, {"INGESTD_STORE_URL": "sqlite:///new.db"})
    assert filed == {"store": {"url": "sqlite:///new.db"}}


def test_a_secret_from_its_file(secret: Path) -> None:
    """The file's text without its line end."""
    data: Tree = {"store": {"url_file": str(secret)}}
    assert read_secrets(data, Settings) == []
    assert data == {"store": {"url": "sqlite:///x.db"}}


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620])
def test_a_secret_that_others_can_read(secret: Path, mode: int) -> None:
    """An open file is refused, with the cure."""
    secret.chmod(mode)
    assert read_secrets({"store": {"url_file": str(secret)}}, Settings) == [
        f"store.url_file: other users may read or change this file (found {str(secret)!r}); chmod 600 {secret}"
    ]


def test_secrets_that_are_none(secret: Path) -> None:
    """A missing file, an empty one, a folder and bad bytes are told, never raised."""
    hint = "write the secret into it, alone on the first line"
    missing = secret.with_name("missing")
    assert read_secrets({"store": {"url_file": str(missing)}}, Settings) == [
        f"store.url_file: No such file or directory (found {str(missing)!r}); {hint}"
    ]
    secret.write_text("\n")
    assert read_secrets({"store": {"url_file": str(secret)}}, Settings) == [
        f"store.url_file: this file is empty (found {str(secret)!r}); {hint}"
    ]
    secret.write_bytes(b"\xff")
    assert "can't decode" in read_secrets({"store": {"url_file": str(secret)}}, Settings)[0]
    secret.parent.chmod(0o700)
    assert "directory" in read_secrets({"store": {"url_file": str(secret.parent)}}, Settings)[0]


def test_both_forms_in_one_file(secret: Path) -> None:
    """Nobody could say which one counts."""
    data: Tree = {"store": {"url": "sqlite:///y.db", "url_file": str(secret)}}
    assert read_secrets(data, Settings) == ["store.url: given both here and by url_file; leave one of them out"]


def test_shared_variables(secret: Path) -> None:
    """What the whole house is told: over the file, below our own variables; empty is as if it were not there."""
    data: Tree = {"sentry": {"dsn": "https://old@h/1", "environment": "x"}}
    assert overlay(data, {"A1BETTING_SENTRY_DSN": "https://k@h/1"}) == []
    assert data["sentry"] == {"dsn": "https://k@h/1", "environment": "x"}
    assert overlay(data, {"A1BETTING_SENTRY_DSN_FILE": str(secret)}) == []
    assert data["sentry"] == {"dsn_file": str(secret), "environment": "x"}
    assert overlay(data, {"A1BETTING_SENTRY_DSN": "https://k@h/1", "INGESTD_SENTRY_DSN": "https://own@h/1"}) == []
    assert data["sentry"] == {"dsn": "https://own@h/1", "environment": "x"}
    assert overlay(data, {"A1BETTING_SENTRY_DSN": ""}) == []
    assert data["sentry"] == {"dsn": "https://own@h/1", "environment": "x"}
