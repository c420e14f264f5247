"""Who, what and where a price is of: the columns that every view of prices begins with, and the tables that they come from."""

from collections.abc import Mapping
from typing import Final

from ingestd.store.views.words import Words

_SWAP: Final = {"home": "away", "draw": "draw", "away": "home"}
TURNED: Final[Mapping[str, str]] = {
    **_SWAP,
    **{f"{half}/{full}": f"{_SWAP[half]}/{_SWAP[full]}" for half in _SWAP for full in _SWAP},
    "home_or_draw": "draw_or_away",
    "draw_or_away": "home_or_draw",
    "other_home": "other_away",
    "other_away": "other_home",
}
"""Outcomes from where home is away. A line belongs to its outcome and goes with it as it is."""
TURNED_MARKETS: Final = {"player_first_home_scorer": "player_first_away_scorer", "player_first_away_scorer": "player_first_home_scorer"}
SIDES: Final = ", ".join(f"'{side}'" for side in _SWAP)
SUBJECT: Final = (
    *("outcome_key", "sport", "league", "season", "event_id", "event", "home", "away", "starts_at", "event_status"),
    *("market", "period", "outcome", "side"),
)
"""What a price is of: all of it follows from ``outcome_key``."""
PRECEDENCE: Final = "coalesce(p.place, 2147483647)"
"""The lower comes first; a source that has no place comes last."""


class Names:
    """Of selections ``s`` (with bookmaker ``b``), linked (``k``) to events ``e``, at sources ``f`` of precedence ``p``."""

    def __init__(self, words: Words) -> None:
        self._words = words
        dash = f"{words.position}(s.outcome, '-')"
        score = f"substr(s.outcome, {dash} + 1) || '-' || substr(s.outcome, 1, {dash} - 1)"
        other = f"CASE WHEN s.market = 'correct_score' AND {dash} > 0 THEN {score} ELSE s.outcome END"
        self._outcome = self.turned("s.outcome", exchanged("s.outcome", TURNED, other))
        self._market = self.turned("s.market", exchanged("s.market", TURNED_MARKETS, "s.market"))

    def columns(self, line: str) -> str:
        """Of a price whose line is ``line``."""
        return (
            f"s.selection_id, s.source, b.name AS bookmaker, b.kind AS bookmaker_kind, {self.event()}, "
            f"s.source_event_id, s.source_market_id, {self._market} AS market, s.period, {self._outcome} AS outcome, "
            f"{self._team('home.name', 'away.name')} AS participant, s.side, {self._key(line)} AS outcome_key, "
            f"coalesce(f.state, '') AS feed_state, {PRECEDENCE} AS precedence"
        )

    def event(self) -> str:
        """Of the event alone."""
        return (
            "e.event_id, e.sport, coalesce(l.name, '') AS league, e.season, e.name AS event, coalesce(home.name, '') AS home, "
            f"coalesce(away.name, '') AS away, {self._words.time('e.starts_at')} AS starts_at, e.status AS event_status"
        )

    def links(self) -> str:
        """From the event, with its names, to what each source says of it."""
        return (
            "events AS e LEFT JOIN leagues AS l ON l.id = e.league_id LEFT JOIN teams AS home ON home.id = e.home_team_id "
            f"LEFT JOIN teams AS away ON away.id = e.away_team_id {self._words.join} event_links AS k ON k.event_id = e.event_id "
            "LEFT JOIN sources AS f ON f.source = k.source LEFT JOIN precedence AS p ON p.source = k.source"
        )

    def selections(self) -> str:
        """And down to its selections, in the order of the search: what is asked of an event is settled before its prices are looked at."""
        join = self._words.join
        return (
            f"{self.links()} {join} selections AS s ON s.source = k.source AND s.source_event_id = k.source_event_id "
            "JOIN bookmakers AS b ON b.id = s.bookmaker_id"
        )

    def turned(self, plain: str, swapped: str) -> str:
        """What a source says, or the same with home and away exchanged where its home is the event's away."""
        return f"CASE WHEN k.flipped = 1 THEN {swapped} ELSE {plain} END"

    def _team(self, home: str, away: str) -> str:
        """The participant; a team by the event's own name for it (``home`` and ``away`` are SQL), whatever the source calls it."""
        cases = " ".join(
            f"WHEN {said} THEN coalesce({self.turned(plain, swapped)}, s.participant)"
            for said, plain, swapped in (("'home'", home, away), ("'away'", away, home), ("k.home", home, away), ("k.away", away, home))
        )
        return f"CASE s.participant WHEN '' THEN '' {cases} ELSE s.participant END"

    def _key(self, line: str) -> str:
        """An outcome that is a side says by itself whose it is."""
        home, away = "'home'", "'away'"
        participant = f"CASE WHEN s.outcome IN ({SIDES}) THEN '' ELSE {self._team(home, away)} END"
        return (
            f"CAST(e.event_id AS TEXT) || '|' || {self._market} || '|' || s.period || '|' || {self._outcome} || '|' || {participant} "
            f"|| '|' || s.side || '|' || CASE WHEN {line} IS NULL THEN '' ELSE {self._words.line(line)} END"
        )


def exchanged(said: str, pairs: Mapping[str, str], otherwise: str) -> str:
    """A word by its counterpart; one that has none is ``otherwise``."""
    cases = " ".join(f"WHEN '{one}' THEN '{other}'" for one, other in pairs.items() if one != other)
    return f"CASE {said} {cases} ELSE {otherwise} END"
