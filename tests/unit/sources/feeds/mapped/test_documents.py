"""Payloads as plain values."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestd.errors import Malformed
from ingestd.sources.feeds.mapped.documents import RAGGED, Dialect, Format, reader

PLAIN = Dialect()


@pytest.mark.parametrize(
    ("form", "payload", "document"),
    [
        ("json", b'{"a": [1, null]}', {"a": [1, None]}),
        ("jsonl", b"[1]", [1]),
        ("xml", b"<a/>", {"a": {}}),
        ("csv", b"\xef\xbb\xbfid, name ,\r\n1, A ,\r\n\r\n2,,\r\n", [{"id": "1", "name": "A"}, {"id": "2"}]),
        ("csv", b"", []),
    ],
)
def test_documents(form: Format, payload: bytes, document: object) -> None:
    """Of each format; of a CSV a list of rows by the names of its header, without blank cells, rows and columns that have no name."""
    assert reader(form, PLAIN)(payload) == document


def test_a_csv_of_other_customs() -> None:
    """Another delimiter, another encoding."""
    assert reader("csv", Dialect(";", "cp1252"))("a;b\n1,5;é\n".encode("cp1252")) == [{"a": "1,5", "b": "é"}]


def test_a_ragged_row() -> None:
    """Says so of itself, so that a mapping can look."""
    assert reader("csv", PLAIN)(b"a,b\n1\n1,2,3\n") == [{"a": "1", RAGGED: "1"}, {"a": "1", "b": "2", RAGGED: "3"}]


@pytest.mark.parametrize(
    ("form", "payload"),
    [
        ("json", b"<html>"),
        ("json", b"NaN"),
        ("json", b'{"a": 1e999}'),
        ("json", b'"\\ud800"'),
        ("json", b"[" * 100_000),
        ("csv", b"a,a\n1,2\n"),
        ("csv", b"a\n\xff\n"),
        ("csv", b'a\n"' + b"x" * 200_000),
        ("csv", b'a\n"1"2\n'),
    ],
)
def test_what_cannot_be_read(form: Format, payload: bytes) -> None:
    """Is Malformed as a whole: a cell that does not end, a nesting without end, an encoding that is another."""
    with pytest.raises(Malformed):
        reader(form, PLAIN)(payload)


@given(form=st.sampled_from(["json", "csv", "xml"]), payload=st.binary(max_size=100))
def test_nothing_but_malformed(form: Format, payload: bytes) -> None:
    """Whatever comes."""
    try:
        reader(form, PLAIN)(payload)
    except Malformed:
        return
