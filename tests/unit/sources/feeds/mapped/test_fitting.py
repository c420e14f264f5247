"""From fields to cells."""

import pytest

from ingestd.model import Status
from ingestd.sources.feeds.mapped.cells import Place
from ingestd.sources.feeds.mapped.fields import Price, Text, Time, Value
from ingestd.sources.feeds.mapped.fitting import Fitter, Given
from ingestd.sources.feeds.mapped.paths import Unmapped

PLACE = Place({"a": "2.50", "s": "1", "t": 5, "blank": ""}, {}, 0)


def given(field: Value | None, name: str = "field") -> Given:
    """A field where it stands."""
    return Given(field, ("walk", 0, name))


def test_cells_of_every_kind() -> None:
    """Texts, words, numbers, prices, times."""
    fitter = Fitter({"states": {"1": "open"}})
    assert fitter.text(given(Text(get="doc.a", format="number")), ())(PLACE) == "2.5"
    assert fitter.word(given(Text(get="doc.s", table="states")), (), Status, None)(PLACE) == "open"
    assert fitter.number(given(None), ())(PLACE) is None
    assert fitter.price(given(Price(get="doc.a")), ())(PLACE) == 2.5
    assert fitter.price(given(Price(get="doc.blank", missing="none")), ())(PLACE) == 0.0
    assert fitter.price(given(Price(get="doc.nope", missing="last")), ())(PLACE) is None
    assert fitter.time(given(Time(get="doc.t", format="s")), ())(PLACE) == 5_000_000
    assert fitter.time(given(Time(get="doc.nope")), ())(PLACE) is None
    assert fitter.text(given(Text(get="doc.nope", default="x")), (), None)(PLACE) == "x"
    assert fitter.text(given(Text(get="doc.nope", default="", format="number")), (), None)(PLACE) == ""
    assert fitter.problems == []


def test_a_price_that_is_missing_is_missing() -> None:
    """Unless the mapping says otherwise; a blank is no price either."""
    for path in ("doc.nope", "doc.blank"):
        with pytest.raises(Unmapped):
            Fitter({}).price(given(Price(get=path)), ())(PLACE)


def test_depth() -> None:
    """That of the innermost level an expression depends on."""
    fitter = Fitter({})
    depths = [fitter.path(text, (), ("event", "market"))[1] for text in ("doc.a", "event.a", "market.a || event.a", "'x'")]
    assert depths == [0, 1, 2, 0]


def test_problems() -> None:
    """Each with its place and what to do."""
    fitter = Fitter({"states": {"1": "opne"}})
    fitter.word(given(Text(get="evnt.s", table="states"), "status"), ("event",), Status, None)
    fitter.word(given(Text(const="closed"), "side"), (), Status, None)
    fitter.text(given(Text(get="event.a", table="nope"), "market"), ("event",))
    fitter.text(given(None, "event"), (), None)
    fitter.price(given(Price(get="event.a", default="x")), ("event",))
    assert [(".".join(map(str, one.loc)), one.problem) for one in fitter.problems] == [
        ("walk.0.status.table", "'opne' is none of our words"),
        ("walk.0.status.get", "knows no level 'evnt'"),
        ("walk.0.side.const", "will not do: 'closed' is none of open, settled, suspended, void, withdrawn; translate it by a table"),
        ("walk.0.market.table", "there is no table 'nope'"),
        ("walk.0.event", "is given nowhere"),
        ("walk.0.field.default", "will not do: 'x' is no number"),
    ]
    assert "did you mean event?" in fitter.problems[1].hint
    assert (fitter.problems[0].around, fitter.problems[0].key) == (("walk", 0, "status"), "table")
