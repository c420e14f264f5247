"""What ``check`` shows of samples."""

import json
from pathlib import Path

import pytest

from ingestd.cli import check
from ingestd.errors import ConfigError

ROW = {"id": 1, "name": "A", "price": 2.5}


def configured(config: Path, *documents: object) -> None:
    """A mapped source with these samples."""
    names = []
    for number, document in enumerate(documents):
        names.append(f"sample-{number}.json")
        (config.parent / names[-1]).write_text(json.dumps(document))
    shared = {"bookmaker": {"const": "Book"}, "event": {"const": "e"}, "market_id": {"const": "m"}, "market": {"const": "outright"}}
    walk = [{"each": "doc", "as": "row", "quotes": [{"key": ["row.id"], "outcome": "row.name", "price": "row.price"}]}]
    mapping = {"shared": shared, "walk": walk}
    source = {"name": "mine", "feed": "mapped", "files": {"paths": ["in"]}, "samples": names, "mapping": mapping}
    config.write_text(json.dumps({"store": {"url": "sqlite:///odds.db"}, "sources": [source]}))


def test_a_proof_is_shown(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Counts by kind and the first prices, before the configuration is called valid."""
    configured(config, [ROW | {"id": number} for number in range(10)])
    check.check(config, connect=False)
    out = capsys.readouterr().out
    assert "mine: sample-0.json: 10 Quote; 0 rejected" in out
    assert [line.split() for line in out.splitlines() if line.startswith("e ")] == [
        ["e", "Book", "outright", "A", "back", "2.5", "open"]
    ] * 8
    assert "… and 2 more prices" in out
    assert "hint: outcome 'A' is no word of the vocabulary (docs/vocabulary.md)" in out.splitlines()
    assert out.splitlines()[-1] == "configuration is valid; sources: mine (mapped)"


def test_words_that_are_none_of_ours_have_a_hint(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each once, with the word that was perhaps meant; it is no mistake."""
    configured(config, [ROW])
    text = config.read_text().replace('"outright"', '"match_results"')
    config.write_text(text)
    check.check(config, connect=False)
    assert [line for line in capsys.readouterr().out.splitlines() if line.startswith("hint")] == [
        "hint: market 'match_results' is no word of the vocabulary (docs/vocabulary.md); did you mean match_result?"
    ]


def test_what_is_wrong_with_samples_is_told_at_once(config: Path) -> None:
    """Refusals with their paths, silence, keys that lack something, files that are not there."""
    configured(config, [ROW | {"price": "x"}] * 10, [], [ROW, ROW | {"name": "B", "price": 3}], {})
    (config.parent / "sample-3.json").unlink()
    with pytest.raises(ConfigError) as caught:
        check.check(config, connect=False)
    problems = caught.value.problems
    assert problems[0] == "sources[0].samples[0]: sample-0.json: [0]:quotes[0]: number: price: 'x' is no number"
    assert problems[8:] == (
        "sources[0].samples[0]: sample-0.json: … and 2 more rejected",
        "sources[0].samples[1]: sample-1.json: says nothing; does each begin at the right place?",
        "sources[0].samples[2]: sample-2.json: 1|mine|1|back names two prices (A at 2.5 and B at 3); add to key what tells them apart",
        "sources[0].samples[3]: sample-3.json: no such file; check the name and the folder you are in",
    )
