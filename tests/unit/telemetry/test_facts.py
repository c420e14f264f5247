"""A fact as everybody gets it."""

from ingestd.telemetry.facts import LONGEST, Fact, of_error, shortened, stamp


def test_a_kind_of_trouble() -> None:
    """Area and code name it: the action, and the label that the catalogue says."""
    fact = Fact(action="frame.quarantined", at=0, message="", labels={"category": "price", "reason": "1.0 is none"})
    assert (fact.area, fact.code, fact.level) == ("frame", "quarantined:price", "warning")
    assert Fact(action="frame.quarantined", at=0, message="", labels={}).code == "quarantined"


def test_an_error() -> None:
    """With its stack and that of its cause."""
    try:
        try:
            raise OSError("disk")
        except OSError as error:
            raise ValueError("worse") from error
    except ValueError as error:
        told = of_error(error)
    assert (told["error"], told["error_type"]) == ("worse", "ValueError")
    assert "OSError: disk" in told["stack"]
    assert told["stack"].endswith("ValueError: worse\n")


def test_too_long() -> None:
    """Both ends stay."""
    assert shortened("x" * LONGEST) == "x" * LONGEST
    short = shortened("a" + "x" * LONGEST + "z")
    assert (short[0], short[-1], len(short)) == ("a", "z", LONGEST + 3)


def test_stamp() -> None:
    """Milliseconds, always three of them."""
    assert (stamp(0), stamp(1_999)) == ("1970-01-01T00:00:00.000Z", "1970-01-01T00:00:00.001Z")
