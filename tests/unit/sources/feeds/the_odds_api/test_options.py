"""What a source may be told, and what it costs."""

import pytest
from pydantic import ValidationError

from ingestd.sources.feeds.the_odds_api.options import TheOddsApiOptions

GOOD = {"api_key": "k", "sports": ["soccer_epl"], "regions": ["eu"]}


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"api_key": ""}, "is empty"),
        ({"sports": []}, "no sport chosen"),
        ({"sports": ["upcoming", "soccer_epl"]}, "upcoming holds"),
        ({"sports": ["../x"]}, "pattern"),
        ({"regions": []}, "no bookmakers chosen"),
        ({"markets": []}, "no market chosen"),
        ({"markets": ["btts"]}, "btts cannot be asked"),
        ({"event_markets": ["h2h"]}, "h2h stands under markets"),
        ({"days_from": 1}, "is for scores only"),
        ({"url": "ftp://x"}, "pattern"),
    ],
)
def test_what_cannot_work_is_said(told: dict[str, object], said: str) -> None:
    """Before anything is asked."""
    with pytest.raises(ValidationError, match=said):
        TheOddsApiOptions.model_validate({**GOOD, **told})


@pytest.mark.parametrize(
    ("told", "cost"), [({}, 3), ({"regions": ["eu", "uk", "eu"]}, 6), ({"bookmakers": ["b"]}, 3), ({"bookmakers": [f"b{n}" for n in range(11)]}, 6)]
)
def test_regions_times_markets(told: dict[str, object], cost: float) -> None:
    """Ten bookmakers are a region, and win over regions."""
    assert TheOddsApiOptions.model_validate({**GOOD, **told}).price(3) == cost
