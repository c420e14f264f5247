"""Errors to Sentry: grouped by area and code, with the facts before them as breadcrumbs; clean of secrets and persons, bounded.

Nothing of the SDK is global and none of its integrations is on: every error is a fact already, and facts are redacted.
"""

from functools import partial
from typing import TYPE_CHECKING, Final

from sentry_sdk import Client, Scope
from sentry_sdk.scope import use_scope
from sentry_sdk.utils import event_from_exception

from ingestd import __version__
from ingestd.model import SECOND
from ingestd.settings import SentrySettings
from ingestd.telemetry.facts import Fact
from ingestd.telemetry.redact import Redactor
from ingestd.threads import apart

if TYPE_CHECKING:
    from sentry_sdk.types import Event, Hint

FLUSH: Final = 2.0
"""Seconds at the end for what is still to be sent."""
QUEUED: Final = 100
"""Events that may wait; what comes beyond is dropped."""
MOST: Final = 60
"""Events in a minute: a thousand sources that fail at once are one outage, and making an event of each would hold up the rest."""
BREADCRUMBS: Final = 50
OWN: Final = ("sentry_sdk", "urllib3")
"""Who speaks when sending fails: not to be sent."""


class Sentry:
    """Hears every fact. Sending is done by the SDK's own thread and never waited for, but for ``close``."""

    def __init__(self, settings: SentrySettings, redactor: Redactor) -> None:
        self._redactor = redactor
        self._scope = Scope()
        self._client = Client(
            dsn=settings.dsn.get_secret_value() if settings.dsn else None,
            environment=settings.environment,
            release=f"ingestd@{__version__}",
            server_name="",
            default_integrations=False,
            auto_enabling_integrations=False,
            auto_session_tracking=False,
            # no local variables, nothing of a person; its own scrubber knows fewer secrets than ours
            data_collection={"user_info": False, "stack_frame_variables": False, "database_query_data": False},
            send_client_reports=False,
            max_breadcrumbs=BREADCRUMBS,
            transport_queue_size=QUEUED,
            shutdown_timeout=FLUSH,
            before_send=self._cleaned,
        )
        self._scope.set_client(self._client)
        self._minute = self._sent = 0

    def hear(self, fact: Fact) -> None:
        """An error becomes an event; everything becomes a breadcrumb of what comes after it, with its place in the journal."""
        if str(fact.labels.get("library", "")).startswith(OWN):
            return
        with use_scope(self._scope):
            if fact.level == "error" and self._admitted(fact.at):
                self._scope.capture_event(*self._event(fact))
            self._scope.add_breadcrumb(
                type="default",
                category=fact.action,
                message=fact.message,
                level=fact.level,
                timestamp=fact.at / 1e6,
                data={key: value for key, value in fact.labels.items() if key not in {"stack", "run"}},
            )

    async def close(self) -> None:
        """Send what waits, within two seconds."""
        await apart(partial(self._client.close, timeout=FLUSH))

    def _admitted(self, at: int) -> bool:
        if at - self._minute >= 60 * SECOND:
            self._minute, self._sent = at, 0
        self._sent += 1
        return self._sent <= MOST

    def _event(self, fact: Fact) -> "tuple[Event, Hint]":
        event: Event = {}
        hint: Hint = {}
        if fact.cause is not None:
            event, hint = event_from_exception(fact.cause, client_options=self._client.options)
        event["message"] = fact.message
        event["level"] = "error"
        event["logger"] = f"ingestd.{fact.area}"
        event["fingerprint"] = [fact.area, fact.code]
        event["tags"] = {"area": fact.area, "code": fact.code, "source": str(fact.labels.get("source", ""))}
        event["extra"] = {**fact.labels}
        return event, hint

    def _cleaned(self, event: "Event", _: "Hint") -> "Event":
        return self._redactor.tree(event)  # type: ignore[return-value] # as it was, less secrets
