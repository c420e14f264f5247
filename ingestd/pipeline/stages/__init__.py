"""The stages between decoder and book, in the order they are applied."""

from ingestd.interfaces import Stage
from ingestd.pipeline.stages.normalise import normalise
from ingestd.pipeline.stages.validate import validate


def stages() -> tuple[Stage, ...]:
    """The tuple that every update passes through, left to right."""
    return (normalise, validate)
