"""One answer, element by element."""

import json

from ingestd.model import Fixture, Reject, Result
from ingestd.sources.feeds.the_odds_api.reading import Reading
from ingestd.sources.feeds.the_odds_api.wire import page


def read(*elements: object) -> Reading:
    """A list of these."""
    return Reading(page(json.dumps(elements).encode()))


def test_the_newest_update_is_the_time_of_it_all() -> None:
    """Of market or bookmaker."""
    market = {"key": "h2h", "last_update": 1_740_830_405, "outcomes": [{"name": "x", "price": 2.0}]}
    book = {"key": "one", "last_update": 1_740_830_400, "markets": [market, {**market, "last_update": None}]}
    found = read({"id": "e", "sport_key": "s", "bookmakers": [book]})
    assert found.latest == 1_740_830_405_000_000
    assert [offer.listed.changed_at for offer in found.offers] == [1_740_830_405_000_000, 1_740_830_400_000_000]


def test_what_is_wrong_costs_only_itself() -> None:
    """Its neighbours are read, and its path says where it was."""
    found = read(1, {"id": 2}, {"key": "s"}, {"id": "e", "sport_key": "s", "bookmakers": [3, {"key": "one", "markets": [4]}]})
    paths = [item.path for item in found.said if isinstance(item, Reject)]
    assert paths == ["[0]", "[1]", "[3].bookmakers[0]", "[3].bookmakers[1].markets[0]"]
    assert (found.counts["sports"], found.counts["events"]) == (1, 1)


def test_a_price_that_cannot_be_read_leaves_the_selection() -> None:
    """Listed, without a price."""
    market = {"key": "h2h", "outcomes": [{"name": "x", "price": "2.0"}, {"price": 2.0}]}
    found = read({"id": "e", "sport_key": "s", "bookmakers": [{"key": "one", "markets": [market]}]})
    assert [(offer.named.name, offer.price) for offer in found.offers] == [("x", None)]


def test_scores_are_text() -> None:
    """Whose sides go by the names, whatever their order; a number of absurd length is none."""
    teams = {"sport_key": "s", "home_team": "H", "away_team": "A", "completed": True}
    scores = [{"name": "A", "score": "3"}, {"name": "H", "score": 1}]
    found = read({"id": "e", **teams, "scores": scores}, {"id": "f", **teams, "scores": [{"name": "H", "score": "9" * 5_000}]})
    (result,) = [item for item in found.said if isinstance(item, Result)]
    assert (result.home_score, result.away_score, result.winner, result.state) == (1, 3, "away", "final")
    assert [item.status for item in found.said if isinstance(item, Fixture)] == ["finished", "finished"]
    assert [item.category for item in found.said if isinstance(item, Reject)] == ["score"]
