"""The same thing has the same key, whoever tells of it: teams spelt differently, home and away the other way round."""

import re
from collections.abc import Awaitable, Callable

import pytest
from msgspec.structs import replace

from ingestd.interfaces import Store
from ingestd.markets import MARKETS
from ingestd.model import hash64
from ingestd.store.views.names import TURNED, TURNED_MARKETS
from ingestd.testing.batches import T0, World

Rows = Callable[[str], Awaitable[list[tuple[object, ...]]]]
SAID = {
    # market, outcome, participant: as the first source has it, as one that has the match the other way round
    ("match_result", "home", "Reds"): ("match_result", "away", "The Reds"),
    ("match_result", "draw", ""): ("match_result", "draw", "The Draw"),
    ("double_chance", "home_or_draw", ""): ("double_chance", "draw_or_away", ""),
    ("double_chance", "home_or_away", ""): ("double_chance", "home_or_away", ""),
    ("half_time_full_time", "home/draw", ""): ("half_time_full_time", "away/draw", ""),
    ("half_time_full_time", "away/home", ""): ("half_time_full_time", "home/away", ""),
    ("correct_score", "2-1", ""): ("correct_score", "1-2", ""),
    ("correct_score", "other_home", ""): ("correct_score", "other_away", ""),
    ("spread", "away", "Blues"): ("spread", "home", "Blues FC"),
    ("team_total", "over", "home"): ("team_total", "over", "away"),
    ("team_total", "under", "Reds"): ("team_total", "under", "The Reds"),
    ("player_points", "over", "A. Home-Away"): ("player_points", "over", "A. Home-Away"),
    ("player_first_home_scorer", "yes", "B. Player"): ("player_first_away_scorer", "yes", "B. Player"),
    ("winning_margin", "1-10", ""): ("winning_margin", "1-10", ""),
}


async def test_two_ways_round(store: Store, rows: Rows) -> None:
    """Outcome, participant, market and key are the event's; the line is the outcome's own, whichever side that is."""
    first, second = World("first"), World("second")
    for world, names in ((first, ("Reds", "Blues")), (second, ("Blues FC", "The Reds"))):
        await world.begin(store)
        batch = world.batch()
        link = world.link(home=names[0], away=names[1], flipped=world is second)
        batch.links[world.source, "e1"] = replace(link, event_id=hash64("event", "first", "e1"))
        world.name(batch, link)
        for number, pair in enumerate(SAID.items()):
            market, outcome, participant = pair[world is second]
            one = world.selection(f"{number}", market=f"m{number}", outcome=outcome)
            one = replace(one, market=market, participant=participant)
            world.tell(batch, one)
            batch.changes.append(world.change(one, T0, line=1.5 if market == "spread" else None))
        await store.write(batch)
    found: dict[str, dict[str, tuple[object, ...]]] = {"first": {}, "second": {}}
    for source, market_id, *said in await rows(
        "SELECT source, source_market_id, market, outcome, line, outcome_key, participant FROM current_odds"
    ):
        found[str(source)][str(market_id)] = tuple(said)
    for number, told in enumerate(SAID):
        ours, theirs = found["first"][f"m{number}"], found["second"][f"m{number}"]
        assert ours[:4] == theirs[:4], told
        assert ours[:2] == told[:2]
    assert {found[source]["m9"][4] for source in found} == {"Reds"}
    assert {found[source]["m10"][4] for source in found} == {"Reds"}
    assert {found[source]["m8"][4] for source in found} == {"Blues"}


def test_every_word_that_names_a_side_is_turned() -> None:
    """Of the vocabulary; ``home_or_away`` is the same either way round."""
    outcomes = {outcome for market in MARKETS.values() for outcome in market.outcomes}
    sided = {word for word in outcomes if re.search(r"home|away", word)} - {"home_or_away"}
    assert sided == {one for one, other in TURNED.items() if one != other}
    assert {word for word in MARKETS if re.search(r"(home|away)_scorer", word)} == set(TURNED_MARKETS)


@pytest.mark.parametrize("pairs", [TURNED, TURNED_MARKETS])
def test_turned_twice_is_as_before(pairs: dict[str, str]) -> None:
    """Exchanging home and away twice changes nothing."""
    assert {pairs[other] for other in pairs.values()} == set(pairs)
    assert all(pairs[other] == one for one, other in pairs.items())
