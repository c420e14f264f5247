"""What ``ingestd status --json`` prints stays as docs/status.md has it."""

import re
from collections.abc import Iterator
from pathlib import Path

import msgspec
from msgspec import Struct, inspect

from ingestd.cli.shown import Shown
from ingestd.overview import Overview

PAGE = (Path(__file__).resolve().parents[3] / "docs/status.md").read_text(encoding="utf-8")

NAMES: dict[str, tuple[type[inspect.Type], ...]] = {
    "list": (inspect.ListType,),
    "object": (inspect.StructType, inspect.DictType),
    "number": (inspect.IntType, inspect.FloatType),
    "null": (inspect.NoneType,),
}


def paths(kind: inspect.Type, above: str = "") -> Iterator[tuple[str, str]]:
    """Every field by its path, with its type in JSON; lists are passed through."""
    if isinstance(kind, inspect.UnionType):
        for one in kind.types:
            yield from paths(one, above)
    elif isinstance(kind, inspect.ListType):
        yield from paths(kind.item_type, above)
    elif isinstance(kind, inspect.StructType):
        for field in kind.fields:
            path = f"{above}.{field.encode_name}".lstrip(".")
            yield path, said(field.type)
            yield from paths(field.type, path)


def said(kind: inspect.Type) -> str:
    """A type as the page calls it."""
    if isinstance(kind, inspect.UnionType):
        return " or ".join(sorted(map(said, kind.types), key=lambda one: one == "null"))
    return next((name for name, kinds in NAMES.items() if isinstance(kind, kinds)), "text")


def documented(heading: str) -> dict[str, str]:
    """The rows of the table below a heading: path and type."""
    section = PAGE.split(f"## {heading}\n")[1].split("\n## ")[0]
    return dict(re.findall(r"^\| `([a-z_.]+)` \| ([a-z ]+) \|", section, re.MULTILINE))


def fields(shape: type[Struct]) -> dict[str, str]:
    """The same of a shape."""
    return dict(paths(inspect.type_info(shape)))


def test_what_the_daemon_says() -> None:
    """Every field, and no other."""
    assert documented("What the daemon says") == fields(Overview)


def test_what_the_command_adds() -> None:
    """As well."""
    overview = fields(Overview)
    assert documented("What the command adds") == {path: kind for path, kind in fields(Shown).items() if path not in overview}


def test_an_older_daemon_is_understood() -> None:
    """What was not yet said has its default; what is not yet known is passed over."""
    found = msgspec.json.decode(
        b'{"at": 1, "sources": [{"source": "a", "feed": "f", "state": "live", "since": 1}], "new": 1}', type=Overview
    )
    assert (found.sources[0].rate, found.store) == (None, None)
