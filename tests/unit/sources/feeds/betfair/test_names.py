"""Answers of the catalogue."""

import pytest

from ingestd.errors import Malformed
from ingestd.sources.feeds.betfair.names import read_names
from ingestd.sources.feeds.betfair.words import Names

ENTRY = (
    b'{"marketId":"1.5","marketName":"Match Odds","runners":[{"selectionId":1,"runnerName":"A","handicap":0.0,"sortPriority":1},'
    b'{"selectionId":2,"runnerName":"B","handicap":-0.5}],"eventType":{"id":"1","name":"Soccer"},'
    b'"competition":{"id":"7","name":"League"},"event":{"id":"9","name":"A v B"}}'
)
NAMES = Names(event_id="9", event="A v B", sport="Soccer", league="League", runners={(1, 0.0): "A", (2, -0.5): "B"})


@pytest.mark.parametrize("payload", [b"[" + ENTRY + b"]", b' {"jsonrpc":"2.0","result":[' + ENTRY + b'],"id":1}'])
def test_both_forms_of_an_answer(payload: bytes) -> None:
    """REST and JSON-RPC."""
    assert read_names(payload) == ({"1.5": NAMES}, [])


def test_a_bad_entry_leaves_its_neighbours() -> None:
    """It is rejected by its place."""
    names, rejects = read_names(b'[{"marketId":7},' + ENTRY + b',{"marketId":"1.6"}]')
    assert (names, [reject.path for reject in rejects]) == ({"1.5": NAMES, "1.6": Names()}, ["[0]"])


@pytest.mark.parametrize("payload", [b"", b"<html>", b'{"faultcode":"Client"}', b'"text"'])
def test_no_answer_is_malformed(payload: bytes) -> None:
    """As a whole."""
    with pytest.raises(Malformed):
        read_names(payload)
