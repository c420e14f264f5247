"""A mapped source that reads files as they come into folders."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Literal

import msgspec

from ingestd.interfaces import Clock
from ingestd.model import Frame, Scope
from ingestd.sources.feeds.mapped.options import FilesOptions
from ingestd.sources.kind import FeedContext
from ingestd.sources.transports.files.folder import FilePiece, Folder


class Watching:
    """Opens sessions; see ``interfaces.Feed.connect``."""

    def __init__(self, options: FilesOptions, context: FeedContext, unit: Literal["line", "document"]) -> None:
        self._options = options
        self._context = context
        self._unit: Literal["line", "document"] = unit

    @asynccontextmanager
    async def connect(self, resume: str) -> AsyncIterator["WatchingSession"]:
        """From where ``resume`` says on."""
        folder = self._folder(resume)
        try:
            yield WatchingSession(folder, self._context.name, self._context.clock, resumed=bool(resume), whole=self._unit == "document")
        finally:
            await folder.close()

    def _folder(self, resume: str) -> Folder:
        paths, clock, poll = self._options.paths, self._context.clock, self._options.poll
        try:
            return Folder(paths, self._unit, clock, poll=poll, resume=resume)
        except msgspec.DecodeError:
            # another transport's token: this source was configured anew
            return Folder(paths, self._unit, clock, poll=poll)


class WatchingSession:
    """Frames of files, oldest file first. A document begins an epoch, and so does the first line of a file."""

    def __init__(self, folder: Folder, name: str, clock: Clock, *, resumed: bool, whole: bool) -> None:
        self._folder = folder
        self._name = name
        self._clock = clock
        self._whole = whole
        self._token = folder.token
        meta = {"resumed": "replay"} if resumed else {}
        self._ready = [Frame(name, "opened", clock.now(), token=self._token, epoch=not resumed, meta=meta)]

    async def read(self) -> Sequence[Frame]:
        """What is new; nothing after a look that found nothing. Raises Disconnected."""
        if self._ready:
            ready, self._ready = self._ready, []
            return ready
        pieces = await self._folder.read()
        frames = [self._frame(piece) for piece in pieces]
        self._token = self._folder.token
        if frames:
            frames[-1].token = self._token
        return frames

    async def renew(self, scope: Scope) -> None:
        """Files hold what they hold."""

    def _frame(self, found: FilePiece) -> Frame:
        piece = found.piece
        meta = {"path": Path(found.path).name, "modified": str(found.modified_at)}
        if piece.unreadable:
            meta["unreadable"] = piece.unreadable
        elif piece.oversize:
            meta["oversize"] = str(piece.oversize)
        else:
            meta["whole"] = "1"
        # a token holds once everything before it is durable: until the last piece of a look it is that of the look before
        return Frame(self._name, "data", self._clock.now(), piece.payload, self._token, epoch=self._whole or found.first, meta=meta)
