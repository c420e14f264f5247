"""The JSON Schema for editors."""

import pytest

from ingestd.settings.model import Settings
from ingestd.settings.schema import json_schema
from tests.unit.settings.conftest import DemoKind


@pytest.fixture
def schema(feeds: dict[str, DemoKind]) -> dict[str, object]:
    """The schema with the demo feed."""
    return dict(json_schema(feeds))


def at(value: object, *path: str | int) -> object:
    """Walk into nested dicts and lists."""
    for part in path:
        value = value[part]  # type: ignore[index]
    return value


def test_top(schema: dict[str, object]) -> None:
    """Every top key, nothing else allowed."""
    assert set(at(schema, "properties")) == set(Settings.model_fields)  # type: ignore[call-overload]
    assert schema["additionalProperties"] is False


def test_a_source_by_its_feed(schema: dict[str, object]) -> None:
    """Generic keys and the feed's own, secrets also by file, and no ``options``."""
    source = at(schema, "properties", "sources", "items", "oneOf", 0)
    assert at(source, "properties", "feed") == {"const": "demo"}
    keys = {"name", "feed", "enabled", "silence_limit", "give_up_after", "max_delta_span", "validation"}
    assert set(at(source, "properties")) == keys | {"rate", "day", "markets", "password", "password_file", "login"}  # type: ignore[call-overload]
    assert at(source, "required") == ["name", "feed"]


def test_the_store_by_file(schema: dict[str, object]) -> None:
    """``store.url_file`` is a key too."""
    assert set(at(schema, "$defs", "StoreSettings", "properties")) == {"retention", "url", "url_file", "schema"}  # type: ignore[call-overload]
