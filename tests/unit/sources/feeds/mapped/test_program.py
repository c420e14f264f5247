"""A mapping, compiled."""

from ingestd.sources.feeds.mapped.cells import Place
from ingestd.sources.feeds.mapped.mapping import Mapping
from ingestd.sources.feeds.mapped.program import compiled, problems
from tests.unit.sources.feeds.mapped.conftest import small


def test_a_program() -> None:
    """Levels within levels, with what their elements are called."""
    program = compiled(Mapping.model_validate(small(image="query")), "src")
    (events,) = program.steps
    (markets,) = events.steps
    assert [(step.name, step.label, step.depth) for step in (events, markets, *markets.steps)] == [
        ("event", "events", 1),
        ("market", "markets", 2),
        ("price", "prices", 3),
    ]
    assert (program.depth, program.image, program.withdraws, program.ragged) == (3, "query", False, True)


def test_shared_fields_reach_inwards_and_give_way() -> None:
    """A quote's own field before that of the level, that before the one around."""
    mapping = small()
    market = mapping["walk"][0]["walk"][0]
    market["shared"]["bookmaker"] = {"const": "Inner"}
    market["walk"][0]["quotes"] *= 2
    market["walk"][0]["quotes"][1] = {**market["walk"][0]["quotes"][0], "bookmaker": {"const": "Own"}, "key": ["price.other"]}
    (quotes,) = [step.quotes for step in compiled(Mapping.model_validate(mapping), "src").steps[0].steps[0].steps]
    assert [quote.words[0](Place({}, {}, 3)) for quote in quotes] == ["Inner", "Own"]


def test_problems_name_the_place() -> None:
    """Fields given nowhere, levels that are none, a name taken twice."""
    mapping = small(shared={})
    mapping["walk"][0]["walk"][0]["as"] = "event"
    mapping["walk"][0]["walk"][0]["image"] = "market"
    del mapping["walk"][0]["shared"]
    told = {(".".join(map(str, one.loc)), one.problem) for one in problems(Mapping.model_validate(mapping))}
    assert ("walk.0.walk.0.as", "'event' is another level's name") in told
    assert ("walk.0.walk.0.walk.0.quotes.0.bookmaker", "is given nowhere") in told
    assert ("walk.0.fixture.event", "is given nowhere") in told
    assert ("walk.0.walk.0.walk.0.each", "knows no level 'market'") in told
    assert problems(Mapping.model_validate(small())) == []
