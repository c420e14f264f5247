"""A team's name taken apart."""

from ingestd.pipeline.matching.naming import core_words, parse, teams


def test_core_words() -> None:
    """Club words go, abbreviations are written out, and something always remains."""
    assert core_words("sheffield weds fc", us=False) == ("sheffield", "wednesday")
    assert core_words("man utd", us=False) == ("manchester", "united")
    assert core_words("fc", us=False) == ("fc",)
    assert core_words("", us=False) == ()
    assert core_words("tsv 1860 munchen", us=False) == ("1860", "munich")
    assert core_words("schalke 04", us=False) == ("schalke",)


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


def test_namesakes() -> None:
    """A name is the group's own team where the group is known; as it stands before anything that is dropped."""

    def found(name: str, group: str = "") -> list[str]:
        known = teams("football", us=False)
        return sorted(known.rows[index].name for index in parse("football", us=False, name=name, group=group).teams)

    assert found("Everton") == found("Everton FC") == ["Everton"]
    assert found("Everton", "Chile") == ["Everton de Viña del Mar"]
    assert (found("Nacional", "Portugal"), found("Nacional", "Uruguay")) == (["Nacional Madeira"], ["Nacional Montevideo"])
    assert len(found("Nacional")) > 1
    assert found("Paris") == ["Paris FC", "Paris Saint-Germain"]


def test_a_code_before_a_nickname() -> None:
    """Both must be the same team's."""

    def found(name: str) -> list[str]:
        known = teams("ice_hockey", us=True)
        return sorted(known.rows[index].name for index in parse("ice_hockey", us=True, name=name, group="NHL").teams)

    assert found("TB Lightning") == ["Tampa Bay Lightning"]
    assert found("MTL Canadiens") == ["Montreal Canadiens"]
    assert found("MTL Senators") == []
