"""How complete the knowledge behind a price is, or was: the narrowest scope that has an interval of coverage decides."""

from typing import Final

from ingestd.store.views.words import Words

_SCOPES: Final = (
    ("market", "s.source_market_id"),
    ("event", "s.source_event_id"),
    ("query", "CASE WHEN s.scope_kind = 'query' THEN s.scope_id END"),
    ("source", "''"),
)
"""Kinds of scopes of a selection ``s``, the narrowest first, and which one it is."""
_WELL: Final = "c.state = 'complete'"
_BAD_STILL: Final = "c.state <> 'complete' AND c.ended_at IS NULL"
"""What is missing stays missing, also while nobody looks; what was known is known up to the last frame seen."""


class Known:
    """Of selections ``s`` at sources ``f``, by intervals ``c``."""

    def __init__(self, words: Words) -> None:
        self._words = words

    def now(self) -> str:
        """Whether all is known of the scope at this moment: its open interval is complete, and the source not silent for too long."""
        until = self._words.later("c.seen_until", "f.silence_limit")
        return self._narrowest(f"{_WELL} AND {self._words.now} < {until}", "c.ended_at IS NULL", self._words.false)

    def at(self, moment: str) -> str:
        """The state from a moment on. The last frame of what was complete belongs to it, the one that repairs something does not."""
        inside = f"c.seen_until > {moment} OR c.seen_until = {moment} AND {_WELL} OR {_BAD_STILL}"
        return self._narrowest("c.state", f"c.began_at <= {moment} AND ({inside})", "'unknown'")

    def before(self, moment: str) -> str:
        """The state until a moment. What was replayed by the provider afterwards was not missed: it counts as complete."""
        state = "CASE WHEN c.state = 'down' AND c.repaired_by = 'replay' THEN 'complete' ELSE c.state END"
        return self._narrowest(state, f"c.began_at < {moment} AND (c.seen_until >= {moment} OR {_BAD_STILL})", "'unknown'")

    def stretches(self, since: str, until: str) -> str:
        """Rows (``at``, ``until``): a span cut wherever the coverage of a selection may have changed."""
        scopes = " UNION ALL ".join(f"SELECT '{kind}' AS kind, {which} AS id" for kind, which in _SCOPES)
        within = (
            f"FROM ({scopes}) AS x {self._words.join} coverage AS c ON c.source = s.source AND c.scope_kind = x.kind AND c.scope_id = x.id"
        )
        after = self._words.later("c.seen_until", "1")
        end = f"CASE WHEN {_WELL} THEN {after} ELSE c.ended_at END"
        same = "FROM coverage AS n WHERE n.source = s.source AND n.scope_kind = x.kind AND n.scope_id = x.id"
        cuts = (
            f"SELECT {since} AS at UNION SELECT c.began_at {within} WHERE {_inside('c.began_at', since, until)} "
            f"UNION SELECT {end} {within} WHERE c.ended_at >= {since} AND {_inside(end, since, until)} "
            f"AND NOT EXISTS (SELECT 1 {same} AND n.began_at = c.ended_at AND (n.ended_at IS NULL OR n.ended_at > c.ended_at)) "
            f"UNION SELECT {after} {within} WHERE c.ended_at IS NULL AND {_WELL} AND {_inside(after, since, until)}"
        )
        return f"SELECT cut.at, coalesce(lead(cut.at) OVER (ORDER BY cut.at), {until}) AS until FROM ({cuts}) AS cut"

    def _narrowest(self, what: str, where: str, none: str) -> str:
        found = ", ".join(
            f"(SELECT {what} FROM coverage AS c WHERE c.source = s.source AND c.scope_kind = '{kind}' AND c.scope_id = {which} "
            f"AND {where} ORDER BY c.began_at DESC LIMIT 1)"
            for kind, which in _SCOPES
        )
        return f"coalesce({found}, {none})"


def _inside(moment: str, since: str, until: str) -> str:
    return f"{moment} > {since} AND ({until} IS NULL OR {moment} < {until})"
