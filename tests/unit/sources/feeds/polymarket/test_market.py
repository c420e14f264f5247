"""A market: what it is called, what state it is in, who won."""

from ingestd.model import Decoded, MarketStatus, Quote
from ingestd.sources.feeds.polymarket.market import MOST_HELD, Market, Token
from ingestd.sources.feeds.polymarket.told import MarketTold, Outcome
from ingestd.sources.feeds.polymarket.wire import LevelChange

TOLD = MarketTold(
    id="m", kind="spreads", line=-1.5, outcomes=(Outcome("71", "Northtown"), Outcome("72", "Southtown")), home="Northtown", away="Southtown"
)


def told(market: Market, asset: str = "71") -> list[Decoded]:
    """A book of this token, told."""
    out: list[Decoded] = []
    token = market.token(asset)
    token.book.replace({0.25: 3.0}, {0.5: 2.0}, 5)
    market.tell(token, 5, out)
    return out


def test_names_that_come_late() -> None:
    """The same selection, described anew; the event is no part of the identity."""
    market = Market("pm", "m")
    before = [one.selection for one in told(market) if isinstance(one, Quote)]
    out: list[Decoded] = []
    market.describe(TOLD, "9", None, out)
    after = [one for one in out if isinstance(one, Quote)]
    assert [one.selection.id for one in after] == [one.id for one in before]
    assert [(one.outcome, one.source_event_id, one.market) for one in before] == [("71", "m", "")] * 2
    assert [(one.selection.market, one.selection.outcome, one.selection.source_event_id) for one in after] == [("spread", "home", "9")] * 2
    assert [(one.price, one.size, one.line) for one in after] == [(2.0, 2.0, -1.5), (4.0, 3.0, -1.5)]
    again: list[Decoded] = []
    market.describe(TOLD, "9", None, again)
    assert again == []


def test_who_a_yes_is_about() -> None:
    """What Gamma calls the group; over and under are about nobody."""
    market = Market("pm", "m")
    outcomes = Outcome("71", "Yes"), Outcome("72", "Over")
    market.describe(MarketTold(id="m", group="Northtown", outcomes=outcomes), "9", None, [])
    words = [(token.offered.outcome, token.offered.participant) for token in market.tokens.values()]
    assert words == [("yes", "northtown"), ("over", "")]


def test_states() -> None:
    """Open, paused, open again, settled; each said once."""
    market = Market("pm", "m")
    out: list[Decoded] = []
    for trading, closed in ((True, False), (True, False), (False, False), (True, False), (True, True), (True, True), (True, False)):
        market.describe(MarketTold(id="m", trading=trading, closed=closed), "9", None, out)
    assert [one.status for one in out if isinstance(one, MarketStatus)] == ["open", "suspended", "open", "settled"]


def test_a_result_that_comes_after_the_close() -> None:
    """Settled first, and again when it is known who won."""
    market = Market("pm", "m")
    out: list[Decoded] = []
    market.settle({"71": "", "72": ""}, 5, out)
    market.settle({"71": "won", "72": "lost"}, 6, out)
    market.settle({"71": "won", "72": "lost"}, 7, out)
    quotes = [(one.changed_at, one.result) for one in out if isinstance(one, Quote)]
    assert quotes == [(5, "")] * 6 + [(6, "won")] * 3 + [(6, "lost")] * 3
    assert len(list(market.listed())) == 6


def test_the_winner_of_the_match() -> None:
    """A name, or whom the winning Yes is about; a No that won names nobody, and a handicap decides no match."""
    for kind, outcomes, winner in (
        ("moneyline", (Outcome("71", "Northtown", 1), Outcome("72", "Southtown", 0)), "home"),
        ("moneyline", (Outcome("71", "North", 1), Outcome("72", "Southtown", 0)), "North"),
        ("moneyline", (Outcome("71", "Yes", 1), Outcome("72", "No", 0)), "Eastham"),
        ("moneyline", (Outcome("71", "Yes", 0), Outcome("72", "No", 1)), ""),
        ("spreads", (Outcome("71", "Northtown", 1), Outcome("72", "Southtown", 0)), ""),
    ):
        market = Market("pm", "m")
        said = MarketTold(id="m", kind=kind, group="Eastham", outcomes=outcomes, closed=True, home="Northtown", away="Southtown")
        market.describe(said, "9", None, [])
        assert market.winner() == winner


def test_withdrawn() -> None:
    """Every side, but of a market that is settled none."""
    market = Market("pm", "m")
    told(market)
    out: list[Decoded] = []
    market.withdraw(7, out)
    assert {one.status for one in out if isinstance(one, Quote)} == {"withdrawn"}
    market.settle({}, 8, [])
    out.clear()
    market.withdraw(9, out)
    assert out == []


def test_what_is_held_is_bounded() -> None:
    """The oldest go."""
    token = Token("71")
    for at in range(MOST_HELD + 5):
        token.hold(LevelChange("0.5", "1", "BUY"), at)
    assert (len(token.held), token.held[0][1]) == (MOST_HELD, 5)
