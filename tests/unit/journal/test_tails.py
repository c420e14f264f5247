"""What the frames of a source say of its present, kept or found again."""

import pytest

from ingestd.journal import tails
from ingestd.journal.codec import Told, follow
from ingestd.journal.limits import JournalLimits
from ingestd.model import Frame, Lost, SourceTail
from tests.unit.journal.conftest import Journals


class TestTails:
    """What the frames of a source say of its present."""

    async def both(self, journals: Journals, frames: list[list[Frame]], source: str) -> list[object]:
        """The tail as kept while appending, and as found after a restart: token, epoch, bytes since, ordinal."""
        found = []
        async with journals.entered() as journal:
            for group in frames:
                await journal.append(group)
            found.append(await journal.tail_of(source))
        async with journals.entered() as journal:
            found.append(await journal.tail_of(source))
        assert found[0] == found[1]
        return [found[0].token, found[0].epoch, found[0].epoch_bytes, found[0].ordinal]

    async def test_several_sources(self, journals: Journals) -> None:
        """Each source has its own; the newest token counts, wherever it stands."""
        opened = journals.make("a", "opened", epoch=True, size=0)
        groups = [
            [opened, journals.make("b", "opened", epoch=True, token="b0", size=10)],
            [journals.make("a", token="a1", size=7), journals.make("b", size=5)],
            [journals.make("b", token="b1", size=5), journals.make("a", size=3)],
            [journals.make("a", "closed", size=0)],
        ]
        async with journals.entered() as journal:
            for group in groups:
                await journal.append(group)
        async with journals.entered() as journal:
            a, b, c = [await journal.tail_of(source) for source in "abc"]
            epochs = [await journal.epoch_at("a", position) for position in (0, 1, 99)]
        assert (a.token, a.epoch, a.epoch_at, a.epoch_bytes, a.ordinal) == ("a1", 1, opened.received_at, 10, 4)
        assert (b.token, b.epoch, b.epoch_bytes, b.ordinal) == ("b1", 2, 20, 3)
        assert a.received_at == groups[-1][0].received_at
        assert (c.token, c.epoch, c.ordinal, c.received_at) == ("", 0, 0, 0)
        assert epochs == [0, 1, 1]

    async def test_an_epoch_without_token_forgets_the_old_one(self, journals: Journals) -> None:
        """A fresh session must not resume with the token of the one before."""
        groups = [
            [journals.make("a", "opened", epoch=True, token="old")],
            [journals.make(token="older")],
            [journals.make("a", "opened", epoch=True, size=4), journals.make(size=2)],
        ]
        assert await self.both(journals, groups, "a") == ["", 3, 6, 4]

    async def test_then_a_token_comes(self, journals: Journals) -> None:
        """From then on it may."""
        groups = [
            [journals.make(token="old")],
            [journals.make("a", "opened", epoch=True, size=4)],
            [journals.make(size=1), journals.make(token="new", size=2)],
        ]
        assert await self.both(journals, groups, "a") == ["new", 2, 7, 4]

    async def test_an_epoch_with_its_token_in_one_group(self, journals: Journals) -> None:
        """Order inside a group counts: a token before the epoch is of the past."""
        groups = [
            [
                journals.make(token="old"),
                journals.make(epoch=True, size=3),
                journals.make(size=1),
                journals.make(epoch=True, token="t", size=5),
                journals.make(size=1),
            ]
        ]
        assert await self.both(journals, groups, "a") == ["t", 4, 6, 5]

    async def test_epoch_of_a_position(self, journals: Journals) -> None:
        """The epoch that holds a position, also when several begin in one group, over restarts and other sources."""
        async with journals.entered(limits=JournalLimits(reserve=0, segment_bytes=1)) as journal:
            for group in (
                [journals.make()],
                [journals.make(epoch=True), journals.make(), journals.make(epoch=True), journals.make()],
                [journals.make("b", epoch=True)],
                [journals.make()],
                [journals.make(epoch=True)],
            ):
                await journal.append(group)
        async with journals.entered() as journal:
            epochs = [await journal.epoch_at("a", position) for position in (1, 2, 3, 4, 5, 6, 7, 8, 1 << 30)]
        assert epochs == [0, 2, 2, 4, 4, 4, 4, 8, 8]

    async def test_nothing_is_resumed_over_a_loss(self, journals: Journals) -> None:
        """A lost stretch inside the epoch takes the token; one before it does not; a new epoch gives it back."""
        async with journals.entered() as journal:
            await journal.append([journals.make("a", "opened", epoch=True, token="1")])
        async with journals.entered() as journal:
            gone = await journal.append([journals.make(token="2")])
        async with journals.entered() as journal:
            await journal.append([journals.make(token="3"), journals.make("b", "opened", epoch=True, token="b")])
        (journal.path / f"{gone:020d}.segment").unlink()
        async with journals.entered() as journal:
            tokens = [(await journal.tail_of(source)).token for source in ("a", "b")]
            await journal.append([journals.make("a", "opened", epoch=True, token="4")])
            later = (await journal.tail_of("a")).token
        assert tokens == ["", "b"]
        assert later == "4"

    async def test_only_the_last_epoch_is_looked_at(self, journals: Journals, monkeypatch: pytest.MonkeyPatch) -> None:
        """Finding a tail costs what the epoch is long, not what the journal is."""
        async with journals.entered() as journal:
            for _ in range(30):
                await journal.append([journals.make(epoch=True, token="t")])
        seen = []

        def counting(tail: SourceTail, one: Told, first: int) -> SourceTail:
            seen.append(first)
            return follow(tail, one, first)

        monkeypatch.setattr(tails, "follow", counting)
        async with journals.entered() as journal:
            tail = await journal.tail_of("a")
        assert (tail.epoch, seen) == (30, [30])


@pytest.mark.parametrize(
    ("lost", "expected"),
    [
        (Lost(1, 9, (), "x"), True),
        (Lost(1, 10, (), "x"), False),
        (Lost(20, 30, (), "x"), False),
        (Lost(20, 30, ("b",), "x"), True),
        (Lost(20, 30, ("b", "a"), "x"), False),
    ],
)
def test_resumable(lost: Lost, expected: bool) -> None:
    """What is lost before the epoch, or of others only, does no harm; what may be one's own does."""
    assert tails.resumable(SourceTail(token="t", epoch=10), "a", [lost]) == expected
