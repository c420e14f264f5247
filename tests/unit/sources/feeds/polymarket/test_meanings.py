"""What Polymarket's outcomes mean in our words."""

import pytest

from ingestd.markets import MARKETS, unknown
from ingestd.sources.feeds.polymarket.meanings import KINDS, Offered, offered, sides
from ingestd.sources.feeds.polymarket.told import MarketTold, Outcome

TEAMS = (Outcome("71", "Southtown"), Outcome("72", "Northtown"))
YES_NO = (Outcome("71", "Yes"), Outcome("72", "No"))


def told(kind: str = "", group: str = "", outcomes: tuple[Outcome, ...] = YES_NO, **more: object) -> MarketTold:
    """A market of Northtown vs Southtown."""
    return MarketTold(id="m", kind=kind, group=group, outcomes=outcomes, home="Northtown", away="Southtown", **more)  # type: ignore[arg-type]


def test_every_kind_of_the_table_is_a_market() -> None:
    """A slip of the pen would make a word of its own."""
    assert {market for market, _ in KINDS.values()} <= MARKETS.keys()


@pytest.mark.parametrize(
    ("title", "found"),
    [
        ("Counter-Strike: FaZe vs illwill (BO3) - HLC Belgrade Pro Playoffs", ("FaZe", "illwill")),
        ("Cavaliers vs. Lakers", ("Cavaliers", "Lakers")),
        ("Cavaliers @ Lakers", ("Lakers", "Cavaliers")),
        ("WNBA: 2026 Champion", ("", "")),
        ("", ("", "")),
    ],
)
def test_sides(title: str, found: tuple[str, str]) -> None:
    """Shapes of recorded titles."""
    assert sides(title) == found


@pytest.mark.parametrize(
    ("market", "first", "second"),
    [
        (told("moneyline", outcomes=TEAMS), ("moneyline", "", "away", "", None), ("moneyline", "", "home", "", None)),
        (told("spreads", outcomes=TEAMS, line=-1.5), ("spread", "", "away", "", -1.5), ("spread", "", "home", "", 1.5)),
        (told("spreads", outcomes=TEAMS, line=0.0), ("spread", "", "away", "", 0.0), ("spread", "", "home", "", 0.0)),
        (told("moneyline", "Southtown"), ("match_result", "", "away", "", None), ("double_chance", "", "home_or_draw", "", None)),
        (
            told("moneyline", "Draw (Northtown vs. Southtown)"),
            ("match_result", "", "draw", "", None),
            ("double_chance", "", "home_or_away", "", None),
        ),
        (
            told("totals", outcomes=(Outcome("71", "Over"), Outcome("72", "Under")), line=2.5),
            ("total", "", "over", "", 2.5),
            ("total", "", "under", "", 2.5),
        ),
        (
            told("team_totals", "Southtown", (Outcome("71", "Over"), Outcome("72", "Under")), line=1.5),
            ("team_total", "", "over", "away", 1.5),
            ("team_total", "", "under", "away", 1.5),
        ),
        (told("both_teams_to_score"), ("both_teams_to_score", "", "yes", "", None), ("both_teams_to_score", "", "no", "", None)),
        (
            told(group="A'ja Wilson", exclusive=True),
            ("outright", "", "yes", "aja wilson", None),
            ("outright", "", "no", "aja wilson", None),
        ),
    ],
)
def test_both_outcomes(market: MarketTold, first: tuple[str, ...], second: tuple[str, ...]) -> None:
    """A handicap is each outcome's own; No is the contrary of what the market is about."""
    found = [offered(market, one.text) for one in market.outcomes]
    assert found == [Offered(*first), Offered(*second)]  # type: ignore[arg-type]
    assert [unknown(one.market, one.period, one.outcome) for one in found] == [(), ()]


def test_what_cannot_be_told_keeps_its_text() -> None:
    """A kind that is new, a name that is none of the teams, a question that is no game."""
    assert offered(told("nrfi"), "Yes") == Offered("nrfi", "", "yes", "", None)
    assert offered(told("moneyline", outcomes=(Outcome("71", "West"),)), "West") == Offered("moneyline", "", "West", "", None)
    assert offered(told("moneyline", "West"), "No") == Offered("moneyline", "", "no", "", None)
    assert offered(told(group="Stephen A. Smith"), "Yes") == Offered("", "", "yes", "stephen a smith", None)
