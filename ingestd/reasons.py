"""The closed vocabulary of why: reasons that coverage can have, in plain words, and what else may stand in a label of a metric."""

import re
from typing import Final

REASONS: Final = {
    # the link
    "reset": "the link broke off without a word",
    "closed": "the provider closed the link",
    "broken": "the link broke in mid-transfer",
    "silent": "nothing came for longer than the silence limit",
    "timeout": "the provider did not answer in time",
    "refused": "nobody accepted the connection",
    "unreachable": "the provider's host could not be reached",
    "certificate": "the provider's certificate could not be verified",
    "handshake": "the connection could not be set up",
    "protocol": "the other side does not keep to its protocol",
    "content_type": "something else than a stream answered",
    "unavailable": "the provider said that it is unavailable",
    "oversize": "a message was larger than any may be",
    "renewal": "a fresh session was begun to have everything told again",
    "no_image": "the image that was asked for did not come",
    "ended": "the provider ended a subscription",
    "endless": "the pages of an answer had no end",
    "paging": "the pages of an answer led astray",
    "address": "the address to listen on was taken",
    # the account
    "unauthorised": "the key was refused",
    "login": "logging in failed",
    "login_refused": "the login was refused",
    "keep_alive": "the login could not be prolonged",
    "session_expired": "the login ran out",
    "token": "the service that gives tokens gave none",
    "token_refused": "the service that gives tokens refused",
    "opening": "the provider refused the opening of the session",
    "redirected": "the provider has moved",
    "request": "the request cannot be sent as it is configured",
    "url": "the url is none",
    "no_url": "the source has no url",
    "unknown": "the provider does not know what was asked for",
    "budget": "the configured budget was used up",
    "quota": "the provider's quota was used up",
    "breaker": "the provider failed too often and was left alone for a while",
    "overdue": "nobody could afford to ask again in time",
    "gave_up": "it was away for longer than give_up_after",
    # what was said
    "malformed": "a message could not be read",
    "unreadable": "a part of a message could not be read",
    "shape": "an answer was not what it should be",
    "format": "an answer was a page for people",
    "catalogue": "the list of markets could not be read",
    "gamma": "Gamma's answer could not be read",
    "sequence": "messages are missing by their numbers",
    "no_base": "a change came before its image",
    "mismatch": "the book did not add up to what the provider says of it",
    "negative": "a change took away more than there was",
    "disorder": "a message was older than the one before it",
    "tick_size": "the tick size changed: the book is told anew",
    "unknown_market": "a change of a market that no image has told of",
    "unknown_selection": "a change of a selection that no image has told of",
    "empty": "it suddenly listed nothing: not believed before it was seen twice",
    # ourselves
    "stopped": "ingestd was stopped",
    "finished": "the recording came to its end",
    "died": "ingestd died or was killed",
    "bug": "ingestd could not cope with a message: please report it",
    "deadly": "ingestd died on a message three times and left it out",
    "journal_full": "the journal or the disk was full",
    "journal_lost": "a part of the journal is lost",
    "epoch_lost": "what the journal still has does not begin with an image",
    "memory": "the file of accepted deliveries could not be used",
}
"""One word each, and what it says to a person."""
CATEGORIES: Final = frozenset(
    (
        # of what quarantine and flags are sorted by
        *(
            "ambiguous",
            "bug",
            "catalogue",
            "columns",
            "date",
            "deadly",
            "dtd",
            "duplicate",
            "empty",
            "error",
            "expression",
            "format",
            "header",
        ),
        *("hopeless", "html", "json", "jump", "line", "line_unexpected", "missing", "name", "no_base", "no_line", "no_price", "number"),
        *("overround", "oversize", "price", "query", "quotes", "ragged", "repeated", "result", "rows", "score", "sequence", "shape"),
        *("shifted", "side_missing", "sides_disagree", "size", "start_passed", "started_by", "state", "status", "store", "syntax", "teams"),
        *(
            "text",
            "time",
            "truncated",
            "type",
            "unknown_bookmaker",
            "unknown_market",
            "unknown_selection",
            "unlabelled",
            "unnamed",
            "unreadable",
            "value",
            "word",
        ),
        # of what was said before: by what kind of update, or by what the decoder sees
        *("quote", "fixture", "marketstatus", "complete", "result", "gap", "listed_twice", "row", "an image older than the book"),
        *("market twice in an image", "older than the last trade", "stands in the book", "stands in the image"),
        # of requests that brought no frame
        *("path", "method", "unsigned", "stale", "signature", "too_large", "too_slow", "broken", "busy", "not_durable"),
    )
)
"""Words of ours that sort something in metrics, beside the reasons."""
FAMILIES: Final = {
    r"http_(\d{3})": "the provider answered HTTP {0}",
    r"error_(\d+)": "the provider answered with error {0}",
}
"""Words that carry the provider's number."""
OTHER: Final = "other"
"""What metrics call words that are none of ours."""
OWN: Final = "the provider said {0!r}"
"""Of a provider's own code, in small letters."""
REPAIRS: Final = {
    "": "",
    "replay": "replayed by the provider, nothing lost",
    "resume": "state told again, changes between lost",
    "image": "by a fresh image, changes between lost",
    "late": "read late, nothing lost",
}
"""How an interval was repaired."""


def plain(reason: str) -> str:
    """A reason in plain words."""
    if reason in REASONS or not reason:
        return REASONS.get(reason, "")
    for pattern, words in FAMILIES.items():
        if found := re.fullmatch(pattern, reason):
            return words.format(*found.groups())
    return OWN.format(reason)


def sorted_under(reason: str) -> str:
    """The word under which metrics count it: a provider's own is ``other``, one with its number ``http`` or ``error``."""
    if reason in REASONS or reason in CATEGORIES:
        return reason
    return next((pattern.partition("_")[0] for pattern in FAMILIES if re.fullmatch(pattern, reason)), OTHER)
