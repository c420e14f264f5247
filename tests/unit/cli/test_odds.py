"""Prices in the terminal."""

import json
import re
from pathlib import Path

import pytest

from ingestd.cli import odds
from ingestd.errors import ConfigError, StoreUnavailable
from ingestd.odds import text


def shown(config: Path, capsys: pytest.CaptureFixture[str], *, as_json: bool = True, **asked: str) -> str:
    """What is printed."""
    capsys.readouterr()
    words = {"text": "", "market": "", "book": "", "at": "", "notation": "decimal", **asked}
    odds.odds(config, **words, limit=1_000, watch=False, as_json=as_json)
    return capsys.readouterr().out


def test_prices_as_json(recorded: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """All of a loaded store; none of them live, since nobody is connected."""
    prices = json.loads(shown(recorded, capsys))
    assert prices
    assert {price["live"] for price in prices} == {False}


def test_text_market_and_book_narrow_it(recorded: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each to those that match."""
    prices = json.loads(shown(recorded, capsys))
    one = prices[0]
    assert {price["market"] for price in json.loads(shown(recorded, capsys, market=one["market"]))} == {one["market"]}
    assert {price["bookmaker"] for price in json.loads(shown(recorded, capsys, book=one["bookmaker"]))} == {one["bookmaker"]}
    assert {price["event"] for price in json.loads(shown(recorded, capsys, text=one["event"]))} == {one["event"]}
    assert json.loads(shown(recorded, capsys, text="no such team")) == []


def test_at_a_time(recorded: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Before anything was said, nothing is known."""
    assert json.loads(shown(recorded, capsys, at="2001-01-01")) == []
    assert json.loads(shown(recorded, capsys, at="2099-01-01"))


def test_for_people_it_is_a_table(recorded: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With the words of a price."""
    header, *rows = shown(recorded, capsys, as_json=False).splitlines()
    assert header.split() == ["event", "market", "selection", "price", "book", "age", "feed"]
    assert rows


def test_in_the_notation_asked_for(recorded: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The same prices, written otherwise; a notation that is none is said with those that are."""
    decimal, american = (
        re.findall(pattern, shown(recorded, capsys, as_json=False, notation=notation))
        for notation, pattern in (("decimal", r" (\d+\.\d\d) "), ("american", r" ([+-]\d{3,}) "))
    )
    assert decimal
    assert [text(float(price), "american") for price in decimal] == american
    with pytest.raises(ConfigError, match="american, fractional"):
        shown(recorded, capsys, notation="roman")


def test_nothing_to_show_is_said(recorded: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With where to look next."""
    assert "try: ingestd status" in shown(recorded, capsys, as_json=False, text="no such team")


def test_a_store_that_is_not_there(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Is said, with where the daemon's is named."""
    with pytest.raises(StoreUnavailable, match="is that where the daemon stores"):
        shown(config, capsys)
