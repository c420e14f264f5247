"""What prices are now: each as its source has it, of each bookmaker the one to believe, the best of all, and what all say together."""

from typing import Final

from ingestd.model import STATUSES
from ingestd.store.views.known import Known
from ingestd.store.views.names import SIDES, SUBJECT, Names
from ingestd.store.views.words import Words

_SUBJECT: Final = ", ".join(SUBJECT)
_FOUND_BY: Final = "outcome_key, event_id, event, sport, league, starts_at, market"
"""All that follows from ``outcome_key`` and is asked for: a window over it lets a condition on any of it through to the tables."""
_OFFER: Final = "participant, price, line, size, bookmaker, source, selection_id, changed_at, age_seconds"
_TO_BACK: Final = "live_odds AS v WHERE v.side = 'back' AND v.bookmaker_kind <> 'aggregate'"
_ALL: Final = "ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING"
"""One frame for every function over a window: then SQLite goes through the rows once."""


def current_odds(words: Words) -> str:
    """Every price of every source as it is now."""
    status = _worse("o.own_status", "m.status")
    offered = f"f.state = 'live' AND {status} = 'open' AND o.price IS NOT NULL"
    return (
        f"CREATE VIEW current_odds AS SELECT {Names(words).columns('o.line')}, o.price, o.line, {words.american('o.price')} AS american, "
        f"1.0 / o.price AS probability, o.size, {status} AS status, o.own_status, o.result, {words.time('o.changed_at')} AS changed_at, "
        f"{words.time('o.received_at')} AS received_at, {words.seconds('o.changed_at', words.now)} AS age_seconds, "
        f"CASE WHEN {offered} THEN {Known(words).now()} ELSE {words.false} END AS live, "
        f"{_flags(words)} AS flags FROM {Names(words).selections()} {words.join} odds AS o ON o.selection_id = s.selection_id "
        f"JOIN markets AS m ON m.source = s.source AND m.source_market_id = s.source_market_id"
    )


def _flags(words: Words) -> str:
    """What is odd about the market at that bookmaker: categories in their order, ``''`` for nothing."""
    mine = "g.source = s.source AND g.source_market_id = s.source_market_id AND g.bookmaker_id = s.bookmaker_id AND g.ended_at IS NULL"
    rows = f"(SELECT g.category FROM market_flags AS g WHERE {mine} ORDER BY g.category)"
    return f"coalesce((SELECT {words.listed('category')} FROM {rows} AS flagged), '')"


def live_odds(words: Words) -> str:
    """Of each bookmaker and outcome one live price: that of the source which ranks highest; with what the others say of it.

    A source that tells of it twice (a main line that is also one of a ladder) counts once. Windows carry no more than they must.
    """
    said = f"PARTITION BY {_FOUND_BY}, bookmaker ORDER BY precedence, source, changed_at DESC, selection_id"
    told = (
        f"SELECT {_SUBJECT}, {_OFFER}, bookmaker_kind, precedence, "
        f"CASE WHEN source = lag(source) OVER ({said}) THEN NULL ELSE price END AS first_told FROM current_odds WHERE live = {words.true}"
    )
    judged = (
        "SELECT t.*, first_value(selection_id) OVER said AS believed, count(first_told) OVER said AS witnesses, "
        f"max(first_told) OVER said / min(first_told) OVER said - 1 AS disagreement FROM ({told}) AS t WINDOW said AS ({said} {_ALL})"
    )
    return (
        f"CREATE VIEW live_odds AS SELECT {_SUBJECT}, {_OFFER}, bookmaker_kind, {_stated(words)}, precedence, witnesses, disagreement "
        f"FROM ({judged}) AS j WHERE selection_id = believed"
    )


def best_odds(words: Words) -> str:
    """Of the live prices to back the same thing, the best; an aggregate is none."""
    ranked = (
        f"SELECT {_SUBJECT}, {_OFFER}, bookmaker_kind, witnesses, disagreement, count(*) OVER same AS books, "
        "first_value(selection_id) OVER same AS best "
        f"FROM {_TO_BACK} WINDOW same AS (PARTITION BY {_FOUND_BY} ORDER BY price DESC, changed_at, selection_id {_ALL})"
    )
    return (
        f"CREATE VIEW best_odds AS SELECT {_SUBJECT}, {_OFFER}, bookmaker_kind, {_stated(words)}, witnesses, disagreement, books "
        f"FROM ({ranked}) AS r WHERE selection_id = best"
    )


def consensus(words: Words) -> str:
    """What the live prices to back the same thing say together: implied probability, and its share of what all outcomes add up to.

    The share is told where the vocabulary knows how many outcomes the market has, and all of them are there.
    """
    del words
    subject = f"{_SUBJECT.removesuffix(', side')}, participant, line, books, mean_probability"
    same = f"PARTITION BY {_FOUND_BY}"
    ordered = (
        f"SELECT {_SUBJECT}, participant, line, probability, count(*) OVER same AS books, avg(probability) OVER same AS mean_probability, "
        f"row_number() OVER ({same} ORDER BY probability, selection_id) AS place FROM {_TO_BACK} WINDOW same AS ({same})"
    )
    outcome = (
        f"SELECT {subject}, place, avg(CASE WHEN place = (books + 1) / 2 OR place = (books + 2) / 2 THEN probability END) OVER same "
        f"AS median_probability FROM ({ordered}) AS o WINDOW same AS ({same})"
    )
    whole = (
        f"PARTITION BY {_FOUND_BY.removeprefix('outcome_key, ')}, period, CASE WHEN outcome IN ({SIDES}) THEN '' ELSE participant END, "
        "CASE WHEN outcome = 'away' THEN -line ELSE line END"
    )
    return (
        f"CREATE VIEW consensus AS SELECT {subject}, median_probability, "
        f"CASE WHEN count(*) OVER whole = {_outcomes()} THEN mean_probability / sum(mean_probability) OVER whole END AS fair_probability "
        f"FROM ({outcome}) AS a WHERE place = 1 WINDOW whole AS ({whole})"
    )


def _outcomes() -> str:
    """How many outcomes a market has of which exactly one wins; NULL where that is not known."""
    return (
        "CASE WHEN market IN ('match_result', 'handicap_result') THEN 3 WHEN market = 'half_time_full_time' THEN 9 "
        "WHEN outcome IN ('home', 'away', 'over', 'under') THEN 2 END"
    )


def _stated(words: Words) -> str:
    """What follows from a price that is live."""
    return f"{words.american('price')} AS american, 1.0 / price AS probability, 'open' AS status, 'live' AS feed_state"


def _worse(own: str, market: str) -> str:
    ranks = " ".join(f"WHEN '{status}' THEN {rank}" for rank, status in enumerate(STATUSES))
    return f"CASE WHEN CASE {own} {ranks} END >= CASE {market} {ranks} END THEN {own} ELSE {market} END"
