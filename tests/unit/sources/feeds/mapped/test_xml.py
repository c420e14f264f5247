"""XML as plain values."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestd.errors import Malformed
from ingestd.sources.feeds.mapped import xml


def test_one_rule() -> None:
    """Attributes with @, text as #text, children always in lists."""
    document = b"\xef\xbb\xbf<?xml version='1.0'?>\n<a x='1'> hi <b/><c>2</c><b y='3'/></a>\n"
    assert xml.parse(document) == {"a": {"@x": "1", "b": [{}, {"@y": "3"}], "c": [{"#text": "2"}], "#text": "hi"}}


@pytest.mark.parametrize(
    ("document", "category"),
    [
        (b"<!DOCTYPE a><a/>", "dtd"),
        (b"<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>", "dtd"),
        (b"<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>", "dtd"),
        (b"<a>&x;</a>", "format"),
        (b"<a>", "format"),
        (b"", "format"),
        (b"<a x='1' x='2'/>", "format"),
        (b"<?xml version='1.0' encoding='nope'?><a/>", "format"),
        (b"<a>\xff</a>", "format"),
        (b"<a>" * 100, "oversize"),
    ],
)
def test_what_is_refused(document: bytes, category: str) -> None:
    """By what is wrong with it; nothing outside the document is read, and nothing is expanded."""
    with pytest.raises(Malformed) as caught:
        xml.parse(document)
    assert caught.value.category == category


def test_too_many_elements(monkeypatch: pytest.MonkeyPatch) -> None:
    """A small document may stand for a lot of memory."""
    monkeypatch.setattr(xml, "MOST", 10)
    assert xml.parse(b"<a>" + b"<b/>" * 9 + b"</a>")
    with pytest.raises(Malformed, match="more than 10"):
        xml.parse(b"<a>" + b"<b c='1'/>" * 5 + b"</a>")


@given(st.binary(max_size=200) | st.text(alphabet="<>a/=' &;!?-[]", max_size=80).map(str.encode))
def test_nothing_but_malformed(document: bytes) -> None:
    """Whatever comes."""
    try:
        xml.parse(document)
    except Malformed:
        return
