"""What follows from findings over time."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestd.model import SECOND
from ingestd.settings.rules import RuleDefault
from ingestd.telemetry.alerts import book as module
from ingestd.telemetry.alerts.book import Alert, AlertBook, Notice, Patience
from ingestd.telemetry.alerts.rules import Finding

RULES = {
    "slow": RuleDefault("error", "slow", hold=60),
    "bad": RuleDefault("critical", "bad"),
    "mild": RuleDefault("warning", "mild"),
}
PATIENCE = Patience(group=10, cool_down=300, repeat=3_600, escalate_after=1_800)


class Story:
    """A book whose time goes on by ten seconds."""

    def __init__(self, patience: Patience = PATIENCE, alerts: tuple[Alert, ...] = ()) -> None:
        self.book = AlertBook(RULES, patience, alerts)
        self.now = 1_000_000 * SECOND
        self.notices: list[Notice] = []

    def lasts(self, seconds: int, *findings: Finding) -> list[Notice]:
        """So it is for so long; what was said meanwhile."""
        said = []
        for _ in range(seconds // 10):
            self.now += 10 * SECOND
            said += self.book.step(self.now, findings)
        self.notices += said
        return said


def finding(rule: str = "bad", subject: str = "a", since: int = 0) -> Finding:
    """It is so."""
    return Finding(rule=rule, subject=subject, text=f"{rule} {subject}", since=since)


def shown(notices: list[Notice]) -> list[tuple[str, str, int, int, bool]]:
    """Rule, severity, how many fire, how many are over, whether it was said before."""
    return [(one.rule, one.severity, len(one.firing), len(one.over), one.again) for one in notices]


def test_it_fires_after_a_while() -> None:
    """When it was so for its time; what ends before is nothing."""
    story = Story()
    assert story.lasts(50, finding("slow")) == []
    assert story.lasts(10) == []
    assert story.lasts(60, finding("slow")) == []
    assert shown(story.lasts(40, finding("slow"))) == [("slow", "error", 1, 0, False)]
    assert [(one.subject, one.fired_at > 0) for one in story.book.firing] == [("a", True)]


def test_since_when_counts() -> None:
    """Where that is known: what has been so for long fires at once; what is said of it later does not begin anew."""
    story = Story()
    began = story.now - 120 * SECOND
    assert shown(story.lasts(20, finding("slow", since=began))) == [("slow", "error", 1, 0, False)]
    story.lasts(10, finding("slow", since=story.now))
    assert story.book.firing[0].since == began


def test_one_message_for_all() -> None:
    """What fires while the message waits goes with it; each rule has its own."""
    story = Story()
    story.lasts(10, finding(subject="a"))
    said = story.lasts(20, *(finding(subject=name) for name in "abcd"), finding("mild"))
    assert shown(said) == [("bad", "critical", 4, 0, False), ("mild", "warning", 1, 0, False)]
    assert shown(story.lasts(20, *(finding(subject=name) for name in "abcde"), finding("mild"))) == [("bad", "critical", 5, 0, False)]


def test_over() -> None:
    """When it was well for a while; told with the severity that it fired with."""
    story = Story()
    story.lasts(20, finding("mild"))
    assert story.lasts(290) == []
    (said,) = story.lasts(30)
    assert shown([said]) == [("mild", "warning", 0, 1, False)]
    assert story.book.firing == []
    assert story.lasts(7_200) == []


def test_what_comes_and_goes_is_one_alert() -> None:
    """No message for each."""
    story = Story()
    for _ in range(20):
        story.lasts(60, finding())
        story.lasts(240)
    assert len([one for one in story.notices if not one.again]) == 1


def test_again() -> None:
    """While it lasts, every so often."""
    story = Story()
    said = story.lasts(3 * 3_600 + 300, finding("mild"))
    assert shown(said) == [("mild", "warning", 1, 0, False), *[("mild", "warning", 1, 0, True)] * 3]


def test_it_grows_worse() -> None:
    """An error that lasts becomes critical, once; a warning never does. Who was told of it is told when it is over."""
    story = Story()
    said = story.lasts(3_000, finding("slow"), finding("mild"))
    assert shown(said) == [("mild", "warning", 1, 0, False), ("slow", "error", 1, 0, False), ("slow", "critical", 1, 0, False)]
    assert shown(story.lasts(400)) == [("mild", "warning", 0, 1, False), ("slow", "critical", 0, 1, False)]
    never = Story(Patience(group=10, cool_down=300, repeat=1e9, escalate_after=0))
    assert shown(never.lasts(9_000, finding("slow"))) == [("slow", "error", 1, 0, False)]


def test_some_are_over() -> None:
    """The others fire on, in the same message."""
    story = Story()
    story.lasts(20, finding(subject="a"), finding(subject="b"))
    (said,) = story.lasts(330, finding(subject="b"))
    assert ([one.subject for one in said.firing], [one.subject for one in said.over]) == (["b"], ["a"])
    assert [one.told for one in said.firing] == [True]


def test_another_life() -> None:
    """What fired before the restart is not told anew, and is told when it is over; rules that are gone go."""
    first = Story()
    first.lasts(20, finding())
    gone = Alert(rule="gone", subject="", text="", severity="error", since=1, seen_at=1, fired_at=1)
    second = Story(alerts=(*first.book.firing, gone))
    assert second.lasts(60, finding()) == []
    assert shown(second.lasts(330)) == [("bad", "critical", 0, 1, False)]


def test_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many subjects there are."""
    monkeypatch.setattr(module, "MOST", 5)
    story = Story()
    story.lasts(20, *(finding(subject=str(number)) for number in range(50)))
    assert len(story.book.firing) == 5


@given(st.lists(st.tuples(st.integers(1, 40), st.sets(st.sampled_from("abc"))), max_size=30))
def test_never_silent_and_never_unresolved(spans: list[tuple[int, set[str]]]) -> None:
    """Whatever happens: each that fires is said to, and when all is well for long enough, each is said to be over, once."""
    story = Story()
    for steps, subjects in spans:
        story.lasts(10 * steps, *(finding(subject=one) for one in sorted(subjects)))
    story.lasts(1_000)
    assert story.book.firing == []
    fired = [(one.subject, one.fired_at) for notice in story.notices for one in notice.firing if not one.told]
    over = [(one.subject, one.fired_at) for notice in story.notices for one in notice.over]
    assert len(over) == len(set(over))
    assert set(fired) <= set(over)
    assert {subject for _, subjects in spans for subject in subjects} == {subject for subject, _ in over}


def test_other_rules_while_it_runs() -> None:
    """What fires by a rule that is off is forgotten without a word; the others go on."""
    story = Story()
    story.lasts(60, finding("bad"), finding("mild"))
    story.book.adopt({"mild": RULES["mild"]}, PATIENCE)
    assert [one.rule for one in story.book.firing] == ["mild"]
    assert shown(story.lasts(400)) == [("mild", "warning", 0, 1, False)]
