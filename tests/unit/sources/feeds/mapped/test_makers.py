"""What elements say."""

import pytest

from ingestd.model import Scope
from ingestd.sources.feeds.mapped import makers
from ingestd.sources.feeds.mapped.cells import Fixed, Place
from ingestd.sources.feeds.mapped.makers import Offers, QuoteMaker, ResultMaker, Selections, Withdrawer
from ingestd.sources.feeds.mapped.paths import Unmapped

PLACE = Place({}, {}, 0)
WORDS = ("Book", "book", "e1", "m1", "match_odds", "", "home", "", "back")


def test_selections_are_shared_until_they_are_told_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same words, the same object; the identity is the key and the side; the bound holds."""
    selections = Selections("src")
    one = selections.get(("m1", "1"), WORDS, None)
    assert one is selections.get(("m1", "1"), WORDS, None)
    assert (one.identity, one.scope) == ("1|src|m1|1|back", Scope("event", "e1"))
    other = selections.get(("m1", "1"), (*WORDS[:6], "Home", *WORDS[7:]), Scope("query", "q"))
    assert (other.id, other.outcome, other.scope) == (one.id, "Home", Scope("query", "q"))
    monkeypatch.setattr(makers, "MOST", 2)
    assert selections.get(("m2", "1"), WORDS, None) is not one
    assert selections.get(("m1", "1"), WORDS, None) == one


def test_results_have_whole_scores() -> None:
    """Or none at all."""
    texts = Fixed("e1"), Fixed("")
    said = ResultMaker(*texts, Fixed(2.0), Fixed(None), Fixed(""), Fixed("final"), Fixed(None)).make(PLACE)
    assert (said.home_score, said.away_score) == (2, None)
    with pytest.raises(Unmapped, match="no score"):
        ResultMaker(*texts, Fixed(2.5), Fixed(None), Fixed(""), Fixed("final"), Fixed(None)).make(PLACE)


def test_withdrawals_find_what_was_offered() -> None:
    """By key, by market, by event; nothing that was never offered, and nothing beyond the bound."""
    selections, offers = Selections("src"), Offers(most=7)
    price = Fixed[float | None](2.0)
    nothing = Fixed[float | None](None)
    maker = QuoteMaker(
        (Fixed("m1"), Fixed("1")), tuple(map(Fixed, WORDS)), price, nothing, nothing, Fixed("open"), Fixed(""), Fixed(None), selections
    )
    key, what = maker.name(PLACE, None)
    for _ in range(2):
        offers.take(key, what, offered=True)
    for kind, ids in (("key", ("m1", "1")), ("market", ("m1",)), ("event", ("e1",))):
        (quote,) = Withdrawer(kind, tuple(map(Fixed, ids)), "withdrawn", Fixed(5)).make(PLACE, offers)
        assert (quote.selection, quote.price, quote.status, quote.changed_at) == (what, None, "withdrawn", 5)
    assert Withdrawer("market", (Fixed("m2"),), "suspended", Fixed(5)).make(PLACE, offers) == []
    offers.take(key, what, offered=False)
    assert offers.named(("event", "e1")) == ()
    offers.take(key, what, offered=True)
    for number in range(3):
        offers.take(("m9", str(number)), selections.get(("m9", str(number)), WORDS, None), offered=True)
    assert offers.named(("key", "m1", "1")) == ()
