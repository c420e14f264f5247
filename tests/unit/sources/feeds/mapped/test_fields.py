"""What may be said of a field."""

import pytest
from pydantic import ValidationError

from ingestd.sources.feeds.mapped.fields import Price, Text, Time, Value


def test_the_short_form() -> None:
    """An expression alone."""
    assert Value.model_validate("event.id") == Value(get="event.id")


@pytest.mark.parametrize(
    ("field", "kind", "problem"),
    [
        ({}, Text, "has no origin"),
        ({"get": "a", "const": "b"}, Text, "has no origin, or two"),
        ({"get": "a", "else": "b"}, Text, "else without a table"),
        ({"get": "a", "missing": "last"}, Text, "cannot be 'last'"),
        ({"get": "a", "nope": 1}, Text, "Extra inputs"),
        ({"const": True}, Text, "truth value"),
        ({"get": "a", "table": {True: "yes"}}, Text, "truth value"),
        ({"get": "a", "format": "roman"}, Price, "decimal"),
        ({"get": "a", "format": "rfc"}, Time, "no format of times"),
        ({"get": "a", "zone": "Mars/North"}, Time, "no time zone"),
        ({"get": "a", "zone": "../etc"}, Time, "no time zone"),
    ],
)
def test_what_is_wrong_with_a_field(field: dict[str, object], kind: type[Value], problem: str) -> None:
    """Is told in words: YAML's yes and no, which are truth values, among them."""
    with pytest.raises(ValidationError, match=problem):
        kind.model_validate(field)


def test_a_price_may_be_missing_in_more_ways() -> None:
    """It may stay as it was, or be none."""
    assert [Price.model_validate({"get": "a", "missing": way}).missing for way in ("last", "none", "skip")] == ["last", "none", "skip"]


def test_editors_know_both_forms() -> None:
    """The schema takes an expression or a mapping."""
    assert [form.get("type") for form in Text.model_json_schema()["anyOf"]] == ["string", "object"]
