"""A new feed is written whole or not at all. What is written works: ``tests/integration/test_scaffold.py``."""

import shutil
from importlib.resources import files
from pathlib import Path

import pytest

from ingestd.cli import sources
from ingestd.errors import ConfigError

ROOT = Path(__file__).parents[3]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """As much of one as is looked at."""
    for path in (sources.FEEDS, sources.EMULATORS, sources.PROVIDERS):
        (tmp_path / path).parent.mkdir(parents=True)
        shutil.copy(ROOT / path, tmp_path / path)
    return tmp_path


def test_it_writes_every_file_and_all_lines(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And says which, what to type now, and what is left to do by hand."""
    sources.new("my_book", checkout)
    written = {str(path.relative_to(checkout)) for path in checkout.rglob("*") if path.is_file()}
    assert written == {target.format(name="my_book") for target in sources.TEMPLATES.values()} | {
        str(sources.FEEDS),
        str(sources.EMULATORS),
        str(sources.PROVIDERS),
    }
    said = capsys.readouterr().out
    assert [name for name in written if name not in said] == []
    assert [word for word in ("make test", "make check", "README.md", "CHANGELOG.md") if word not in said] == []
    text = "".join(path.read_text() for path in checkout.rglob("*") if path.is_file() and "my_book" in path.name)
    assert [word for word in ("example_feed", "ExampleFeed", "EXAMPLE_FEED", "Example Feed") if word in text] == []


@pytest.mark.parametrize("path", [sources.FEEDS, sources.EMULATORS, sources.PROVIDERS], ids=str)
def test_lines_stand_in_their_order(checkout: Path, path: Path) -> None:
    """Imports and entries, whether the name comes first, in between or last, again and again, however long the line gets."""
    for name in ("zz_last", "aa_first", "middle_one", "another_with_a_long_name", "yet_another_long_name_xx"):
        sources.new(name, checkout)
    text = (checkout / path).read_text()
    entries = [line.split('"')[1] for line in text.splitlines() if line.startswith('    "')]
    assert entries == sorted(entries)
    assert {"zz_last", "aa_first", "middle_one"} <= set(entries)
    assert max(map(len, text.splitlines())) <= sources.LONGEST
    compile(text, str(path), "exec")


@pytest.mark.parametrize("name", ["", "x", "Book", "my-book", "1book", "class", "b" * 25, "../book"])
def test_a_name_that_is_none(checkout: Path, name: str) -> None:
    """What names no module is refused, and says what does."""
    with pytest.raises(ConfigError, match="names no module; write small letters"):
        sources.new(name, checkout)


@pytest.mark.parametrize("there", ["ingestd/sources/feeds/book.py", "ingestd/sources/feeds/book/feed.py", "docs/feeds/book.md"])
def test_a_name_that_is_taken(checkout: Path, there: str) -> None:
    """Nothing is overwritten, nothing else is written."""
    (checkout / there).parent.mkdir(parents=True, exist_ok=True)
    (checkout / there).write_text("mine")
    before = {path: path.read_bytes() for path in checkout.rglob("*") if path.is_file()}
    with pytest.raises(ConfigError, match="'book' is taken: "):
        sources.new("book", checkout)
    assert {path: path.read_bytes() for path in checkout.rglob("*") if path.is_file()} == before


def test_elsewhere(tmp_path: Path) -> None:
    """It writes into a checkout, not into just any folder."""
    with pytest.raises(ConfigError, match="no checkout of ingestd"):
        sources.new("book", tmp_path)


def test_no_template_is_forgotten() -> None:
    """Each file among the templates is written."""
    there = {path.name.removesuffix(".txt") for path in files("ingestd.cli").joinpath("templates").iterdir()}
    assert there == set(sources.TEMPLATES)
