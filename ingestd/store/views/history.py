"""What prices were: every one with the time it held, the first, the last before the start, and how far each can be trusted."""

from ingestd.store.views.known import Known
from ingestd.store.views.names import Names
from ingestd.store.views.words import Words

_OPEN = "o.selection_id = s.selection_id AND o.status = 'open' AND o.price IS NOT NULL"
_BEGAN = "coalesce(e.started_at, e.starts_at)"


def price_history(words: Words) -> str:
    """Every price ever, with from when to when it held, and since when that is known."""
    return f"CREATE VIEW price_history AS SELECT {_stated(words)}, {_held(words)} FROM {_rows(words)}"


def trusted_history(words: Words) -> str:
    """The same, cut wherever the coverage of a price changed, with what it was in between."""
    known = Known(words)
    at, until = words.of_each("r", "at"), words.of_each("r", "until")
    return (
        f"CREATE VIEW trusted_history AS SELECT {_stated(words)}, {_held(words)}, {words.time(at)} AS covered_from, "
        f"{words.time(until)} AS covered_to, {known.at(at)} AS coverage_state "
        f"FROM {_rows(words)} {words.each('r', known.stretches('h.changed_at', 'n.changed_at'))}"
    )


def opening_odds(words: Words) -> str:
    """The first price each selection was open at."""
    return (
        f"CREATE VIEW opening_odds AS SELECT {_stated(words)}, {words.time('h.changed_at')} AS changed_at "
        f"FROM {Names(words).selections()} {words.first('h', _OPEN)}"
    )


def closing_odds(words: Words) -> str:
    """The last open price before the event began; says how the start is known, and whether anything was missed just before it.

    A nominal closing price stands by its own source's kick-off, which may be later than the real one.
    """
    latest = words.greatest(_BEGAN, "k.starts_at")
    where = f"{_OPEN} AND o.changed_at < {latest} AND (o.changed_at < {_BEGAN} OR o.time_basis = 'nominal')"
    state = Known(words).before(_BEGAN)
    return (
        f"CREATE VIEW closing_odds AS SELECT {_stated(words)}, {words.time('h.changed_at')} AS changed_at, "
        f"{words.time(_BEGAN)} AS began_at, CASE WHEN e.started_at IS NULL THEN 'schedule' ELSE e.started_by END AS started_by, "
        f"{state} AS coverage_state, {state} = 'complete' AS coverage_complete "
        f"FROM {Names(words).selections()} {words.first('h', where, last=True)}"
    )


def prices_at(words: Words) -> str:
    """A query: the row of ``price_history`` that each selection had at ``:at``, as far as was known at ``:known``."""
    where = "o.selection_id = s.selection_id AND o.changed_at <= :at AND o.committed_at <= :known"
    return (
        f"SELECT {_stated(words)}, {words.time('h.changed_at')} AS changed_at "
        f"FROM {Names(words).selections()} {words.first('h', where, last=True)}"
    )


def _rows(words: Words) -> str:
    return f"{Names(words).selections()} {words.join} odds_history AS h ON h.selection_id = s.selection_id {words.next('n', 'h')}"


def _stated(words: Words) -> str:
    return (
        f"{Names(words).columns('h.line')}, h.price, h.line, {words.american('h.price')} AS american, 1.0 / h.price AS probability, "
        f"h.size, h.status, h.result, h.seq, h.time_basis, {words.time('h.received_at')} AS received_at, h.journal_offset"
    )


def _held(words: Words) -> str:
    """``known_to``: from when on it was known that, by then, another price held. That may have come late, and behind a later one."""
    told = words.greatest("o.changed_at", "o.committed_at")
    known_to = (
        f"SELECT min({told}) FROM odds_history AS o "
        "WHERE o.selection_id = h.selection_id AND (o.changed_at, o.seq) > (h.changed_at, h.seq) AND o.changed_at >= n.changed_at "
        f"AND o.changed_at <= {words.greatest('n.changed_at', 'n.committed_at')}"
    )
    return (
        f"{words.time('h.changed_at')} AS valid_from, {words.time('n.changed_at')} AS valid_to, "
        f"{words.time('h.committed_at')} AS known_from, {words.time(f'({known_to})')} AS known_to"
    )
