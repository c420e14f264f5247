"""A team's name taken apart."""

from ingestd.pipeline.matching.naming import core_words, parse, teams


def test_core_words() -> None:
    """Club words go, abbreviations are written out, and something always remains."""
    assert core_words("sheffield weds fc", us=False) == ("sheffield", "wednesday")
    assert core_words("man utd", us=False) == ("manchester", "united")
    assert core_words("fc", us=False) == ("fc",)
    assert core_words("", us=False) == ()


def test_saint_and_state() -> None:
    """The word "St" is a saint before a name, and a state behind an American one."""
    assert core_words("st johns", us=True) == core_words("saint johns", us=True) == ("st", "johns")
    assert core_words("arizona st sun devils", us=True) == ("arizona", "state", "sun", "devils")
    assert core_words("partick st", us=False) == ("partick", "st")


def test_parse() -> None:
    """A known name is a team of the list, with marks or without; an unknown one is words."""
    known = teams("football", us=False)
    (one,) = parse("football", us=False, name="Man Utd (W)").teams
    assert known.rows[one].name == "Manchester United"
    assert parse("football", us=False, name="Man Utd (W)").marks == {"women"}
    assert parse("football", us=False, name="Nowhere Rovers").teams == frozenset()
