"""Events as Gamma tells them: name, sport, start, state, and who won the match."""

from msgspec.structs import replace

from ingestd.model import Decoded, EventStatus, Fixture, Result
from ingestd.sources.feeds.polymarket.market import Market
from ingestd.sources.feeds.polymarket.told import EventTold


class Events:
    """What was last said of each event, by Gamma's id (the market's own id where its event is unknown)."""

    def __init__(self) -> None:
        self._fixtures: dict[str, Fixture] = {}
        self._winners: dict[str, str] = {}

    def tell(self, told: EventTold, out: list[Decoded]) -> None:
        """What is news of an event."""
        fixture = Fixture(
            source_event_id=told.id,
            sport=told.sport,
            name=told.name,
            league=told.league,
            home=told.home,
            away=told.away,
            starts_at=told.starts_at,
            status=_status(told),
        )
        before = self._fixtures.get(told.id)
        if before is not None and fixture.starts_at is None:
            fixture = replace(fixture, starts_at=before.starts_at)
        if fixture != before:
            self._fixtures[told.id] = fixture
            out.append(fixture)

    def decide(self, market: Market, at: int | None, out: list[Decoded]) -> None:
        """The winner of the match, once its market is resolved."""
        winner = market.winner()
        if winner and self._winners.get(market.event_id) != winner:
            self._winners[market.event_id] = winner
            out.append(Result(source_event_id=market.event_id, winner=winner, changed_at=at))


def _status(told: EventTold) -> EventStatus:
    if told.ended:
        return "finished"
    return "in_play" if told.live else "scheduled"
