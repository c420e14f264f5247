"""What no database can hold is found before it is sent."""

from collections.abc import Awaitable, Callable

import pytest

from ingestd.interfaces import Store
from ingestd.store.checks import WORDS, storable, unstorable
from ingestd.testing.batches import T0, World

Rows = Callable[[str], Awaitable[list[tuple[object, ...]]]]


async def test_poison_of_every_kind_stands_alone(store: Store, world: World, rows: Rows) -> None:
    """NUL, lone surrogates, too big, not finite, out of time: one word for each, the same in both databases."""
    await world.begin(store)
    poison: dict[str, dict[str, object]] = {
        "surrogate": {"status": "\ud800"},
        "nul": {"result": "\0"},
        "word": {"own_status": "closed"},
        "seq": {"seq": 1 << 31},
        "offset": {"offset": 1 << 63},
        "nan": {"price": float("nan")},
        "inf": {"size": float("inf")},
        "year": {"changed_at": 1 << 62},
        "early": {"received_at": -(1 << 57)},
    }
    batch = world.batch()
    fine = world.selection("fine")
    told = {name: world.selection(name) for name in poison}
    world.tell(batch, fine, *told.values())
    batch.changes = [world.change(fine, T0), *(world.change(told[name], T0, **more) for name, more in poison.items())]  # type: ignore[arg-type] # poison
    written = await store.write(batch)
    words = {told_name: refusal.error for told_name, said in told.items() for refusal in written.refused if refusal.key == (said.id,)}
    assert words == {
        "surrogate": "text",
        "nul": "text",
        "word": "text",
        "seq": "overflow",
        "offset": "overflow",
        "nan": "not_finite",
        "inf": "not_finite",
        "year": "time",
        "early": "time",
    }
    assert await rows("SELECT price FROM odds") == [(2.0,)]
    assert len(await rows("SELECT 1 FROM quarantine WHERE category = 'store'")) == len(poison)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (("é", 1, None, 1.5), ""),
        (("a\0",), "text"),
        (("\udc80",), "text"),
        ((1 << 63,), "overflow"),
        ((-(1 << 63),), ""),
        ((float("inf"),), "not_finite"),
    ],
)
def test_unstorable(row: tuple[object, ...], reason: str) -> None:
    """One word for each reason."""
    assert unstorable(row, ()) == reason


def test_unstorable_times() -> None:
    """Only the columns that hold times are asked for a time."""
    assert unstorable((1 << 60, None), (1,)) == ""
    assert unstorable((None, 1 << 60), (1,)) == "time"


def test_storable_text_is_text() -> None:
    """Written out, so that both databases take it."""
    assert storable("plain é") == "plain é"
    assert storable("a\0b\ud800c") == "a\\x00b\\ud800c"


def test_every_combination_of_words_has_its_own_number() -> None:
    """Within int2, and none twice."""
    assert sorted(WORDS.values()) == list(range(5 * 5 * 6 * 3))
