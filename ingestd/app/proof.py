"""What recorded payloads come to by a source's own options, before anything is stored: every stage but the store."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from msgspec import Struct, field

from ingestd.errors import Malformed
from ingestd.interfaces import Decoder, Stage
from ingestd.model import Decoded, Frame, Quote, Reject, Skipped
from ingestd.pipeline.reader import refused
from ingestd.pipeline.stages import stages
from ingestd.sources.kind import FeedKind
from ingestd.sources.transports.files.reading import Reader, check


class Proof(Struct):
    """Of one file: updates by kind, the prices, what was refused, and which names stand for two prices at once."""

    path: Path
    frames: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    quotes: list[Quote] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)
    clashes: list[tuple[Quote, Quote]] = field(default_factory=list)


def prove(kind: FeedKind, source: str, path: Path) -> Proof:
    """Read a file as ``load`` would, and keep what it says. Raises ConfigError where it cannot be read."""
    check(path)
    proof = Proof(path)
    decoder = kind.decoder(source)
    judges = stages()
    reader = Reader(path, kind.unit)
    try:
        while not reader.finished:
            for piece in reader.batch():
                proof.frames += 1
                frame = Frame(source, "data", reader.stat.st_mtime_ns // 1_000, piece.payload)
                _take(proof, [_judged(judges, one, frame.received_at) for one in _decoded(decoder, frame)])
    finally:
        reader.close()
    return proof


def _decoded(decoder: Decoder, frame: Frame) -> list[Decoded]:
    try:
        return list(decoder(frame))
    except Malformed as error:
        return [refused(error.category, error.reason, path=error.path)]


def _judged(judges: Iterable[Stage], one: Decoded, at: int) -> Decoded:
    for judge in judges:
        if isinstance(one, Skipped | Reject):
            break
        one = judge(one, at)
    return one


def _take(proof: Proof, said: Iterable[Decoded]) -> None:
    """What one frame says."""
    names: dict[int, Quote] = {}
    for one in said:
        if isinstance(one, Reject):
            proof.rejects.append(one)
        elif not isinstance(one, Skipped):
            proof.counts[type(one).__name__] += 1
        if isinstance(one, Quote):
            proof.quotes.append(one)
            other = names.setdefault(one.selection.id, one)
            if other.changed_at == one.changed_at and (other.selection, other.price) != (one.selection, one.price):
                proof.clashes.append((other, one))
