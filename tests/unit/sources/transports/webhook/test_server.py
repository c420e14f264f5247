"""What is answered to a request that brings nothing."""

import pytest

from ingestd.sources.transports.webhook.server import STATUSES, refusal


@pytest.mark.parametrize("reason", STATUSES)
def test_each_reason_has_its_answer(reason: str) -> None:
    """When to come again is said exactly where coming again will help; the reason is the text."""
    answer = refusal(reason)
    assert (answer.status, answer.text, answer.headers["Server"]) == (STATUSES[reason], reason, "ingestd")
    assert ("Retry-After" in answer.headers, "Allow" in answer.headers) == (answer.status == 503, answer.status == 405)
