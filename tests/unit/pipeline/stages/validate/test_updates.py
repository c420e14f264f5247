"""Every rule with its category: just inside passes, just outside is refused."""

import pytest
from msgspec.structs import replace

from ingestd.model import (
    NO_PRICE,
    STATUSES,
    WHOLE,
    Complete,
    Fixture,
    Gap,
    MarketStatus,
    Quote,
    Reject,
    Result,
    Scope,
    Selection,
    Update,
    selection,
)
from ingestd.pipeline.stages.validate import Rule, describe_problem, refused, sound_time, validate
from ingestd.pipeline.stages.validate.updates import UPDATE_RULES

NAN, INF = float("nan"), float("inf")
CHOSEN = selection("s", ("a",), bookmaker="b", source_event_id="e", source_market_id="m", scope=WHOLE, market="w", outcome="o")
QUOTE = Quote(CHOSEN, 1.5)
SPREAD = replace(QUOTE, selection=replace(CHOSEN, market="spread"), line=-0.5)
FIXTURE = Fixture(source_event_id="e", sport="s", name="n")
MARKET = MarketStatus(source_event_id="e", source_market_id="m", market="w", status="open")
RESULT = Result(source_event_id="e")
EARLIEST, LATEST = 631_152_000_000_000, 4_102_444_800_000_000
LONG = "x" * 1_000
STAMPED: tuple[Update, ...] = (QUOTE, FIXTURE, MARKET, RESULT, Complete(WHOLE, frozenset()))

GOOD: list[Update] = [
    QUOTE,
    *(replace(QUOTE, status=status) for status in STATUSES),
    *(replace(QUOTE, status=status, price=None) for status in STATUSES if status != "open"),
    *(replace(QUOTE, status=status, price=NO_PRICE) for status in STATUSES if status != "open"),
    *(replace(QUOTE, price=price) for price in (1.0, 1.01, 1e6)),
    *(replace(QUOTE, size=size) for size in (0.0, 1e15)),
    *(replace(QUOTE, line=line) for line in (-1e15, -0.25, 0.0, 1e15)),
    *(replace(QUOTE, result=result) for result in ("", "won", "lost", "void", "half_won", "half_lost")),
    *(replace(update, changed_at=at) for update in STAMPED for at in (EARLIEST, LATEST)),
    *(replace(FIXTURE, starts_at=at, started_at=at) for at in (EARLIEST, LATEST)),
    *(replace(FIXTURE, status=status) for status in ("", "scheduled", "in_play", "finished", "postponed", "cancelled")),
    *(replace(FIXTURE, started_by=by) for by in ("", "status", "in_play", "schedule")),
    replace(FIXTURE, name=LONG, home="Ünï 🎾", away="\t"),
    *(replace(MARKET, status=status) for status in STATUSES),
    *(replace(RESULT, state=state) for state in ("provisional", "final", "corrected")),
    replace(RESULT, home_score=0, away_score=1_000_000),
    SPREAD,
    replace(SPREAD, line=None, price=None, status="withdrawn"),
    replace(SPREAD, line=None, price=1.9, status="suspended"),
    replace(QUOTE, selection=replace(CHOSEN, market="winning_margin")),
    Complete(Scope("market", LONG), frozenset()),
    Gap(Scope("market", LONG), "why"),
]
BAD: list[tuple[Update, str]] = [
    (replace(SPREAD, line=None), "no_line"),
    (replace(QUOTE, price=None), "missing"),
    *((replace(QUOTE, price=price), "price") for price in (NAN, INF, -INF, -1.5, NO_PRICE, 0.999_999, 5e-324, 1_000_000.1)),
    *((replace(QUOTE, price=price, status="suspended"), "price") for price in (NAN, INF, -1.5, 0.5)),
    *((replace(QUOTE, size=size), "size") for size in (NAN, INF, -0.01, 1.1e15)),
    *((replace(QUOTE, line=line), "line") for line in (NAN, INF, -INF, 1.1e15, -1.1e15)),
    (replace(QUOTE, status="closed"), "status"),
    (replace(QUOTE, result="WINNER"), "result"),
    *((replace(update, changed_at=at), "time") for update in STAMPED for at in (EARLIEST - 1, LATEST + 1, 0, -1)),
    *((replace(FIXTURE, **{name: at}), "time") for name in ("starts_at", "started_at") for at in (EARLIEST - 1, LATEST + 1)),
    (replace(FIXTURE, source_event_id=""), "missing"),
    (replace(FIXTURE, status="live"), "status"),
    (replace(FIXTURE, started_by="guess"), "started_by"),
    *(
        (replace(FIXTURE, **{name: text}), "text")
        for name in ("source_event_id", "sport", "name", "league", "season", "home", "away")
        for text in ("a\x00", "\ud800", "\udfff", LONG + "x")
    ),
    (replace(MARKET, status="closed"), "status"),
    (replace(MARKET, source_market_id=""), "missing"),
    *((replace(MARKET, **{name: "\x00"}), "text") for name in ("source_event_id", "source_market_id", "market", "period")),
    (replace(RESULT, source_event_id=""), "missing"),
    (replace(RESULT, state="maybe"), "state"),
    *((replace(RESULT, **{name: "\ud800"}), "text") for name in ("source_event_id", "period", "winner")),
    *((replace(RESULT, **{name: score}), "score") for name in ("home_score", "away_score") for score in (-1, 1_000_001)),
    (Complete(Scope("market", "\x00"), frozenset()), "text"),
    (Gap(Scope("market", "\x00"), "why"), "text"),
]


