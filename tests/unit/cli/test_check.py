"""Before the daemon starts."""

import json
from pathlib import Path

import pytest

from ingestd.cli import check
from ingestd.errors import ConfigError, StoreUnavailable
from ingestd.sources import FEEDS


def test_a_good_configuration_is_said_to_be_good(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With the sources it names."""
    check.check(config, connect=False)
    assert capsys.readouterr().out == "configuration is valid; sources: demo (simulated)\n"


def test_options_of_feeds_are_checked(config: Path) -> None:
    """By path."""
    config.write_text("sources: [{name: demo, feed: simulated, rate: -1}]\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"sources\[0\]\.rate"):
        check.check(config, connect=False)


def test_connect_looks_at_the_store(config: Path) -> None:
    """And makes an empty one ready."""
    check.check(config, connect=True)
    assert (config.parent / "odds.db").exists()
    config.write_text("store: {url: 'postgresql://nobody@127.0.0.1:1/none'}\n", encoding="utf-8")
    with pytest.raises(StoreUnavailable, match="is the server running"):
        check.check(config, connect=True)


def test_the_schema_knows_every_feed(capsys: pytest.CaptureFixture[str]) -> None:
    """So that an editor completes its options."""
    check.schema()
    schema = json.loads(capsys.readouterr().out)
    feeds = {choice["title"] for choice in schema["properties"]["sources"]["items"]["oneOf"]}
    assert feeds == set(FEEDS)


def test_upgrade_makes_the_tables(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And says which revision they are."""
    check.upgrade(config, store="sqlite:///new.db")
    assert capsys.readouterr().out.startswith("tables are at revision ")
    assert (config.parent / "new.db").exists()
