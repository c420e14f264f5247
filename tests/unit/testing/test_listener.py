"""The ear for sessions."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence

import pytest

from ingestd.errors import Disconnected
from ingestd.model import WHOLE, Decoded, Frame, Gap, Scope
from ingestd.testing.listener import Listener


class Echo:
    """A decoder that says a gap for every frame."""

    counts: Mapping[str, int] = {}

    def __call__(self, frame: Frame) -> Iterable[Decoded]:
        """Its payload as the reason."""
        return [Gap(WHOLE, frame.payload.decode())]

    def broken(self, reason: str, frame: Frame | None = None) -> Iterable[Decoded]:
        """Never asked."""
        return []


class Two:
    """A session of two reads."""

    def __init__(self) -> None:
        self.reads = [[Frame("s", "data", 1, b"1", "t1")], [Frame("s", "data", 2, b"22", "t2", meta={"oversize": "9"})]]

    async def read(self) -> Sequence[Frame]:
        """The next, until the end."""
        if not self.reads:
            raise Disconnected("closed")
        return self.reads.pop(0)

    async def renew(self, scope: Scope) -> None:
        """Never asked."""


async def test_it_reads_until_it_has_enough() -> None:
    """And decodes what is whole."""
    listener = Listener(Echo(), int)
    session = Two()
    await listener.until(session, lambda ear: ear.heard(1))
    assert (listener.token, listener.heard(2)) == ("t1", False)
    await listener.until(session, lambda ear: ear.heard(20))
    assert (listener.token, listener.updates) == ("t2", [Gap(WHOLE, "1")])
    with pytest.raises(Disconnected):
        await listener.until(session, lambda _: False)


async def test_it_is_not_patient_for_ever() -> None:
    """A test that waits for what never comes fails."""
    with pytest.raises(TimeoutError):
        await Listener(Echo(), lambda _: None, patience=0.01).until(Silent(), lambda _: False)


class Silent(Two):
    """A session that says nothing."""

    async def read(self) -> Sequence[Frame]:
        """Never."""
        await asyncio.Event().wait()
        return []
