"""What a Betfair source may be told, and what it may not."""

import pytest
from pydantic import ValidationError

from ingestd.sources.feeds.betfair.options import BetfairOptions

ENOUGH = {"app_key": "key", "session_token": "token", "market_ids": ("1.1",)}


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"app_key": ""}, "is empty"),
        ({"session_token": None}, "no way to log in"),
        ({"session_token": None, "username": "me", "password": "secret"}, "no way to log in"),
        ({"market_ids": ()}, "no markets chosen"),
        ({"heartbeat_ms": 499}, "heartbeat_ms"),
        ({"conflate_ms": 120_001}, "conflate_ms"),
        ({"ladder_levels": 11}, "ladder_levels"),
        ({"fields": ("EX_EVERYTHING",)}, "fields"),
        ({"cert_file": "/nowhere/at.all"}, "cert_file"),
        ({"ladders": 3}, "ladders"),
    ],
)
def test_what_is_wrong_is_said(wrong: dict[str, object], says: str) -> None:
    """By name, with a hint, and without the secrets."""
    with pytest.raises(ValidationError, match=says) as refused:
        BetfairOptions.model_validate(ENOUGH | wrong)
    assert "secret" not in str(refused.value)


def test_the_filter_is_spelled_as_betfair_does() -> None:
    """Only what was chosen is in it."""
    options = BetfairOptions.model_validate(
        {**ENOUGH, "market_ids": (), "event_type_ids": ("1",), "market_types": ("MATCH_ODDS",), "turn_in_play": True, "bsp_market": False}
    )
    assert options.market_filter() == {"eventTypeIds": ["1"], "marketTypes": ["MATCH_ODDS"], "turnInPlayEnabled": True, "bspMarket": False}
    assert options.shards() == [options.market_filter()]


def test_many_markets_make_several_subscriptions() -> None:
    """Of 200 at most, each market once, the rest of the filter in each."""
    ids = tuple(f"1.{number}" for number in range(450))
    options = BetfairOptions.model_validate({**ENOUGH, "market_ids": (*ids, "1.0"), "event_type_ids": ("1",)})
    assert [len(shard["marketIds"]) for shard in options.shards() if isinstance(shard["marketIds"], list)] == [200, 200, 50]
    assert {tuple(shard["eventTypeIds"]) for shard in options.shards() if isinstance(shard["eventTypeIds"], list)} == {("1",)}


def test_secrets_do_not_show() -> None:
    """Not in a dump, not in a log."""
    assert "token" not in repr(BetfairOptions.model_validate(ENOUGH).session_token)
