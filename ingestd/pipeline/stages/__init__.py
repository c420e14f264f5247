"""The stages between decoder and book, in the order they are applied."""

from ingestd.interfaces import Stage
from ingestd.pipeline.catalogue import Catalogue
from ingestd.pipeline.stages.normalise import normalise
from ingestd.pipeline.stages.resolve import Resolve
from ingestd.pipeline.stages.validate import validate


def stages(source: str, catalogue: Catalogue) -> tuple[Stage, ...]:
    """The tuple that every update of a source passes through, left to right."""
    return (normalise, validate, Resolve(source, catalogue))
