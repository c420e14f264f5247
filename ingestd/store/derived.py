"""The statements that keep ``events`` what their links make them, in the form of ``affairs``.

Of each column the first link that tells it counts, in this order: a live child after its parent, then by precedence, then by source name.
"""

from typing import Final

EVENTS_OF: Final = (
    "SELECT DISTINCT event_id FROM event_links WHERE (source, source_event_id) IN (SELECT value ->> 0, value ->> 1 FROM {each})"
)
"""The events of links, named as a JSON list of [source, source_event_id]."""
RAISE: Final = (
    "INSERT INTO revisions (subject, revision) SELECT 'links', 1 WHERE EXISTS (SELECT 1 FROM event_links WHERE revision = 0) "
    "ON CONFLICT (subject) DO UPDATE SET revision = revisions.revision + 1"
)
"""Where links were written that others are to hear of. The row stays locked to the commit: revisions become visible in their order."""
STAMP: Final = "UPDATE event_links SET revision = (SELECT revision FROM revisions WHERE subject = 'links') WHERE revision = 0"
_ORDER: Final = (
    "CASE WHEN link.parent = '' THEN 0 ELSE 1 END, coalesce(p.place, 2147483647), link.source{bytewise}, link.source_event_id{bytewise}"
)


def _first(what: str, told: str, before: str = "") -> str:
    return (
        f"(SELECT {what} FROM event_links AS link LEFT JOIN precedence AS p ON p.source = link.source "
        f"WHERE link.event_id = events.event_id AND {told} ORDER BY {before}{_ORDER} LIMIT 1)"
    )


def _word(name: str) -> str:
    told = f"link.{name} <> ''"
    return f"coalesce({_first(f'link.{name}', told)}, '')"


def _team(side: str, other: str) -> str:
    which = f"CASE WHEN link.flipped = 1 THEN link.{other}_team_id ELSE link.{side}_team_id END"
    return _first(which, f"{which} IS NOT NULL")


_TELLING: Final = "link.status NOT IN ('', 'scheduled')"
_BASIS: Final = "CASE link.started_by WHEN 'status' THEN 0 WHEN 'in_play' THEN 1 ELSE 2 END"
_BEGUN: Final = "link.started_at IS NOT NULL AND (events.starts_at IS NULL OR link.started_at >= events.starts_at - {early})"
_EARLIEST: Final = f"{_BASIS}, CASE WHEN link.started_by = 'status' THEN NULL ELSE link.started_at END, "
REFRESH: Final = (
    f"UPDATE events SET sport = {_word('sport')}, league_id = {_first('link.league_id', 'link.league_id IS NOT NULL')}, "
    f"season = {_word('season')}, home_team_id = {_team('home', 'away')}, away_team_id = {_team('away', 'home')}, name = {_word('name')}, "
    f"starts_at = {_first('link.starts_at', 'link.starts_at IS NOT NULL')}, "
    f"status = coalesce({_first('link.status', _TELLING)}, {_word('status')}) WHERE event_id {{ids}}"
)
REFRESH_STARTS: Final = (
    f"UPDATE events SET started_at = {_first('link.started_at', _BEGUN, _EARLIEST)}, "
    f"started_by = coalesce({_first('link.started_by', _BEGUN, _EARLIEST)}, '') WHERE event_id {{ids}}"
)
"""When it began: as a status says, else at the first in-play mark. A mark long before the start that counts is of a date given up."""
DROP: Final = (
    "DELETE FROM events WHERE event_id {ids} AND NOT EXISTS (SELECT 1 FROM event_links AS link WHERE link.event_id = events.event_id)"
)
IN_STEP: Final = (REFRESH, REFRESH_STARTS, DROP)
"""After links came or went: in this order, with the ids of the events that they left and joined."""
SHARED: Final = "SELECT event_id FROM event_links GROUP BY event_id HAVING count(*) > 1"
