"""The keys and their rules."""

import pytest
from pydantic import ValidationError

from ingestd.settings.model import Settings, SourceSettings, StoreSettings, env_word


def test_defaults() -> None:
    """The documented defaults, in seconds and bytes."""
    settings = Settings()
    assert settings.store.url == "sqlite:///var/ingestd.db"
    assert settings.store.schema_name == "public"
    assert settings.journal.limit == 10 * 2**30
    assert settings.batch.pace == pytest.approx(0.01)
    assert (settings.http.host, settings.http.port) == ("127.0.0.1", 8001)
    assert [(source.name, source.feed) for source in settings.sources] == [("demo", "simulated")]
    assert settings.sources[0].max_delta_span.time == pytest.approx(3600)


def test_history_outlives_the_journal() -> None:
    """A replay compares its frames with what was before them; without a border all is there."""
    assert Settings().store.retention.history is None
    assert Settings().store.retention.incidents == 90 * 86_400
    as_long = {"store": {"retention": {"history": "7d", "incidents": None}}}
    assert Settings.model_validate(as_long).store.retention.history == 7 * 86_400
    with pytest.raises(ValidationError, match=r"is less than journal\.retain"):
        Settings.model_validate({**as_long, "journal": {"retain": "8d"}})


def test_frozen() -> None:
    """Nobody changes settings behind the others' backs."""
    with pytest.raises(ValidationError, match="frozen"):
        Settings().http.port = 1  # type: ignore[misc]


def test_other_keys_of_a_source_are_its_feeds() -> None:
    """A source keeps its own keys and hands the others on untouched."""
    source = SourceSettings.model_validate({"name": "a", "feed": "demo", "enabled": False, "rate": 7, "markets": ["x"]})
    assert source.options == {"rate": 7, "markets": ["x"]}
    assert not source.enabled


@pytest.mark.parametrize("url", ["mysql://h/d", "sqlite://", "sqlite:///", "sqlite:var/x.db", "postgres://h/d", ""])
def test_stores_that_are_none(url: str) -> None:
    """Only the two databases we can write, by the two forms we document."""
    with pytest.raises(ValidationError, match="of no known kind"):
        StoreSettings(url=url)


def test_the_store_is_not_shown() -> None:
    """The password in a store's URL does not leak by printing settings."""
    assert "geheim" not in repr(Settings(store=StoreSettings(url="postgresql://u:geheim@h/d")))


@pytest.mark.parametrize(
    ("url", "shown", "passwords"),
    [
        ("postgresql://u:g/e@h@i/d", "postgresql://u:***@i/d", ["g/e@h"]),
        ("postgresql://u@h:5432/d", "postgresql://u@h:5432/d", []),
        (
            "postgresql://h:5432/d?user=u&password=x&x=a",
            "postgresql://h:5432/d?user=u&password=***&x=a",
            ["x"],
        ),
        ("sqlite:///var/a@b:c.db", "sqlite:///var/a@b:c.db", []),
    ],
)
def test_what_is_shown_of_the_store(url: str, shown: str, passwords: list[str]) -> None:
    """Enough to know which store it is, and no password, however odd."""
    store = StoreSettings(url=url)
    assert (store.shown, store.passwords) == (shown, passwords)


@pytest.mark.parametrize(("one", "two"), [("a", "a"), ("a", "A"), ("a-b", "a.b")])
def test_sources_must_differ(one: str, two: str) -> None:
    """Two sources that an environment variable could not tell apart are refused."""
    with pytest.raises(ValidationError, match=r"is also the name of sources\[0\]"):
        Settings.model_validate({"sources": [{"name": name, "feed": "demo"} for name in (one, two)]})


def test_env_word() -> None:
    """How a source's name looks in a variable."""
    assert env_word("bet-fair.2") == "BET_FAIR_2"
