"""What recorded payloads come to."""

from collections import Counter
from pathlib import Path

import pytest

from ingestd.app import prove
from ingestd.errors import ConfigError
from ingestd.sources import FEEDS
from ingestd.sources.kind import FeedKind

MAPPING = {
    "format": "csv",
    "shared": {"bookmaker": {"const": "Book"}, "event": {"const": "e"}, "market_id": {"const": "m"}, "market": {"const": "outright"}},
    "walk": [{"each": "doc", "as": "row", "quotes": [{"key": ["row.id"], "outcome": "row.name", "price": "row.price"}]}],
}


def kind(**over: object) -> FeedKind:
    """A source that reads a CSV of prices."""
    mapped = FEEDS["mapped"]
    return mapped.configured(mapped.options.model_validate({"mapping": {**MAPPING, **over}, "files": {"paths": ["x"]}}))


def csv(folder: Path, *rows: str) -> Path:
    """A file of these rows."""
    path = folder / "a.csv"
    path.write_text("\n".join(("id,name,price", *rows)))
    return path


def test_a_good_sample(tmp_path: Path) -> None:
    """Says what it would be."""
    proof = prove(kind(), "src", csv(tmp_path, "1,A,2.5", "2,B,3"))
    assert (proof.frames, proof.counts, proof.rejects, proof.clashes) == (1, Counter(Quote=2), [], [])
    assert [quote.price for quote in proof.quotes] == [2.5, 3.0]


def test_what_is_refused_by_decoder_or_stages(tmp_path: Path) -> None:
    """A price below 1 can be read, and is refused all the same."""
    proof = prove(kind(), "src", csv(tmp_path, "1,A,x", "2,B,0.5", "3,C,2"))
    assert [(reject.stage, reject.path) for reject in proof.rejects] == [("decode", "[0]:quotes[0]"), ("validate", "")]
    assert proof.counts == Counter(Quote=1)


def test_what_cannot_be_read_at_all(tmp_path: Path) -> None:
    """Is one refusal; a file that is not there is told as such."""
    assert [reject.category for reject in prove(kind(format="xml"), "src", csv(tmp_path)).rejects] == ["format"]
    with pytest.raises(ConfigError, match="no such file"):
        prove(kind(), "src", tmp_path / "nope.csv")


def test_a_sample_that_says_nothing(tmp_path: Path) -> None:
    """Proves nothing."""
    proof = prove(kind(), "src", csv(tmp_path))
    assert (proof.counts, proof.rejects) == (Counter(), [])


def test_one_name_for_two_prices(tmp_path: Path) -> None:
    """Is a key that lacks something; told twice alike it is only told twice."""
    (first, second), *_ = prove(kind(), "src", csv(tmp_path, "1,A,2.5", "1,B,3")).clashes
    assert (first.price, second.price) == (2.5, 3.0)
    assert prove(kind(), "src", csv(tmp_path, "1,A,2.5", "1,A,2.5")).clashes == []
