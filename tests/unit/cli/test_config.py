"""The configuration as a command sees it."""

from pathlib import Path

import pytest

from ingestd.cli.config import checked, settings
from ingestd.errors import ConfigError
from ingestd.sources import FEEDS


def test_the_store_of_an_option_goes_before_the_file(config: Path) -> None:
    """And everything else stays as the file says."""
    found = settings(config, "sqlite:///other.db")
    assert (found.store.url, found.journal.path) == ("sqlite:///other.db", Path("journal"))


def test_the_environment_counts(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A container has no file to edit."""
    monkeypatch.setenv("INGESTD_STORE_URL", "sqlite:///env.db")
    assert settings(config).store.url == "sqlite:///env.db"
    assert settings(config, "sqlite:///option.db").store.url == "sqlite:///option.db"


def test_a_store_of_no_known_kind_is_said() -> None:
    """As any other problem of the configuration."""
    with pytest.raises(ConfigError, match=r"store\.url: is of no known kind"):
        settings(None, "mysql://x")


def test_options_are_looked_at_where_they_matter(config: Path) -> None:
    """Not by a command that only reads the store."""
    config.write_text("sources: [{name: demo, feed: simulated, rate: -1}]\n", encoding="utf-8")
    assert settings(config).sources[0].name == "demo"
    with pytest.raises(ConfigError, match=r"sources\[0\]\.rate"):
        checked(config, FEEDS)
