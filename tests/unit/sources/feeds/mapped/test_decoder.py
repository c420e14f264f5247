"""Documents to updates."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingestd.errors import Malformed
from ingestd.model import WHOLE, Complete, Fixture, Frame, Gap, MarketStatus, Quote, Reject, Result, Scope, Skipped
from ingestd.sources.feeds.mapped.decoder import record_time
from ingestd.sources.feeds.mapped.documents import Dialect, reader
from ingestd.sources.feeds.mapped.mapping import Mapping
from ingestd.sources.feeds.mapped.program import compiled
from tests.unit.sources.feeds.mapped.conftest import decoded, decoder_of, event, price, small

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["id", "name", "odds", "markets", "prices"]), inner, max_size=4)
    ),
    max_leaves=8,
)


def page(*events: object, **meta: str) -> Frame:
    """A page of a walk."""
    return Frame("src", "data", 1, msgspec.json.encode({"events": events}), meta=meta)


def test_pages_make_one_image() -> None:
    """Complete after the last; the decoder that follows begins anew."""
    decoder = decoder_of(small(image="query"))
    first = list(decoder(page(event(1, price("a", 2)), key="q", more="1")))
    assert not [one for one in first if isinstance(one, Complete)]
    second = list(decoder(page(event(2, price("a", 2)), key="q")))
    assert [(one.scope, len(one.listed)) for one in second if isinstance(one, Complete)] == [(Scope("query", "q"), 2)]
    third = list(decoder(page(event(3, price("a", 2)), key="q")))
    assert [len(one.listed) for one in third if isinstance(one, Complete)] == [1]
    assert decoder.counts == {"documents": 3}


def test_a_page_that_is_missing_leaves_the_image_open() -> None:
    """And is a gap of its query; of everything where there is none."""
    decoder = decoder_of(small(image="query"))
    list(decoder(page(key="q", more="1")))
    assert list(decoder.broken("malformed", page(key="q", more="1"))) == [Gap(Scope("query", "q"), "malformed")]
    assert not [one for one in decoder(page(event(1, price("a", 2)), key="q")) if isinstance(one, Complete)]
    assert list(decoder.broken("journal_lost")) == [Gap(WHOLE, "journal_lost")]


def test_the_query_of_a_file() -> None:
    """Is in the document, or one for all."""
    assert decoded(small(image="query"), {"events": []})[0] == Complete(Scope("query", ""), frozenset())
    named = small(image="query", query="doc.sport")
    assert decoded(named, {"events": [], "sport": 15})[0] == Complete(Scope("query", "15"), frozenset())
    with pytest.raises(Malformed, match="which query"):
        decoded(small(image="query", query={"get": "doc.sport", "missing": "skip"}), {"events": []})


def test_only_documents_speak() -> None:
    """Not what frames a session."""
    assert list(decoder_of(small())(Frame("src", "opened", 1, epoch=True))) == []


def test_everything_that_can_be_said() -> None:
    """A fixture, the state of a market, a price, a result, a withdrawal by name."""
    mapping = small(time_rule="stamped", recorded_at={"get": "doc.at", "format": "s"})
    top = mapping["walk"][0]
    top["fixture"] |= {"home": "event.home", "starts_at": "event.start", "status": {"get": "event.state", "table": {"live": "in_play"}}}
    top["result"] = {"home_score": "event.score", "winner": {"const": "home"}}
    top["walk"][0]["market"] = {"status": {"const": "suspended"}, "changed_at": {"get": "doc.at", "format": "s"}}
    mapping["walk"].append({"each": "doc.gone", "as": "gone", "optional": True, "withdraw": {"market": "gone.market"}})
    live = event(1, price("a", 2)) | {"home": "H", "start": "2026-01-01T00:00:00Z", "state": "live", "score": "3"}
    decoder = decoder_of(mapping)
    payload = msgspec.json.encode({"at": 7, "events": [live], "gone": [{"market": "m1"}, {"market": "m9"}]})
    fixture, market, quote, result, withdrawn, unknown = decoder(Frame("src", "data", 1, payload))
    assert isinstance(fixture, Fixture)
    assert (fixture.home, fixture.status, fixture.starts_at) == ("H", "in_play", 1_767_225_600_000_000)
    assert isinstance(market, MarketStatus)
    assert (market.status, market.changed_at) == ("suspended", 7_000_000)
    assert isinstance(quote, Quote)
    assert isinstance(result, Result)
    assert (result.home_score, result.winner, result.state) == (3, "home", "final")
    assert withdrawn == Quote(quote.selection, None, status="withdrawn")
    assert unknown == Skipped("filtered", "not_offered")
    found = Mapping.model_validate(mapping)
    read = reader("json", Dialect())
    assert record_time(compiled(found, ""), read, payload) == 7_000_000
    assert record_time(compiled(found, ""), read, b"{") is None


@settings(max_examples=300)
@given(document=VALUES | st.builds(lambda value: {"events": value}, VALUES))
def test_nothing_but_rejects(document: object) -> None:
    """Whatever JSON comes: every element becomes updates or a reject with a path."""
    for one in decoded(small(image="query"), document, key="q"):
        assert not isinstance(one, Reject) or one.reason


@given(payload=st.binary(max_size=60))
def test_nothing_but_malformed(payload: bytes) -> None:
    """Whatever bytes come."""
    try:
        decoded(small(), payload)
    except Malformed:
        return
