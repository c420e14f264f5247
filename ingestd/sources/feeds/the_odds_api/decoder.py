"""Answers of The Odds API to updates; pure. Every answer stands alone."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import parse_qs, urlsplit

from ingestd.errors import Malformed
from ingestd.model import WHOLE, Complete, Decoded, Frame, Gap, Quote, Reject, Scope, Selection, Skipped, selection
from ingestd.sources.feeds.the_odds_api.reading import DRAW, Listed, Offer, Reading
from ingestd.sources.feeds.the_odds_api.wire import GONE, Named, Page, american, decimal, page
from ingestd.sources.feeds.the_odds_api.words import LAY, kind_of, line_moves, market_of, words_of


class OddsDecoder:
    """See ``interfaces.Decoder``. Counts ``events``, ``prices``, ``scores`` and ``sports``, broken ones included."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._counts: Counter[str] = Counter()
        self.counts: Mapping[str, int] = self._counts

    def __call__(self, frame: Frame) -> Iterable[Decoded]:
        """What an answer says. Raises Malformed."""
        if frame.kind != "data":
            return []
        found = page(frame.payload)
        if found.gone and "key" not in frame.meta:
            raise Malformed("error", GONE)
        reading = Reading(found)
        self._counts.update(reading.counts)
        return list(_Walk(self._source, found, frame.meta.get("key", "")).updates(reading, _format(frame)))

    def broken(self, reason: str, frame: Frame | None = None) -> Iterable[Decoded]:
        """What an answer that nobody can read leaves unknown: all that its query lists."""
        key = frame.meta.get("key", "") if frame else ""
        return [Gap(Scope("query", key) if key else WHOLE, reason)]


class _Walk:
    """One answer on its way: what it lists, and what that proves of what it does not list."""

    def __init__(self, source: str, found: Page, key: str) -> None:
        self._source = source
        self._single = found.single
        self._key = key
        self._terms: dict[Scope, dict[int, tuple[float | None, float | None]]] = {}
        """Price and line of each selection so far, by the scope that lists it."""
        self._drawn: set[str] = set()
        """Markets of a bookmaker in which a draw has a price."""

    def updates(self, reading: Reading, is_american: bool | None) -> Iterator[Decoded]:
        """Events, then prices, then what is complete with them."""
        yield from reading.said
        if is_american is None:
            is_american = american([offer.price for offer in reading.offers if offer.price is not None])
        scopes = [self._scope(*market) for market in reading.markets]
        self._drawn = {_market_id(offer.listed) for offer in reading.offers if offer.named.name == DRAW}
        self._terms = {scope: {} for scope in ([Scope("query", self._key)] if self._key else scopes)}
        for offer in reading.offers:
            yield from self._quoted(offer, is_american=is_american)
        for scope, terms in self._terms.items():
            yield Complete(scope, frozenset(terms))

    def _scope(self, sport: str, event: str, market: str) -> Scope:
        """A query, where it is known. Else an answer speaks of the markets that it lists, for its sport or for its one event."""
        return Scope("query", self._key or f"{event if self._single else sport}/{market}")

    def _quoted(self, offer: Offer, *, is_american: bool) -> Iterator[Decoded]:
        listed, line = offer.listed, _line(offer.named)
        price = None if offer.price is None else decimal(offer.price, is_american=is_american)
        if offer.price is not None and price is None:
            reason = f"{offer.price} is no price"
            yield Reject(stage="decode", category="price", reason=reason, severity="warning", path=offer.path.removeprefix("."))
        what = self._selection(listed, offer.named)
        seen = self._terms[what.scope]
        if what.id in seen:
            yield _again(seen[what.id], (price, line), offer.path)
            return
        seen[what.id] = (price, line)
        yield Quote(what, price, status="suspended" if price is None else "open", line=line, changed_at=listed.changed_at)

    def _selection(self, listed: Listed, named: Named) -> Selection:
        """Named by event, bookmaker, market, outcome and description, and by the line where lines stand beside each other."""
        event, market_id = listed.event, _market_id(listed)
        market, period = market_of(event, listed.market, drawn=market_id in self._drawn)
        outcome, participant = words_of(event, market, named)
        key: tuple[str, ...] = (event.id, listed.bookmaker, listed.market, named.name, named.description or "")
        line = _line(named)
        if line is not None and not line_moves(listed.market):
            key = (*key, repr(line))
        return selection(
            self._source,
            key,
            bookmaker=listed.title or listed.bookmaker,
            bookmaker_kind=kind_of(listed.bookmaker),
            source_event_id=event.id,
            source_market_id=market_id,
            scope=self._scope(event.sport_key, event.id, listed.market),
            market=market,
            period=period,
            outcome=outcome,
            participant=participant,
            side="lay" if listed.market.endswith(LAY) else "back",
        )


def _market_id(listed: Listed) -> str:
    """A market of a bookmaker, to back and to lay."""
    return f"{listed.event.id}|{listed.bookmaker}|{listed.market.removesuffix(LAY)}"


def _line(named: Named) -> float | None:
    """The provider writes -0.0 as well, which not every database keeps."""
    return None if named.point is None else named.point + 0.0


def _again(first: tuple[float | None, float | None], second: tuple[float | None, float | None], path: str) -> Decoded:
    """A selection listed twice in one answer: the first counts."""
    if first == second:
        return Skipped("duplicate", "listed_twice")
    return Reject(
        stage="decode", category="ambiguous", reason="listed twice, with different terms", severity="warning", path=path.removeprefix(".")
    )


def _format(frame: Frame) -> bool | None:
    """Whether American odds were asked for; None where the request is not known."""
    url = frame.meta.get("url", "")
    return parse_qs(urlsplit(url).query).get("oddsFormat") == ["american"] if url else None


def record_time(payload: bytes) -> int | None:
    """When a recorded answer was given, UTC µs: the time of a snapshot, else the newest update in it."""
    try:
        found = page(payload)
    except Malformed:
        return None
    return Reading(found).latest if found.stated_at is None else found.stated_at
