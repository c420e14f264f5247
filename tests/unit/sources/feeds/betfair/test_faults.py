"""Error codes in terms of what to do."""

import pytest

from ingestd.errors import Disconnected, IngestdError, Refused, Throttled
from ingestd.sources.feeds.betfair.faults import BAN, BUSY, Expired, StaleClock, fault, login_fault, without_secrets


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("NO_APP_KEY", Refused),
        ("SUBSCRIPTION_LIMIT_EXCEEDED", Refused),
        ("INVALID_INPUT", Refused),
        ("INVALID_REQUEST", Refused),
        ("NO_SESSION", Expired),
        ("INVALID_SESSION_INFORMATION", Expired),
        ("INVALID_CLOCK", StaleClock),
        ("TIMEOUT", Disconnected),
        ("SOMETHING_NEW", Disconnected),
        ("", Disconnected),
        ("TOO_MANY_REQUESTS", Throttled),
    ],
)
def test_each_code_is_one_kind_of_error(code: str, kind: type[IngestdError]) -> None:
    """An unknown one is worth another try."""
    assert type(fault(code, "text")) is kind


def test_what_a_person_must_do_is_said() -> None:
    """With every refusal."""
    refused = [fault(code) for code in ("NO_APP_KEY", "NOT_AUTHORIZED", "NO_SESSION")] + [
        login_fault("INVALID_USERNAME_OR_PASSWORD"),
        login_fault("X"),
    ]
    assert all(isinstance(error, Refused) and error.hint for error in refused)


@pytest.mark.parametrize(
    ("status", "seconds"), [("TEMPORARY_BAN_TOO_MANY_REQUESTS", BAN), ("TOO_MANY_REQUESTS", BUSY), ("MAX_CONNECTION_LIMIT_EXCEEDED", BUSY)]
)
def test_patience_has_a_measure(status: str, seconds: float) -> None:
    """Twenty minutes for a banned login."""
    for error in (fault(status), login_fault(status)):
        assert isinstance(error, Throttled)
        assert error.seconds == seconds


def test_a_login_that_may_work_later_is_disconnected() -> None:
    """Their side has a problem."""
    assert [type(login_fault(status)) for status in ("INTERNAL_ERROR", "")] == [Disconnected, Disconnected]


def test_secrets_are_masked() -> None:
    """And texts are not endless."""
    assert without_secrets("key K and token T", ("K", "T", "")) == "key *** and token ***"
    assert len(without_secrets("x" * 9999, ())) == 500
