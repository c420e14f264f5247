"""A field, compiled."""

import pytest

from ingestd.sources.feeds.mapped.cells import Fixed, Found, Left, Never, Place, among, filled, left_out, required, translated
from ingestd.sources.feeds.mapped.formats import text
from ingestd.sources.feeds.mapped.paths import Path, Unmapped


def test_a_value_is_looked_for_once_per_element() -> None:
    """And anew at the next one, failures too."""
    calls: list[object] = []

    def convert(value: object) -> str:
        calls.append(value)
        if value == "bad":
            raise Unmapped("number", "no")
        return text(value)

    place = Place({}, {}, 2)
    cell = Found("id", Path("event.id"), 1, convert, required(Path("event.id")))
    for element in ({"id": "a"}, {"id": "bad"}, {"id": "c"}):
        place.enter(1, "event", element)
        for _ in range(3):
            place.enter(2, "market", {})
            if element["id"] == "bad":
                with pytest.raises(Unmapped, match="id: no"):
                    cell(place)
            else:
                assert cell(place) == element["id"]
    assert calls == ["a", "bad", "c"]


def test_places_do_not_mix() -> None:
    """Two documents under way at once have different elements."""
    cell = Found("id", Path("event.id"), 1, text, required(Path("event.id")))
    one, other = Place({}, {}, 1), Place({}, {}, 1)
    one.enter(1, "event", {"id": 1})
    other.enter(1, "event", {"id": 2})
    assert [cell(place) for place in (one, other, one)] == ["1", "2", "1"]


def test_the_path_of_a_place() -> None:
    """Indices count; one object has none."""
    place = Place({}, {}, 3)
    place.trail += [("", None), ("events", 3), ("", 0), ("markets", None)]
    assert place.path == "events[3].[0].markets"


def test_what_is_not_there() -> None:
    """Is missing, left out, or something else."""
    place = Place({"a": " "}, {}, 0)
    path = Path("doc.b")
    with pytest.raises(Unmapped, match=r"b: nothing at doc\.b"):
        Found("b", path, 0, text, required(path))(place)
    with pytest.raises(Left):
        Found("b", path, 0, text, left_out)(place)
    assert Found("b", path, 0, text, Fixed("c").get)(place) == "c"
    assert filled(text, Fixed("none").get)(" ") == "none"
    assert filled(text, Fixed("none").get)("x") == "x"


def test_words() -> None:
    """Through a table: in it, or as ``else`` says."""
    words = {"1": "open", "2": "skip"}
    assert translated(words, "reject", text)(1) == "open"
    assert translated(words, "keep", text)("x") == "x"
    assert translated(words, "void", text)("x") == "void"
    with pytest.raises(Left):
        translated(words, "reject", text)(2)
    with pytest.raises(Unmapped, match="not in the table"):
        translated(words, "reject", text)("x")
    assert among(frozenset(("back",)))("back") == "back"
    with pytest.raises(Unmapped, match="none of back; translate"):
        among(frozenset(("back",)))("Back")


def test_a_mapping_with_problems_is_never_used() -> None:
    """Whoever does has a bug."""
    with pytest.raises(RuntimeError):
        Never()(Place({}, {}, 0))
