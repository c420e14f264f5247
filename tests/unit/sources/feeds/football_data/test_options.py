"""What a source may be told, and what it says to what it may not."""

import pytest
from pydantic import ValidationError

from ingestd.sources.feeds.football_data.options import DIVISIONS, FootballDataOptions


def test_nothing_need_be_told() -> None:
    """Every division of the season under way, and the coming matches, four times a day."""
    options = FootballDataOptions()
    assert (options.divisions, options.seasons, options.fixtures, options.interval) == (DIVISIONS, (), True, 21_600)


def test_times_as_people_write_them() -> None:
    """With a unit."""
    assert FootballDataOptions.model_validate({"interval": "1d", "timeout": "500ms"}).interval == 86_400


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"seasons": ["2024/25"]}, "'2024/25' is no season"),
        ({"seasons": ["2426"]}, "'2426' is no season"),
        ({"divisions": ["../E0"]}, "'../E0' is no code"),
        ({"leagues": [""]}, "'' is no code"),
        ({"divisions": [], "fixtures": False}, "nothing to read"),
        ({"url": "football-data.co.uk"}, "is no address"),
        ({"interval": 0}, "greater than 0"),
    ],
)
def test_problems(given: dict[str, object], problem: str) -> None:
    """Each in words that say what to write."""
    with pytest.raises(ValidationError) as caught:
        FootballDataOptions.model_validate(given)
    assert problem in str(caught.value)


def test_the_turn_of_a_century() -> None:
    """Two digits each."""
    assert FootballDataOptions.model_validate({"seasons": ["9900"]}).seasons == ("9900",)
