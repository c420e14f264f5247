"""The decoder of one source in one run: frames to updates, what follows from missing frames, and bugs contained."""

import traceback
from collections import Counter
from collections.abc import Iterable
from typing import Final

from ingestd.errors import Malformed
from ingestd.interfaces import Decoder, Feed
from ingestd.model import WHOLE, Complete, Decoded, Frame, Gap, Reject, Scope

BUGS: Final = 3
"""Frames in a row with a bug before a source is parked."""


class Reader:
    """Pure and synchronous. It may read ahead of what the book has taken in."""

    def __init__(self, feed: Feed, ordinal: int = 0) -> None:
        """``ordinal``: of the last frame of the source that was loaded (0: none)."""
        self._feed = feed
        self._decoder: Decoder = feed.decoder()
        self._native: Counter[str] = Counter()
        self._ordinal = ordinal
        self._owed: dict[Scope, Decoded] = {}
        self._bugs = 0
        self.failing = False
        """Whether bugs went on for so long that the source is to be parked."""

    @property
    def native(self) -> dict[str, int]:
        """The provider's own units seen so far."""
        return dict(self._native + Counter(self._decoder.counts))

    def begin(self, epoch: int) -> None:
        """The decoder's epoch begins at this position of the journal (0: where it began is gone, and with it what the decoder knew)."""
        if not epoch and self._ordinal:
            self._owe(self._broken("epoch_lost"))

    def decode(self, frame: Frame) -> list[Decoded]:
        """What a frame says. One that cannot be decoded is one Reject; missing ones before it, and itself, entail gaps."""
        missing = self._due(frame)
        decoded, bug = self._read(frame)
        if frame.kind != "alive":
            self._bugs = self._bugs + 1 if bug else 0
            self.failing |= self._bugs >= BUGS
        return [*missing, *decoded]

    def rebuild(self, frame: Frame) -> None:
        """A frame already loaded, whose state the decoder needs again; what is missing by now is said with the next frame decoded."""
        if frame.epoch:
            self._owed.clear()
            self._ordinal = frame.ordinal - 1
        self._owe(self._missing(frame))
        for item in self._read(frame)[0]:
            if isinstance(item, Complete):
                self._repaid(item.scope)

    def lost(self) -> None:
        """Frames of the journal are gone; where they were the last ones, no hole in the count will show it. Said with the next frame."""
        self._owe(self._broken("journal_lost"))

    def without(self, frame: Frame, category: str, reason: str) -> list[Decoded]:
        """A frame that nobody may decode: quarantined as it is."""
        missing = self._due(frame)
        self._follow(frame)
        return [*missing, refused(category, reason), *self._broken(category, frame)]

    def _due(self, frame: Frame) -> list[Decoded]:
        missing = self._missing(frame)
        self._owe(missing)
        due = [*self._owed.values(), *(item for item in missing if not isinstance(item, Gap))]
        self._owed.clear()
        return due

    def _missing(self, frame: Frame) -> list[Decoded]:
        """What follows from a hole in the source's count of frames before this one."""
        expected, self._ordinal = self._ordinal + 1, frame.ordinal
        return self._broken("journal_lost") if frame.ordinal != expected else []

    def _owe(self, decoded: Iterable[Decoded]) -> None:
        self._owed.update((item.scope, item) for item in decoded if isinstance(item, Gap))

    def _repaid(self, scope: Scope) -> None:
        if scope == WHOLE:
            self._owed.clear()
        else:
            self._owed.pop(scope, None)

    def _follow(self, frame: Frame) -> None:
        if frame.epoch:
            self._renew()

    def _renew(self) -> None:
        self._native += Counter(self._decoder.counts)
        self._decoder = self._feed.decoder()

    def _read(self, frame: Frame) -> tuple[list[Decoded], bool]:
        """What the decoder says of a frame, and whether it had a bug."""
        self._follow(frame)
        if frame.kind == "alive":
            return [], False
        bug = False
        refusal = _unreadable(frame)
        if refusal is None:
            try:
                return list(self._decoder(frame)), False
            except Malformed as error:
                refusal = "malformed", refused(error.category, error.reason, path=error.path)
            except Exception as error:  # noqa: BLE001 - a bug in a decoder is contained (I5): quarantined, alerted, and the source goes on
                refusal = "bug", refused_bug("decode", error)
                bug = True
        category, reject = refusal
        return [reject, *self._broken(category, frame)], bug

    def _broken(self, reason: str, frame: Frame | None = None) -> list[Decoded]:
        try:
            return list(self._decoder.broken(reason, frame))
        except Exception as error:  # noqa: BLE001 - contained like any other bug in a decoder
            self._renew()
            return [refused_bug("decode", error, path="broken"), Gap(WHOLE, "bug")]


def refused(category: str, reason: str, *, path: str = "") -> Reject:
    """A frame, or a part of it, that could not be decoded."""
    return Reject(stage="decode", category=category, reason=reason, path=path)


def refused_bug(stage: str, error: Exception, *, path: str = "") -> Reject:
    """What our own code could not cope with."""
    stack = "".join(traceback.format_exception(error))
    return Reject(stage=stage, category="bug", reason=f"{type(error).__name__}: {error}", severity="critical", path=path, error=stack)


def _unreadable(frame: Frame) -> tuple[str, Reject] | None:
    for category in ("oversize", "unreadable"):
        if category in frame.meta:
            return category, refused(category, f"payload not readable whole: {frame.meta[category]}")
    return None
