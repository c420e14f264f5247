"""What people ask beside prices: how events ended, and which stretches of time are known."""

from ingestd.store.views.names import PRECEDENCE, TURNED, Names, exchanged
from ingestd.store.views.words import Words


def event_results(words: Words) -> str:
    """How each event, and each period of it, ended: as the source says that ranks highest, a final word before a provisional one."""
    names = Names(words)
    home, away = names.turned("r.home_score", "r.away_score"), names.turned("r.away_score", "r.home_score")
    winner = names.turned("r.winner", exchanged("r.winner", TURNED, "r.winner"))
    said = (
        f"SELECT {names.event()}, r.period, {home} AS home_score, {away} AS away_score, {winner} AS winner, "
        f"r.state, r.source, {words.time('r.changed_at')} AS changed_at, {PRECEDENCE} AS precedence "
        f"FROM {names.links()} {words.join} results AS r ON r.source = k.source AND r.source_event_id = k.source_event_id"
    )
    subject = "event_id, sport, league, season, event, home, away, starts_at, event_status, period"
    return (
        f"CREATE VIEW event_results AS SELECT {subject}, home_score, away_score, winner, state, source, changed_at FROM (SELECT a.*, "
        f"row_number() OVER (PARTITION BY {subject} ORDER BY CASE state WHEN 'provisional' THEN 1 ELSE 0 END, precedence, "
        f"changed_at DESC, source) AS place FROM ({said}) AS a) AS b WHERE place = 1"
    )


def coverage_intervals(words: Words) -> str:
    """The intervals of coverage, with times for people; ``known_to`` is where an open one was last seen."""
    return (
        f"CREATE VIEW coverage_intervals AS SELECT c.source, c.scope_kind, c.scope_id, c.state, c.reason, c.repaired_by, "
        f"{words.time('c.began_at')} AS began_at, {words.time('c.ended_at')} AS ended_at, {words.time('c.seen_until')} AS seen_until "
        "FROM coverage AS c"
    )
