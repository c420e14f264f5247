"""``ingestd sources new``: the files of a feed that works, for whoever writes one, in a checkout of this project."""

import keyword
import re
from importlib.resources import files
from pathlib import Path
from typing import Final

import typer

from ingestd.errors import ConfigError

NAME: Final = re.compile(r"[a-z][a-z0-9_]{1,23}")
TEMPLATES: Final = {
    "feed.py": "ingestd/sources/feeds/{name}.py",
    "emulator.py": "ingestd/testing/{name}.py",
    "test_feed.py": "tests/unit/sources/feeds/test_{name}.py",
    "test_emulator.py": "tests/unit/testing/test_{name}.py",
    "properties.py": "tests/properties/{name}.py",
    "match.jsonl": "tests/recorded/{name}/match.jsonl",
    "test_match.py": "tests/recorded/{name}/test_match.py",
    "page.md": "docs/feeds/{name}.md",
    "example.yaml": "config/examples/{name}.yaml",
}
"""Each template, and the file that it becomes."""
FEEDS: Final = Path("ingestd/sources/__init__.py")
EMULATORS: Final = Path("ingestd/testing/emulators.py")
PROVIDERS: Final = Path("tests/properties/providers.py")
IMPORTED: Final = re.compile(r"^from ingestd\.sources\.feeds import (\([^)]*\)|[^\n]*)", re.MULTILINE)
ENTRY: Final = re.compile(r'^    "[a-z0-9_]+": .*,$', re.MULTILINE)
LONGEST: Final = 140


def new(name: str, root: Path) -> None:
    """Write the feed ``name`` into the checkout at ``root``. Raises ConfigError, before anything is written."""
    targets = {template: root / target.format(name=name) for template, target in TEMPLATES.items()}
    _check(name, root, list(targets.values()))
    for template, target in targets.items():
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(rendered(template, name), encoding="utf-8")
    _enter_feed(root / FEEDS, name)
    _enter(root / EMULATORS, name, "ingestd.testing", f"{_camel(name)}Emulator")
    _enter(root / PROVIDERS, name, "tests.properties", _camel(name))
    for target in (*targets.values(), root / FEEDS, root / EMULATORS, root / PROVIDERS):
        typer.echo(f"wrote {target.relative_to(root)}")
    typer.echo(f'now: make test ARGS="tests/conformance tests/properties -k {name}"; make check')
    typer.echo(f"then: your provider's protocol in {targets['feed.py'].relative_to(root)}, a row in README.md, a line in CHANGELOG.md")


def rendered(template: str, name: str) -> str:
    """A template with the feed's name in it."""
    text = files("ingestd.cli").joinpath("templates", f"{template}.txt").read_text(encoding="utf-8")
    spelled = {
        "example_feed": name,
        "EXAMPLE_FEED": name.upper(),
        "ExampleFeed": _camel(name),
        "Example Feed": name.replace("_", " ").title(),
    }
    for placeholder, word in spelled.items():
        text = text.replace(placeholder, word)
    return text


def _check(name: str, root: Path, targets: list[Path]) -> None:
    if not NAME.fullmatch(name) or keyword.iskeyword(name):
        raise ConfigError(f"NAME: {name!r} names no module; write small letters, digits and _, 2 to 24 of them, a letter first")
    if not all((root / path).is_file() for path in (FEEDS, EMULATORS, PROVIDERS)):
        raise ConfigError(f"{root}: no checkout of ingestd; go to the folder that holds README.md and ingestd/")
    taken = [str(target.relative_to(root)) for target in targets if target.exists()]
    taken += [str(target.with_suffix("").relative_to(root)) for target in targets if target.with_suffix("").is_dir()]
    if taken:
        raise ConfigError(f"NAME: {name!r} is taken: {', '.join(taken)}; choose another name")


def _enter_feed(path: Path, name: str) -> None:
    """One more module in the import of all feeds, and its entry."""
    text = path.read_text(encoding="utf-8")
    found = IMPORTED.search(text)
    if found is None:
        raise ConfigError(f"{path}: no import of feeds to add {name} to")
    names = sorted([*re.findall(r"\w+", found[1]), name])
    line = "from ingestd.sources.feeds import " + ", ".join(names)
    if len(line) > LONGEST:
        line = "from ingestd.sources.feeds import (\n" + "".join(f"    {one},\n" for one in names) + ")"
    path.write_text(_with_entry(text.replace(found[0], line, 1), name, f"{name}.FEED"), encoding="utf-8")


def _enter(path: Path, name: str, package: str, value: str) -> None:
    """One more import out of a package, and its entry."""
    text = path.read_text(encoding="utf-8")
    line = f"from {package}.{name} import {value}"
    imports = re.findall(rf"^from {re.escape(package)}[. ].*$", text, re.MULTILINE)
    block = "\n".join(imports)
    text = text.replace(block, "\n".join(sorted([*imports, line], key=lambda one: one.split()[1])), 1)
    path.write_text(_with_entry(text, name, value), encoding="utf-8")


def _with_entry(text: str, name: str, value: str) -> str:
    """The text with one more line in its mapping, where it belongs."""
    entries = ENTRY.findall(text)
    block = "\n".join(entries)
    return text.replace(block, "\n".join(sorted([*entries, f'    "{name}": {value},'])), 1)


def _camel(name: str) -> str:
    return "".join(part.title() for part in name.split("_"))
