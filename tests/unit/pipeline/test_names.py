"""What teams, leagues and bookmakers are called."""

from ingestd.batch import Batch, NamedRow
from ingestd.model import Run, hash64
from ingestd.pipeline.names import Names, name_id, put_bookmaker, sport_of
from ingestd.relations import AliasRow


def alias(kind: str, word: str, name: str, sport: str = "football") -> AliasRow:
    """A person's word on a word of source ``s``."""
    return AliasRow(kind, "s", sport, word, 5, "confirmed", flipped=False, score=1.0, name=name)


def test_a_person_goes_before_the_lists() -> None:
    """For that source, sport and word alone; else the shipped lists, else the word itself."""
    names = Names()
    assert names.team("s", "football", "Man Utd") == "Manchester United"
    assert (names.league("s", "football", "EPL"), names.bookmaker("s", "williamhill")) == ("English Premier League", "William Hill")
    assert names.team("s", "football", "Hexby Rovers") == "Hexby Rovers"
    names.learn([alias("team", "Man Utd", "Mine"), alias("league", "EPL", "Ours"), alias("bookmaker", "williamhill", "Bill", "")])
    assert (names.team("s", "football", "Man Utd"), names.team("t", "football", "Man Utd")) == ("Mine", "Manchester United")
    assert (names.league("s", "football", "EPL"), names.bookmaker("s", "williamhill")) == ("Ours", "Bill")
    assert (names.decided("team", "s", "football", "Man Utd"), names.decided("team", "s", "football", "Leeds")) == ("Mine", "Leeds")
    names.learn([])
    assert names.team("s", "football", "Man Utd") == "Manchester United"


def test_events_are_found_by_their_own_id() -> None:
    """And by their source."""
    names = Names()
    names.learn([alias("event", "e1", "", "")])
    assert (names.event("s", "e1") is not None, names.event("t", "e1"), names.event("s", "e2")) == (True, None, None)


def test_ids_are_of_names() -> None:
    """No name, no id; a sport that is told in other words is the same."""
    assert name_id("team", "football", "") is None
    assert name_id("team", "football", "A") == hash64("team", "football", "A")
    assert (sport_of("soccer"), sport_of("")) == ("football", "")


def test_a_bookmaker_has_its_name_for_an_id() -> None:
    """And its row comes along."""
    batch = Batch(run=Run(run_id=1, kind="live", source="", started_at=0), journal_id=1, position=0)
    key = put_bookmaker("Max", "aggregate", batch)
    assert key == hash64("bookmaker", "Max")
    assert batch.bookmakers == {key: NamedRow(id=key, name="Max", kind="aggregate")}
