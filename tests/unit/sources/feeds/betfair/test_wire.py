"""Messages that are partly wrong: what can be read is read, what cannot is named."""

import pytest

from ingestd.errors import Malformed
from ingestd.sources.feeds.betfair.wire import Counts, Problem, read


def test_a_right_message_has_no_problems() -> None:
    """Unknown fields are skipped, absent ones are None."""
    message, counts, problems = read(
        b'{"op":"mcm","pt":5,"new":[1],"mc":[{"id":"1.1","con":true,"rc":[{"id":1,"spn":"NaN","ltp":2}]},{"id":"1.2"}]}'
    )
    assert message.mc is not None
    assert [(change.id, change.rc and change.rc[0].ltp) for change in message.mc] == [("1.1", 2.0), ("1.2", None)]
    assert (counts, problems) == (Counts(2, 1), [])


@pytest.mark.parametrize(
    ("runner", "error"),
    [
        (b'{"id":2,"ltp":1e999}', "Number out of range - at `$.ltp`"),
        (b'{"id":2,"ltp":"NaN"}', "Expected `float | null`, got `str` - at `$.ltp`"),
        (b'{"id":2,"atb":[[1.5,-2]]}', "Expected `float` >= 0.0 - at `$.atb[0][1]`"),
        (b'{"id":2,"batb":[[0,1.5]]}', "Expected `array` of length 3 - at `$.batb[0]`"),
        (b'{"ltp":2}', "Object missing required field `id`"),
        (b"null", "Expected `object`, got `null`"),
    ],
)
def test_one_bad_runner_leaves_its_neighbours(runner: bytes, error: str) -> None:
    """It is named by its path, and counted."""
    message, counts, problems = read(
        b'{"op":"mcm","pt":5,"mc":[{"id":"1.1","rc":[{"id":1,"ltp":3},' + runner + b',{"id":3,"ltp":4}]},{"id":"1.2"}]}'
    )
    assert message.mc is not None
    assert [(change.id, [one.id for one in change.rc or ()]) for change in message.mc] == [("1.1", [1, 3]), ("1.2", [])]
    assert (counts, problems) == (Counts(2, 3), [Problem("1.1", "mc[0].rc[1]", error)])


def test_a_bad_definition_leaves_the_runners() -> None:
    """Of the same market."""
    message, _, problems = read(b'{"op":"mcm","mc":[{"id":"1.1","marketDefinition":{"runners":5},"rc":[{"id":1,"ltp":3}]}]}')
    assert message.mc is not None
    assert (message.mc[0].definition, [one.id for one in message.mc[0].rc or ()]) == (None, [1])
    assert [(problem.market, problem.path) for problem in problems] == [("1.1", "mc[0].marketDefinition")]


def test_a_bad_market_is_known_by_its_id_if_it_has_one() -> None:
    """Otherwise nobody knows which it was."""
    _, counts, problems = read(b'{"op":"mcm","mc":[{"id":"1.1","rc":{}},null,{"rc":[{"id":1}]},{"id":5}]}')
    assert [(problem.market, problem.path) for problem in problems] == [("1.1", "mc[0]"), ("", "mc[1]"), ("", "mc[2]"), ("", "mc[3]")]
    assert counts == Counts(4, 1)


@pytest.mark.parametrize(
    ("payload", "category"),
    [
        (b"", "json"),
        (b"\x00", "json"),
        (b'{"op":"mcm","mc":[', "json"),
        (b'{"op":"mcm"}trailing', "json"),
        (b'{"op":"mcm","x":"\\ud800"}', "json"),
        (b'{"op":"mcm","pt":NaN}', "json"),
        (b'{"op":"mcm","x":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "json"),
        (b"[]", "shape"),
        (b'{"pt":5}', "shape"),
        (b'{"op":"mcm","pt":"now"}', "shape"),
        (b'{"op":"mcm","mc":{}}', "shape"),
    ],
    ids=lambda value: repr(value[:30]),
)
def test_what_cannot_be_told_apart_is_malformed(payload: bytes, category: str) -> None:
    """The whole frame."""
    with pytest.raises(Malformed) as malformed:
        read(payload)
    assert malformed.value.category == category
