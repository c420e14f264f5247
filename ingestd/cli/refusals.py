"""Why something is in quarantine, in plain words, and what to do about it."""

from typing import Final

from ingestd.pipeline.stages.validate import RULES

BUG: Final = "report it with the stack below; once a version that copes with it runs: retry"
PROVIDER: Final = (
    "the provider may have changed its messages: look at the frame; once a newer version or a corrected mapping reads it: retry"
)
BASE: Final = "find what broke the base before it (same source, same minutes): once that can be read, retry both together"
DO: Final = {
    "bug": BUG,
    "deadly": "report it; do not retry it before a version that survives it runs: the retry dies on it as the daemon did",
    "no_base": BASE,
    "sequence": BASE,
    "unknown_market": BASE,
    "unknown_selection": BASE,
    "oversize": "its payload was cut and can never be read: discard it",
    "unreadable": "its payload was cut and can never be read: discard it",
    "store": "the database says below what it would not take; once that is mended: retry",
    "duplicate": "nothing: it is only kept for analysis (validation.audit_duplicates)",
}
"""By category; else by stage."""
VALIDATE: Final = (
    "compare with what the provider says in the same moment; if the provider was wrong: discard; if a rule was: once it is mended, retry"
)
SAYS: Final = {
    "bug": "ingestd could not cope with it",
    "deadly": "ingestd died on it three times and left it out",
    "malformed": "a message could not be read",
    "no_base": "a change came before its image",
    "oversize": "a message was larger than any may be",
    "unreadable": "a payload could not be read whole",
    "sequence": "messages are missing by their numbers, or came out of turn",
    "shape": "a part of a message is not what it should be",
    "format": "what came is of another format than was expected",
    "missing": "something needed is not there",
    "price": "a price cannot be one",
    "time": "a time cannot be one",
    "unknown_market": "a change of a market that no image has told of",
    "unknown_selection": "a change of a selection that no image has told of",
    "unknown_bookmaker": "a bookmaker that nothing tells of",
    "ambiguous": "one name stands for two prices",
    "store": "the database would not take the row",
    "duplicate": "it was said before",
}
"""Of decoders, by category; rules speak for themselves."""
LONGEST_LINE: Final = 240


def says(stage: str, category: str) -> str:
    """What is wrong, or ``""`` where only the reason tells."""
    if stage == "validate":
        return "; ".join(dict.fromkeys(rule.says for rule in RULES if rule.category == category and rule.happens == "quarantine"))
    return SAYS.get(category, "")


def advice(stage: str, category: str) -> str:
    """What to do."""
    return DO.get(category) or (VALIDATE if stage == "validate" else PROVIDER)


def visible(text: str, longest: int = LONGEST_LINE) -> str:
    """On one line, with whatever does not print written out, so that nothing in it speaks to the terminal; cut where it is too long."""
    line = "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text[: longest + 1])
    return line if len(line) <= longest else f"{line[: longest - 1]}…"
