"""What a mapping says."""

import pytest
from pydantic import ValidationError

from ingestd.settings.problems import lines
from ingestd.sources.feeds.mapped.mapping import Mapping
from tests.unit.sources.feeds.mapped.conftest import small


def told(mapping: dict[str, object]) -> list[str]:
    """What is said to be wrong."""
    with pytest.raises(ValidationError) as caught:
        Mapping.model_validate(mapping)
    return lines(caught.value, Mapping, "mapping")


def test_a_good_one() -> None:
    """Frozen."""
    mapping = Mapping.model_validate(small())
    with pytest.raises(ValidationError, match="frozen"):
        mapping.format = "csv"  # type: ignore[misc]


def test_every_problem_has_its_path_and_a_hint() -> None:
    """All at once."""
    level = {"each": "doc.[", "as": "E", "quotes": [{"key": [], "price": "a", "prize": "b"}], "withdraw": {}}
    problems = told({"walk": [level], "time_rule": "guessed"})
    assert [line.split(":")[0] for line in problems] == [
        "mapping.time_rule",
        "mapping.walk[0].each",
        "mapping.walk[0].as",
        "mapping.walk[0].quotes[0].prize",
        "mapping.walk[0].withdraw",
    ]
    assert all("; " in line or "did you mean" in line for line in problems)


@pytest.mark.parametrize(
    ("mapping", "problem"),
    [
        ({"walk": []}, "mapping.walk: is empty"),
        ({"walk": [{"each": "doc", "as": "a", "quotes": [{"key": [], "price": "a.b"}]}]}, "quotes[0].key: is empty"),
        ({"walk": [{"each": "doc", "as": "a", "fixture": {"sport": "a.b"}}]}, "fixture.name: has no name"),
        (
            {"walk": [{"each": "doc", "as": "a", "withdraw": {"event": "a.b", "market": "a.c"}}]},
            "withdraw: names nothing, or more than one",
        ),
    ],
)
def test_what_makes_no_sense(mapping: dict[str, object], problem: str) -> None:
    """Nothing to walk, nothing to tell a price by, an event without a name."""
    assert any(problem in line for line in told(mapping))


def test_levels_have_an_end() -> None:
    """A mapping that goes deeper is a mistake."""
    level: dict[str, object] = {"each": "doc", "as": "deepest"}
    for depth in range(9):
        level = {"each": "doc", "as": f"level_{depth}", "walk": [level]}
    assert "more than 8 levels" in told({"walk": [level]})[0]
