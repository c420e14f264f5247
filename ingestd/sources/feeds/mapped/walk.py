"""One document on its way through a program: where the walk stands, what was said so far, which images are under way."""

from collections.abc import Callable, Iterable

from msgspec import Struct, field

from ingestd.model import ON_OFFER, Complete, Decoded, MarketStatus, Reject, Scope, Skipped
from ingestd.sources.feeds.mapped.cells import Left, Place
from ingestd.sources.feeds.mapped.documents import RAGGED
from ingestd.sources.feeds.mapped.makers import Offers, QuoteMaker
from ingestd.sources.feeds.mapped.paths import Unmapped, holds, shown
from ingestd.sources.feeds.mapped.program import ImageMaker, Step


class Image(Struct):
    """What a scope lists, as far as it was walked.

    ``sure``: everything in it could be named. Where something could not, nobody can tell what is no longer listed: nothing is withdrawn.
    """

    scope: Scope
    changed_at: int | None = None
    listed: set[int] = field(default_factory=set)
    sure: bool = True

    def close(self) -> Iterable[Decoded]:
        """It was walked whole."""
        if self.sure:
            yield Complete(self.scope, frozenset(self.listed), self.changed_at)


class Walk:
    """Goes through the steps; ``out`` is what they say. ``images``: those that the document is a part of.

    ``ragged``: rows that do not fit their header are taken as they are.
    """

    def __init__(self, place: Place, images: list[Image], offers: Offers | None, *, ragged: bool) -> None:
        self.out: list[Decoded] = []
        self.opening: list[Decoded] = []
        """States of markets that open, until everything is said that holds at the same time: no price of before may look alive."""
        self.elements = 0
        self._place = place
        self._images = images
        self._offers = offers
        self._left = 0
        self._ragged = ragged

    def run(self, steps: Iterable[Step]) -> None:
        """Everything that the document says."""
        self._steps(steps)
        if self._left:
            self.out.append(Skipped("filtered", "left_out", self._left))

    def _steps(self, steps: Iterable[Step]) -> None:
        for step in steps:
            try:
                elements = _elements(step, self._place)
            except Unmapped as error:
                self._reject(error, step.label)
                self._unsure()
                continue
            for index, element in enumerate(elements) if isinstance(elements, list) else ((None, elements),):
                self._place.enter(step.depth, step.name, element)
                self._place.trail.append((step.label, index))
                self._element(step, element)
                self._place.trail.pop()

    def _element(self, step: Step, element: object) -> None:
        try:
            if not self._ragged:
                _fits(element)
            if step.where is not None and not holds(step.where.find(self._place.levels)):
                return
            image = None if step.image is None else _begun(step.image, self._place)
        except Unmapped as error:
            self._reject(error)
            self._unsure()
            return
        except Left:
            self._left += 1
            return
        self.elements += 1
        if image is None:
            self._inside(step)
        else:
            self._images.append(image)
            self._inside(step)
            self._images.pop()
            self.out.extend(image.close())
        if not self._images:
            self.open()

    def open(self) -> None:
        """What opens, opens last."""
        self.out.extend(self.opening)
        self.opening.clear()

    def _inside(self, step: Step) -> None:
        if step.fixture is not None:
            self._say(step.fixture.make, "fixture")
        if step.market is not None:
            self._say(step.market.make, "market")
        for index, quote in enumerate(step.quotes):
            self._quote(quote, index)
        if step.withdraw is not None:
            self._withdraw(step)
        self._steps(step.steps)
        if step.result is not None:
            self._say(step.result.make, "result")

    def _say(self, make: Callable[[Place], Decoded], part: str) -> None:
        try:
            said = make(self._place)
            opens = isinstance(said, MarketStatus) and said.status == "open"
            (self.opening if opens else self.out).append(said)
        except Unmapped as error:
            self._reject(error, part=part)
        except Left:
            self._left += 1

    def _quote(self, quote: QuoteMaker, index: int) -> None:
        place, images = self._place, self._images
        try:
            key, what = quote.name(place, images[-1].scope if images else None)
        except Unmapped as error:
            self._reject(error, part=f"quotes[{index}]")
            self._unsure()
            return
        except Left:
            self._left += 1
            return
        try:
            said = quote.make(place, what)
            self.out.append(said)
            if self._offers is not None:
                self._offers.take(key, what, offered=said.status in ON_OFFER)
        except Unmapped as error:
            self._reject(error, part=f"quotes[{index}]")
        except Left:
            self._left += 1
            return
        for image in images:
            image.listed.add(what.id)

    def _withdraw(self, step: Step) -> None:
        if step.withdraw is None or self._offers is None:
            return
        try:
            withdrawn = step.withdraw.make(self._place, self._offers)
        except Unmapped as error:
            self._reject(error, part="withdraw")
            return
        except Left:
            self._left += 1
            return
        self.out.extend(withdrawn or [Skipped("filtered", "not_offered")])

    def _reject(self, error: Unmapped, below: str = "", part: str = "") -> None:
        """``below``: a list that is missing; ``part``: of the mapping, since one element may be several things."""
        path = ".".join(step for step in (self._place.path, below) if step) + (f":{part}" if part else "")
        self.out.append(Reject(stage="decode", category=error.category, reason=error.reason, path=path))

    def _unsure(self) -> None:
        for image in self._images:
            image.sure = False


def _begun(maker: ImageMaker, place: Place) -> Image:
    return Image(Scope(maker.kind, maker.id(place)), maker.changed_at(place))


def _fits(element: object) -> None:
    if isinstance(element, dict) and RAGGED in element:
        raise Unmapped("ragged", f"a row of {element[RAGGED]} cells, which are not as many as the header's")


def _elements(step: Step, place: Place) -> list[object] | dict[str, object]:
    """What an ``each`` finds: a list, or one object. Raises Unmapped."""
    found = step.each.find(place.levels)
    if isinstance(found, list | dict):
        return found
    if found is None and step.optional:
        return []
    if found is None:
        raise Unmapped("missing", f"nothing at {step.each.text}")
    raise Unmapped("type", f"{step.each.text}: {shown(found)} is no list")
