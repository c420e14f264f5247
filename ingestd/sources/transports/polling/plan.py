"""What a polled feed decides: what to ask, how often, and what to make of the answers."""

from collections.abc import Sequence
from typing import Protocol

from msgspec import Struct

from ingestd.errors import IngestdError
from ingestd.sources.http import Answer, Http, Request


class Poll(Struct, frozen=True, kw_only=True):
    """A query: ``key`` names it in frames, tokens and scopes; ``cost`` is what the budget counts per request."""

    key: str
    request: Request
    cost: float = 1.0


class Plan(Protocol):
    """What a polled feed decides. It is told the time (UTC µs) and the answers, and only answers; it outlives sessions."""

    def polls(self, now: int) -> Sequence[Poll]:
        """Everything to be asked for again and again, the most important first."""

    def interval(self, poll: Poll, now: int) -> float:
        """Seconds from one walk of a query to the next, as things stand."""

    def probe(self, now: int) -> Poll:
        """What to ask at the start of a session, as proof that the provider is there; free, if anything is."""

    def judge(self, poll: Poll, answer: Answer, http: Http) -> IngestdError | None:
        """What to do about an answer that is none. ``http.judge`` knows HTTP's own rules. Finished: nothing more of this query for now."""

    def learn(self, poll: Poll, answer: Answer, now: int) -> None:
        """A good answer came: look at the envelope (kick-offs, credits left)."""

    def next_page(self, poll: Poll, answer: Answer) -> Request | None:
        """What to ask for the next page of the same walk; None after the last."""


class Spending(Protocol):
    """What may be asked for now."""

    def take(self, job: str, cost: float) -> float:
        """0: it is taken, go on. Else the seconds after which to ask again."""
