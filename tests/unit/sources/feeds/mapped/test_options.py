"""What a mapped source may be told."""

from pathlib import Path

import pytest
import yaml
from pydantic import ValidationError

from ingestd.settings.problems import lines
from ingestd.sources.feeds.mapped.options import MappedOptions
from tests.unit.sources.feeds.mapped.conftest import Tree, small

FILES = {"paths": ["in"]}


def told(options: Tree) -> list[str]:
    """What is said to be wrong."""
    with pytest.raises(ValidationError) as caught:
        MappedOptions.model_validate(options)
    return lines(caught.value, MappedOptions, "sources[0]")


def test_a_mapping_in_a_file(tmp_path: Path) -> None:
    """Is the same as one in the options."""
    path = tmp_path / "mapping.yaml"
    path.write_text(yaml.safe_dump(small()))
    inline = MappedOptions.model_validate({"mapping": small(), "files": FILES})
    assert MappedOptions.model_validate({"mapping_file": str(path), "files": FILES}).mapping == inline.mapping


def test_what_a_mapping_lacks_is_told_with_its_path() -> None:
    """All of it, beside what else is wrong."""
    mapping = small(tables={"t": {"1": "opn"}})
    price = mapping["walk"][0]["walk"][0]["walk"][0]["quotes"][0]
    price |= {"status": {"get": "prize.s", "table": "t"}, "key": ["evnt.id"]}
    quote = "sources[0].mapping.walk[0].walk[0].walk[0].quotes[0]"
    assert told({"mapping": mapping, "files": {"paths": []}}) == [
        f"{quote}.key[0].get: knows no level 'evnt'; an expression begins with a level: did you mean event?",
        f"{quote}.status.table: 'opn' is none of our words; did you mean open?",
        f"{quote}.status.get: knows no level 'prize'; an expression begins with a level: did you mean price?",
        "sources[0].files.paths: tuple should have at least 1 item after validation, not 0 (found a list); files, folders, patterns",
    ]


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"files": FILES}, "sources[0].mapping: missing"),
        ({"mapping": small()}, "sources[0]: has no transport; give one of polling, websocket, sse, webhook, files"),
        ({"mapping": small(), "files": FILES, "sse": {"url": "https://a.example"}}, "has sse and files"),
        ({"mapping": small(), "mapping_file": "m.yaml", "files": FILES}, "sources[0].mapping_file: is given beside mapping"),
        ({"mapping_file": "nope.yaml", "files": FILES}, "sources[0].mapping_file: names no file: nope.yaml"),
        ({"mapping": small(), "polling": {"queries": {}}}, "sources[0].polling.queries: is empty"),
        ({"mapping": small(), "polling": {"queries": {"a": {"url": "ftp://a"}}}}, "sources[0].polling.queries.a.url"),
    ],
)
def test_what_makes_no_sense(options: Tree, problem: str) -> None:
    """No mapping, no transport, or two of one."""
    assert any(line.startswith(problem) or problem in line for line in told(options))


@pytest.mark.parametrize(
    ("auth", "problem"),
    [
        ({"kind": "header"}, "auth.secret: missing; key, password or client secret, or name a file that holds it by secret_file"),
        ({"kind": "header", "secret": ""}, "auth.secret: is empty"),
        ({"kind": "query", "secret": "s3"}, "auth.name: is missing"),
        ({"kind": "basic", "secret": "s3"}, "auth.user: is missing"),
        ({"kind": "oauth2", "secret": "s3", "user": "u"}, "auth.token_url: is missing"),
    ],
)
def test_what_a_proof_needs(auth: Tree, problem: str) -> None:
    """By its kind; the secret is never shown."""
    found = told({"mapping": small(), "polling": {"queries": {"a": {"url": "https://a.example"}}, "auth": auth}})
    assert any(problem in line for line in found)
    assert not any("s3" in line for line in found)


@pytest.mark.parametrize(
    ("websocket", "problem"),
    [
        ({"auth": {"kind": "oauth2", "secret": "s", "user": "u", "token_url": "https://t.example"}}, "auth.kind: is not for a handshake"),
        ({"opening": [{"send": {}, "refuse": "doc.no"}]}, "opening[0].expect: is missing"),
    ],
)
def test_what_a_websocket_cannot(websocket: Tree, problem: str) -> None:
    """Is told before anything is opened."""
    assert any(problem in line for line in told({"mapping": small(), "websocket": {"url": "wss://a.example", **websocket}}))


@pytest.mark.parametrize(("paging", "key"), [({"kind": "cursor"}, "next"), ({"kind": "offset"}, "items")])
def test_what_paging_needs(paging: Tree, key: str) -> None:
    """By its kind."""
    given = {"mapping": small(), "polling": {"queries": {"a": {"url": "https://a.example"}}, "paging": paging}}
    assert any(f"polling.paging.{key}: is missing" in line for line in told(given))


def test_a_file_that_is_no_mapping(tmp_path: Path) -> None:
    """Says what it is."""
    path = tmp_path / "mapping.yaml"
    path.write_text("walk: [\n")
    assert "not valid YAML" in told({"mapping_file": str(path), "files": FILES})[0]
