"""The events of a sport, and how long each is worth asking for."""

from ingestd.model import SECOND
from ingestd.sources.cadence import Cadence
from ingestd.sources.feeds.the_odds_api.calendar import FINAL_WITHIN, Calendar
from ingestd.sources.feeds.the_odds_api.wire import Event

NOW = 1_740_830_400
CADENCE = Cadence()


def calendar(*starts: int, finals: bool = False) -> Calendar:
    """Events ``0``, ``1``… that start so many seconds from now, all listed."""
    found = Calendar(finals=finals)
    found.learn(Event(str(number), "s", commence_time=NOW + start) for number, start in enumerate(starts))
    return found


def test_near_events_are_asked_for_until_nothing_comes() -> None:
    """From an hour before; then twice nothing, and once more, after the kick-off."""
    found = calendar(600, 7_200)
    assert list(found.near(CADENCE, NOW * SECOND)) == ["0"]
    later = (NOW + 700) * SECOND
    assert [found.answered("0", empty=True, gone=False, now=later) for _ in range(3)] == [False, False, True]
    assert list(found.near(CADENCE, later)) == []


def test_before_the_kick_off_nothing_may_be_for_now() -> None:
    """Unless the provider does not know the event."""
    found = calendar(600, 600)
    assert not any(found.answered("0", empty=True, gone=False, now=NOW * SECOND) for _ in range(9))
    assert [found.answered("1", empty=True, gone=True, now=NOW * SECOND) for _ in range(3)] == [False, False, True]
    assert (found.answered("x", empty=True, gone=True, now=0), found.answered("x", empty=True, gone=False, now=0)) == (True, False)


def test_a_game_put_off_is_still_asked_for() -> None:
    """What its query listed is to be withdrawn by its query."""
    found = calendar(600)
    found.near(CADENCE, NOW * SECOND)
    found.learn([Event("0", "s", commence_time=NOW + 86_400)])
    assert list(found.near(CADENCE, NOW * SECOND)) == ["0"]


def test_what_is_not_listed_is_forgotten_once_nobody_waits_for_it() -> None:
    """Neither its own query nor a final score."""
    now = NOW * SECOND
    found, scored = calendar(600, 7_200), calendar(-60, finals=True)
    found.near(CADENCE, now)
    for one in (found, scored):
        one.only(frozenset(), now)
    assert (list(found.events), list(scored.events)) == (["0"], ["0"])
    assert len(scored.under_way(now)) == 1
    scored.only(frozenset(), now + FINAL_WITHIN)
    assert scored.events == {}


def test_scores_are_asked_for_while_games_are_under_way() -> None:
    """Not before, not after the final one."""
    found = calendar(-60, 60)
    assert len(found.under_way(NOW * SECOND)) == 1
    found.learn([Event("0", "s", commence_time=NOW - 60, completed=True), Event("2", "s", commence_time="soon")])
    assert found.under_way(NOW * SECOND) == []
    assert sorted((game.starts_at, game.over) for game in found.games()) == [((NOW - 60) * SECOND, True), ((NOW + 60) * SECOND, False)]


def test_events_of_a_life_before() -> None:
    """Are asked for again."""
    found = calendar()
    found.recall("e", "s", NOW * SECOND)
    assert list(found.near(CADENCE, NOW * SECOND)) == ["e"]
