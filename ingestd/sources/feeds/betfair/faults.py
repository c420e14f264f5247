"""What Betfair's error codes ask for.

Source: stream API specification, "Status / error codes", and the login pages of the developer documentation.
"""

from collections.abc import Iterable
from typing import Final

from ingestd.errors import Disconnected, IngestdError, Refused, Throttled

BAN: Final = 20 * 60.0
"""Seconds a login is banned for after more than 100 a minute."""
BUSY: Final = 60.0
"""Seconds to leave a server alone that has had too many requests or connections of ours."""


class StaleClock(Disconnected):
    """The clocks of a resumption are too old, or not of this subscription: begin afresh."""


class Expired(Refused):
    """The session token is no good (any more): log in again."""


_HINTS: Final[dict[str, str]] = {
    "NO_APP_KEY": "set app_key to the account's application key",
    "INVALID_APP_KEY": "check app_key against the keys listed in the developer portal",
    "NOT_AUTHORIZED": "the key or the account has no access to the stream: ask Betfair to enable it",
    "SUBSCRIPTION_LIMIT_EXCEEDED": "choose fewer markets, or lower markets_per_connection to the account's limit",
    "INVALID_INPUT": "the server could not read the subscription: check the filter",
    "INVALID_REQUEST": "the server does not take this subscription: check the filter and fields",
    "NO_SESSION": "check session_token, or give username, password and cert_file",
    "INVALID_SESSION_INFORMATION": "check session_token, or give username, password and cert_file",
}
_EXPIRED: Final = frozenset(("NO_SESSION", "INVALID_SESSION_INFORMATION"))
_WAITS: Final[dict[str, float]] = {
    "TOO_MANY_REQUESTS": BUSY,
    "MAX_CONNECTION_LIMIT_EXCEEDED": BUSY,
    "SERVICE_BUSY": BUSY,
    "TEMPORARY_BAN_TOO_MANY_REQUESTS": BAN,
}
_TRANSIENT_LOGINS: Final = frozenset(("INTERNAL_ERROR", "SERVICE_UNAVAILABLE"))
_LOGIN_HINTS: Final[dict[str, str]] = {
    "INVALID_USERNAME_OR_PASSWORD": "check username and password",
    "CERT_AUTH_REQUIRED": "register the client certificate with the account, and give it as cert_file (and key_file)",
    "ACCOUNT_NOW_LOCKED": "unlock the account on the web site",
    "ACCOUNT_ALREADY_LOCKED": "unlock the account on the web site",
}


def fault(code: str, message: str = "") -> IngestdError:
    """The error that a failed status (or API fault) of this code is; an unknown code is worth another try."""
    if code in _HINTS:
        kind = Expired if code in _EXPIRED else Refused
        return kind(code, message, _HINTS[code])
    if code in _WAITS:
        return Throttled(_WAITS[code], code.lower())
    return (StaleClock if code == "INVALID_CLOCK" else Disconnected)(code.lower() or "failed", message)


def login_fault(status: str) -> IngestdError:
    """The error that a ``loginStatus`` other than SUCCESS is."""
    if status in _WAITS:
        return Throttled(_WAITS[status], status.lower())
    if status in _TRANSIENT_LOGINS or not status:
        return Disconnected("login", status or "no loginStatus in the answer")
    return Refused(status, "login", _LOGIN_HINTS.get(status, "log in on the web site to see what the account needs"))


def without_secrets(text: str, secrets: Iterable[str]) -> str:
    """A server's text, fit for a log: our own secrets in it are masked."""
    for secret in secrets:
        if secret:
            text = text.replace(secret, "***")
    return text[:500]
