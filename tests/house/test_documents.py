"""Whatever can be set or typed is explained somewhere, and what is explained exists."""

import re
from collections.abc import Iterator
from types import ModuleType

import pytest
import typer
from pydantic import BaseModel

from ingestd.cli.main import app
from ingestd.cli.sources import rendered
from ingestd.errors import Malformed
from ingestd.model import WHOLE, Complete, Frame, Quote
from ingestd.settings import Settings, load
from ingestd.settings.changes import taken
from ingestd.settings.problems import keys_of, model_in
from ingestd.settings.rules import RULES
from ingestd.sources import FEEDS
from ingestd.sources.kind import FeedKind
from ingestd.telemetry.metrics import METRICS
from ingestd.testing.context import feed_context
from tests.house.conftest import ROOT

SETTINGS = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
RUNBOOK = (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8")
COMMANDS = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "README.md", ROOT / "docs" / "commands.md") if path.exists())


SECTIONS = ("Overview", "Extraction", "Transformation", "Loading", "Logging and monitoring", "Alerting", "Tests", "Options", "Example")
"""What the page of a feed is made of."""


def paths(model: type[BaseModel], above: str = "") -> Iterator[tuple[str, object]]:
    """Every key with its default, written as in the document."""
    for key, field in keys_of(model).items():
        below = model_in(field.annotation)
        if key == "options":
            continue
        if below is None:
            yield above + key, field.default
        else:
            yield from paths(below, f"{above}{key}{'[]' if key == 'sources' else ''}.")


def commands(typed: typer.Typer, above: str = "ingestd") -> Iterator[str]:
    """Every command by its words."""
    for command in typed.registered_commands:
        if command.callback is not None:
            yield f"{above} {command.name or command.callback.__name__}"
    for group in typed.registered_groups:
        if group.typer_instance is not None:
            yield from commands(group.typer_instance, f"{above} {group.name}")


@pytest.mark.parametrize("path", [path for path, _ in paths(Settings)])
def test_settings(path: str) -> None:
    """Every key has its row in docs/settings.md."""
    assert f"| `{path}` |" in SETTINGS


@pytest.mark.parametrize("path", [path for path, _ in paths(Settings)])
def test_what_a_reload_takes(path: str) -> None:
    """docs/settings.md says of each key whether a restart is needed, as a reload judges it."""
    (row,) = re.findall(rf"^\| `{re.escape(path)}` \|.*$", SETTINGS, re.MULTILINE)
    assert ("**Needs a restart.**" in row) is not taken(path)


def test_settings_that_are_none() -> None:
    """docs/settings.md explains no key that is gone."""
    rows = re.findall(r"^\| `([a-z_.\[\]]+)` \|", SETTINGS, re.MULTILINE)
    assert set(rows) - {path for path, _ in paths(Settings)} == {"sources"}


@pytest.mark.parametrize("rule", RULES)
def test_rules(rule: str) -> None:
    """Every alert rule has its section in the runbook, with what it means and what to do, and its row in docs/alerts.md."""
    section = re.search(rf"^## {rule}\n(.*?)(?=^## |\Z)", RUNBOOK, re.MULTILINE | re.DOTALL)
    assert section is not None
    assert "**Means**" in section[1]
    assert "**Do**" in section[1]
    built_in = RULES[rule]
    beyond = f"{built_in.threshold:g} {built_in.unit}" if built_in.unit else ""
    hold = f"{built_in.hold:g} s" if built_in.hold else "at once"
    assert f"| `{rule}` | {built_in.severity} | {beyond} | {hold} |" in (ROOT / "docs" / "alerts.md").read_text(encoding="utf-8")


def test_no_rule_that_is_gone() -> None:
    """Nor does the runbook speak of any other."""
    assert re.findall(r"^## (\w+)$", RUNBOOK, re.MULTILINE) == list(RULES)


@pytest.mark.parametrize("words", list(commands(app)))
def test_commands(words: str) -> None:
    """Every command stands in README.md or docs/commands.md."""
    assert re.search(rf"{words}\b", COMMANDS)


@pytest.mark.parametrize("name", FEEDS)
def test_feeds(name: str) -> None:
    """Every feed has its page, with every option of its own, and recordings that its decoder is tried on."""
    page = (ROOT / "docs" / "feeds" / f"{name}.md").read_text(encoding="utf-8")
    assert [key for key in keys_of(FEEDS[name].options) if f"`{key}`" not in page] == []
    assert any(path.is_file() for path in (ROOT / "tests" / "recorded" / name).rglob("*"))


@pytest.mark.parametrize("name", FEEDS)
def test_pages_follow_the_template(name: str) -> None:
    """Every section in its order, whatever else there is; the last one leads to a configuration that the house loads."""
    page = (ROOT / "docs" / "feeds" / f"{name}.md").read_text(encoding="utf-8")
    headings = re.findall(r"^## (.+)$", page, re.MULTILINE)
    assert [heading for heading in headings if heading in SECTIONS] == list(SECTIONS)
    linked = re.findall(r"\bconfig/[a-z_/]+\.yaml", page[page.index("## Example") :])
    assert name in {source.feed for path in linked for source in load(ROOT / path, {}).sources}


def test_metrics() -> None:
    """docs/metrics.md has a row for each, in the words that the page itself has, and no other; what it asks for is there."""
    page = (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `ingestd_(\w+)` \| (\w+) \| (.*) \| (.+) \|$", page, re.MULTILINE)
    wanted = {(name, one.kind, ", ".join(f"`{label}`" for label in one.labels), one.help) for name, one in METRICS.items()}
    assert set(rows) ^ wanted == set()
    assert len(rows) == len(METRICS)
    asked = set(re.findall(r"\bingestd_(\w+)", page))
    assert asked - {name + end for name in METRICS for end in ("", "_bucket", "_sum", "_count")} == set()


def test_every_feed_is_listed() -> None:
    """A file in feeds/ that FEEDS does not name is dead."""
    found = {path.stem for path in (ROOT / "ingestd" / "sources" / "feeds").iterdir() if not path.name.startswith("__")}
    assert found == set(FEEDS)


def test_links() -> None:
    """Every link from one document to another leads somewhere."""
    links = [
        (page, target)
        for page in (*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"))
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    ]
    assert [f"{page.relative_to(ROOT)}: {target}" for page, target in links if not (page.parent / target).exists()] == []


def test_the_feed_in_ten_minutes() -> None:
    """The feed shown in CONTRIBUTING.md is the one that ``ingestd sources new`` writes, and it is one: options, decoder and times work."""
    (code,) = re.findall(r"```python\n(.*?)```", (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"), re.DOTALL)
    assert code == rendered("feed.py", "tally")
    module = ModuleType("tally")
    exec(compile(code, "CONTRIBUTING.md", "exec"), module.__dict__)  # noqa: S102 - our own page
    kind: FeedKind = module.FEED
    price = b'{"event": "7", "outcome": "home", "price": 1.5, "status": "open", "at": 1000}'
    message = b'{"seq": 1, "image": true, "prices": [' + price + b"]}"
    quote, complete = kind.decoder("demo")(Frame("demo", "data", 1, message))
    assert isinstance(quote, Quote)
    assert (quote.selection.source_event_id, quote.price, quote.changed_at) == ("7", 1.5, kind.record_time(message))
    assert complete == Complete(WHOLE, frozenset({quote.selection.id}))
    with pytest.raises(Malformed):
        list(kind.decoder("demo")(Frame("demo", "data", 1, b"{")))
    context = feed_context("demo")
    assert kind.build(kind.options.model_validate({"key": "k"}), context).silence_limit == 30
