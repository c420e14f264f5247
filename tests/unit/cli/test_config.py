"""The configuration as a command sees it."""

from pathlib import Path

import pytest

from ingestd.cli.config import settings
from ingestd.errors import ConfigError


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