@pytest.mark.parametrize("update", GOOD, ids=range(len(GOOD)))
def test_good_passes_as_it_is(update: Update) -> None:
    """What obeys the rules is not touched."""
    assert validate(update, 0) is update


@pytest.mark.parametrize(("update", "category"), BAD, ids=range(len(BAD)))
def test_bad_is_refused(update: Update, category: str) -> None:
    """With its category, and the update to look at, in words every database takes."""
    verdict = validate(update, 0)
    assert isinstance(verdict, Reject)
    assert (verdict.stage, verdict.category, verdict.severity) == ("validate", category, "warning")
    assert verdict.reason.isprintable()
    assert verdict.update.startswith(type(update).__name__)
    verdict.update.encode()
    assert "\x00" not in verdict.update
    assert len(verdict.update) <= 1_000


@pytest.mark.parametrize(
    "name", ["identity", "bookmaker", "source_event_id", "source_market_id", "market", "period", "outcome", "participant"]
)
@pytest.mark.parametrize("text", ["\x00", "\udc80", LONG + "x"])
def test_a_selection_s_words_are_judged(name: str, text: str) -> None:
    """Each of them."""
    problem = describe_problem(replace(CHOSEN, **{name: text}))
    assert problem is not None
    assert problem[0].category == "text"


@pytest.mark.parametrize(
    ("chosen", "category"),
    [
        (CHOSEN, None),
        (replace(CHOSEN, participant=LONG, period="1ª"), None),
        (replace(CHOSEN, source_market_id=""), "missing"),
        (replace(CHOSEN, scope=Scope("market", "\x00")), "text"),
    ],
)
def test_a_selection_needs_a_market_and_a_sound_scope(chosen: Selection, category: str | None) -> None:
    """Good ones have no problem."""
    problem = describe_problem(chosen)
    assert (problem and problem[0].category) == category


SELECTIONS: list[tuple[Selection, str]] = [
    (replace(CHOSEN, source_market_id=""), "missing"),
    (replace(CHOSEN, outcome="\x00"), "text"),
]


def kind_of(update: Update) -> str:
    """As the table of rules calls it."""
    return "Complete, Gap" if isinstance(update, Complete | Gap) else type(update).__name__


def test_every_rule_is_tried_and_every_refusal_is_a_rule() -> None:
    """The table is what is applied: each rule on updates has an example above that nothing else refuses, and each refusal its rule."""
    broken = {(kind_of(update), category) for update, category in BAD} | {("Selection", category) for _, category in SELECTIONS}
    assert broken == {(rule.of, rule.category) for rule in UPDATE_RULES}
    for chosen, category in SELECTIONS:
        problem = describe_problem(chosen)
        assert (problem and problem[0].category) == category


def test_severity_and_words_come_from_the_rule() -> None:
    """A refused update carries what its rule says."""
    rule = Rule("Quote", "price", "…", severity="critical")
    assert refused((rule, "why"), QUOTE) == Reject(
        stage="validate", category="price", reason="why", severity="critical", update=repr(QUOTE)[:1_000]
    )


@pytest.mark.parametrize(("stamp", "sound"), [(None, True), (EARLIEST, True), (LATEST, True), (EARLIEST - 1, False), (LATEST + 1, False)])
def test_sound_times(stamp: int | None, sound: bool) -> None:
    """Those that a rule would let pass."""
    assert sound_time(stamp) is sound
