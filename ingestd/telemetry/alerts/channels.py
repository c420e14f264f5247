"""The channels: one message to one receiver, in the words of ``errors``. Whatever a receiver answers is bounded in time and size.

Slack: incoming webhooks. PagerDuty: Events API v2 (202 taken, 400 invalid, 429 too many). All of them by POST, redirects not followed.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

import aiohttp
import aiosmtplib

from ingestd.errors import Disconnected, Refused, Throttled
from ingestd.model import Severity
from ingestd.settings import AlertSettings
from ingestd.settings.alerts import EmailSettings
from ingestd.telemetry.alerts import texts
from ingestd.telemetry.alerts.texts import Told

WITHIN: Final = 10.0
"""Seconds that one try may take."""
LONGEST_WAIT: Final = 300.0
"""Seconds that a receiver may ask us to wait."""
WAIT: Final = 30.0
"""Seconds to wait where it asks for patience and does not say how much, or says it as a date."""
READ: Final = 512
"""Bytes of an answer that are looked at."""
SMTP_OVER_TLS: Final = 465
SUBMISSION: Final = 587
SMTP: Final = 25

Deliver = Callable[[Told], Awaitable[None]]
"""Raises Disconnected or Throttled where another try may help, Refused where it will not."""


def channels(settings: AlertSettings) -> dict[str, tuple[Deliver, Severity]]:
    """Every channel that is configured, with the least grave that goes there."""
    found: dict[str, tuple[Deliver, Severity]] = {}
    slack, duty, hook, mail = settings.slack, settings.pagerduty, settings.webhook, settings.email
    if slack.webhook is not None:
        found["slack"] = _posting(slack.webhook.get_secret_value(), texts.slack), slack.severity
    if mail.to:
        found["email"] = _mailing(mail), mail.severity
    if duty.key is not None:
        key = duty.key.get_secret_value()
        found["pagerduty"] = _posting(duty.url, lambda said: texts.pagerduty(said, key)), duty.severity
    if hook.url is not None:
        proof = {"Authorization": f"Bearer {hook.token.get_secret_value()}"} if hook.token else {}
        found["webhook"] = _posting(hook.url.get_secret_value(), texts.webhook, proof), hook.severity
    return found


def _posting(url: str, body: Callable[[Told], bytes], headers: Mapping[str, str] | None = None) -> Deliver:
    sent = {"Content-Type": "application/json", "User-Agent": "ingestd", **(headers or {})}

    async def deliver(said: Told) -> None:
        # nothing of an answer is unpacked or followed: it may be hostile, and the URL is a secret
        timeout = aiohttp.ClientTimeout(total=WITHIN)
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout, auto_decompress=False) as session,
                session.post(url, data=body(said), headers=sent, allow_redirects=False) as answer,
            ):
                _judge(answer.status, answer.headers.get("Retry-After", ""), await answer.content.read(READ))
        except (aiohttp.InvalidURL, ValueError) as error:
            raise Refused("url", type(error).__name__) from error
        except TimeoutError as error:
            raise Disconnected("timeout", f"no answer within {WITHIN:g} s") from error
        except (aiohttp.ClientError, OSError) as error:
            raise Disconnected("unreachable", texts.plain(str(error))) from error

    return deliver


def _judge(status: int, retry_after: str, said: bytes) -> None:
    """What an answer means."""
    if 200 <= status < 300:  # noqa: PLR2004 - HTTP's own numbers
        return
    if status in {429, 503}:
        wait = float(retry_after) if retry_after.isdecimal() else WAIT
        raise Throttled(min(max(wait, 1.0), LONGEST_WAIT), "status")
    words = texts.plain(f"{status} {said.decode('utf-8', 'replace')}")
    if status >= 500 or status == 408:  # noqa: PLR2004 - as above
        raise Disconnected("status", words)
    raise Refused("status", words)


def _mailing(settings: EmailSettings) -> Deliver:
    implicit = settings.tls == "implicit"
    port = settings.port or (SMTP_OVER_TLS if implicit else SUBMISSION if settings.user else SMTP)
    # None: if the server has it. Whoever logs in does not do so in the clear, unless he says so
    start = {"none": False, "implicit": False, "starttls": True}.get(settings.tls, True if settings.user else None)
    password = settings.password.get_secret_value() if settings.user else None

    async def deliver(said: Told) -> None:
        message = texts.email(said, settings.sender or settings.to[0], settings.to)
        try:
            async with asyncio.timeout(WITHIN):
                await aiosmtplib.send(
                    message,
                    hostname=settings.host,
                    port=port,
                    username=settings.user or None,
                    password=password,
                    use_tls=implicit,
                    start_tls=start,
                    timeout=WITHIN,
                )
        except TimeoutError as error:
            raise Disconnected("timeout", f"no answer within {WITHIN:g} s") from error
        except aiosmtplib.SMTPRecipientsRefused as error:
            raise Refused("recipient", texts.plain(str(error))) from error
        except aiosmtplib.SMTPResponseException as error:
            words = texts.plain(f"{error.code} {error.message}")
            raise (Refused if error.code >= 500 else Disconnected)("status", words) from error  # noqa: PLR2004 - SMTP's own number
        except (aiosmtplib.SMTPException, OSError) as error:
            raise Disconnected("unreachable", texts.plain(str(error))) from error

    return deliver
