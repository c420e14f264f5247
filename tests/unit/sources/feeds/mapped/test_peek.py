"""What a transport sees of documents."""

from ingestd.sources.feeds.mapped.documents import Dialect, reader
from ingestd.sources.feeds.mapped.paths import Path
from ingestd.sources.feeds.mapped.peek import Peek, Whole

PEEK = Peek(reader("json", Dialect()))


def test_peeking() -> None:
    """What is there; what cannot be read shows nothing."""
    assert PEEK.at(b'{"a": 1}', Path("doc.a")) == 1
    assert PEEK.at(b"{", Path("doc.a")) is None
    assert PEEK.at(b"{}", Path("max_by(doc, &a)")) is None
    assert PEEK.holds(b'{"a": 0}', Path("doc.a"))
    assert not PEEK.holds(b'{"a": 0}', None)
    assert not PEEK.readable(b"{")


def test_whole() -> None:
    """Once: the first document, or the one that says so; never after one that could not be read, until all is told again."""
    first = Whole(PEEK, None, resumed=False)
    assert [first.meta(b"{}"), first.meta(b"{}")] == [{"whole": "1"}, {}]
    assert Whole(PEEK, None, resumed=True).meta(b"{}") == {}
    said = Whole(PEEK, "doc.ready", resumed=False)
    assert [said.meta(payload) for payload in (b"{}", b'{"ready": true}', b'{"ready": true}')] == [{}, {"whole": "1"}, {}]
    broken = Whole(PEEK, "doc.ready", resumed=False)
    assert [broken.meta(payload) for payload in (b"{", b'{"ready": true}')] == [{}, {}]
    broken.again()
    assert broken.meta(b'{"ready": true}') == {"whole": "1"}
