"""JMESPath over levels."""

import jmespath
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from ingestd.sources.feeds.mapped.paths import OPTIONS, Expression, Path, Unmapped, shown

LEAVES = st.none() | st.booleans() | st.integers() | st.text(max_size=3)
VALUES = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3))


@given(value=VALUES, text=st.sampled_from(["x", "x.a", "x.a.b", "x[0]", "x.a[1].b", "x.b[-1]", 'x."c".a', "y.a"]))
def test_the_short_way_finds_what_the_library_finds(value: object, text: str) -> None:
    """Whatever is there, of whatever type."""
    assert Path(text).find({"x": value}) == jmespath.search(text, {"x": value})


@pytest.mark.parametrize(
    ("text", "roots"),
    [
        ("doc.events", {"doc"}),
        ("doc.a[?b == 'c'].d | [0]", {"doc"}),
        ("a.x || b.y", {"a", "b"}),
        ("max_by(runner.prices, &odds)", {"runner"}),
        ("[{is: 'home', price: row.home}, {is: meta.key}]", {"row", "meta"}),
        ("contains(market.columns, price.key)", {"market", "price"}),
        ("'text'", set()),
    ],
)
def test_the_levels_of_an_expression(text: str, roots: set[str]) -> None:
    """What it looks up where it begins, not what it looks up further on."""
    assert Path(text).roots == roots


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("entries(x)", [{"key": "a", "value": 1}]),
        ("sort_pairs('b=2|a=1', '|')", "a=1|b=2"),
        ("split('a/b', '/')[1]", "b"),
        ("lower('ÀB')", "àb"),
        ("negate(`-1.5`)", 1.5),
        ("negate(`0`)", 0.0),
        ("negate('2.25')", -2.25),
        ("negate(y)", None),
        ("entries(y)", None),
        ("sort_pairs(y, '|')", None),
        ("split(y, '|')", None),
        ("lower(y)", None),
    ],
)
def test_functions_of_our_own(text: str, found: object) -> None:
    """Few, and nothing from nothing."""
    assert Path(text).find({"x": {"a": 1}}) == found
    assert OPTIONS.custom_functions is not None


@pytest.mark.parametrize("text", ["max_by(x, &a)", "join('/', x)", "sum(x)", "lower(`1`)", "to_string(x.deep) | abs(@)"])
def test_what_a_function_cannot_take(text: str) -> None:
    """Is a reason, not a crash."""
    with pytest.raises(Unmapped) as caught:
        Path(text).find({"x": [{"a": 1}, {"a": "b"}, 1]})
    assert caught.value.category == "expression"


@pytest.mark.parametrize("text", ["doc.events[", "event.in-running", "", "a" * 3000, "nope(doc)x", "(" * 900])
def test_what_is_no_expression(text: str) -> None:
    """Is told with a hint, however long or deep."""
    with pytest.raises(ValidationError, match=r"JMESPath expression|too long"):
        TypeAdapter(Expression).validate_python(text)


def test_values_are_shown_short() -> None:
    """Whatever they are."""
    values: tuple[object, ...] = ({}, [1], "a", 5)
    assert [shown(value) for value in values] == ["a mapping", "a list", "'a'", "5"]
    assert len(shown("x" * 10_000)) < 70
