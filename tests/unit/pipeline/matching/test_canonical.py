"""One name for what many spell differently."""

from ingestd.pipeline.matching import canonical_bookmaker, canonical_league, canonical_sport, canonical_team


def test_sports() -> None:
    """Known by their aliases; an unknown one is written small."""
    assert canonical_sport("soccer") == canonical_sport("Football") == "football"
    assert canonical_sport("icehockey") == canonical_sport("Ice Hockey") == "ice_hockey"
    assert canonical_sport("Kabaddi League") == "kabaddi_league"


def test_teams() -> None:
    """Known by their spellings, with their marks; else as told."""
    assert canonical_team("soccer", "Man Utd") == "Manchester United"
    assert canonical_team("soccer", "Man Utd U21 (W)") == "Manchester United U21 Women"
    assert canonical_team("soccer", " Nowhere  Rovers") == "Nowhere Rovers"
    assert canonical_team("tennis", "Djokovic  N.") == "Djokovic N."


def test_leagues_and_bookmakers() -> None:
    """Known by their spellings; else as told."""
    assert canonical_league("soccer", "EPL") == "English Premier League"
    assert canonical_league("soccer", "Sunday  League") == "Sunday League"
    assert canonical_bookmaker("williamhill") == canonical_bookmaker("WH") == "William Hill"
    assert canonical_bookmaker("Corner  Shop") == "Corner Shop"
