"""What a webhook may be told."""

from binascii import Error as NotBase64
from ipaddress import ip_address
from typing import Annotated, Final, Self

from pydantic import Field, SecretStr, model_validator

from ingestd.settings.units import Bytes, Seconds, hinted
from ingestd.sources.kind import FeedOptions
from ingestd.sources.transports.webhook.signature import key_of

RETRIES: Final = 75 * 3600.0 + 35 * 60.0
"""Seconds over which a sender tries again (the schedule of Standard Webhooks): ids are remembered at least for that long."""


class WebhookOptions(FeedOptions):
    """Where to listen, whose signature to believe, and how much to take.

    There is no TLS here: put a reverse proxy in front, which has certificates anyway.
    """

    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: Annotated[int, Field(ge=0, le=65535)] = Field(8002, description="Port to listen on, this source's own; 0: any free one.")
    path: Annotated[str, Field(pattern=r"^/[!-~]*$")] = Field("/", description="Path that the provider posts to.")
    secrets: tuple[SecretStr, ...] = Field(
        (), description="Secrets that sign (whsec_… or as they are); while one is replaced, both. None: unsigned, and only on loopback."
    )
    tolerance: Seconds = Field(300.0, description="How far the time of a signature may be from ours, either way.")
    horizon: Seconds = Field(4 * 86_400.0, description="For how long an id is remembered, at least as long as the sender tries again.")
    most_ids: Annotated[int, Field(ge=1_000)] = Field(1_000_000, description="Ids remembered at most; the oldest go first.")
    max_body: Bytes = Field(1 << 20, description="Bytes of a body, unpacked, at most.")
    body_within: Seconds = Field(10.0, description="Time that a body may take to come.")

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if not self.secrets and not _is_loopback(self.host):
            hint = "give secrets, or listen on 127.0.0.1"
            raise hinted("would take from anybody what nobody signed", hint, "secrets")
        for index, secret in enumerate(self.secrets):
            try:
                key_of(secret)
            except (NotBase64, ValueError):
                hint = "copy it again: whsec_ and base64, or any other text"
                raise hinted("is no secret", hint, f"secrets[{index}]") from None
        if self.horizon < max(RETRIES, self.tolerance):
            raise hinted("is shorter than senders go on trying", "write 76h or more", "horizon")
        return self


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
