"""What the frames of a source say of its present, gathered from summaries, newest first."""

from ingestd.journal.codec import NO_TAIL, Told, follow
from ingestd.journal.reader import Reader
from ingestd.model import Lost, SourceTail


def find_tail(reader: Reader, source: str, upto: int) -> SourceTail:
    """The tail of a source at position ``upto``. Raises LiveDamaged."""
    rows: list[tuple[int, Told]] = []
    for first, one in reader.told_backward(source, upto):
        rows.append((first, one))
        if one.epochs:
            break
    tail = NO_TAIL
    for first, one in reversed(rows):
        tail = follow(tail, one, first)
    return tail


def find_epoch(reader: Reader, source: str, position: int) -> int:
    """Position of the last frame of a source up to ``position`` that began an epoch; 0 if none. Raises LiveDamaged."""
    for first, one in reader.told_backward(source, position):
        for index, _, _ in reversed(one.epochs):
            if first + index <= position:
                return first + index
    return 0


def find_damage(reader: Reader, after: int, upto: int) -> list[Lost]:
    """Everything between two positions that is lost, by reading all of it. Raises LiveDamaged."""
    return [piece for piece in reader.pieces(after, upto) if isinstance(piece, Lost)]


def resumable(tail: SourceTail, source: str, damage: list[Lost]) -> bool:
    """Whether nothing of the current epoch may be missing: a decoder without it could not go on where the token stands."""
    return not any(lost.last >= tail.epoch and (not lost.sources or source in lost.sources) for lost in damage)
