"""Settings of alerts: where they go, how patient they are, and what differs from the built-in rules."""

import re
from collections.abc import Mapping
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr

from ingestd.model import Severity
from ingestd.settings.part import Part
from ingestd.settings.problems import nearest
from ingestd.settings.rules import RULES, RuleDefault
from ingestd.settings.units import Seconds, hinted

ADDRESS: Final = re.compile(r"[^@\s,<>\x00-\x1f]+@[^@\s,<>\x00-\x1f]+")


def _web(url: SecretStr | None) -> SecretStr | None:
    if url is not None and not re.fullmatch(r"https?://[^\s/]+(/\S*)?", url.get_secret_value()):
        raise hinted("is no URL", "write https://host/path, as the receiver gives it")
    return url


def _split(addresses: object) -> object:
    return [part.strip() for part in addresses.split(",") if part.strip()] if isinstance(addresses, str) else addresses


def _addresses(addresses: tuple[str, ...]) -> tuple[str, ...]:
    if not all(map(ADDRESS.fullmatch, addresses)):
        raise hinted("is no list of addresses", "write name@host, several with commas between")
    return addresses


def _known(rules: dict[str, "RuleSettings"]) -> dict[str, "RuleSettings"]:
    for name in rules:
        if name not in RULES:
            raise hinted("is no rule", nearest(name, RULES), name)
    return rules


Web = Annotated[SecretStr | None, AfterValidator(_web)]
Floor = Annotated[Severity, Field(description="the least grave that goes there: info, warning, error, critical")]


class SlackSettings(Part):
    """A Slack channel, by an incoming webhook."""

    webhook: Web = Field(None, description="the webhook's URL; left out: none")
    severity: Floor = "warning"


class EmailSettings(Part):
    """Mail."""

    to: Annotated[tuple[str, ...], BeforeValidator(_split), AfterValidator(_addresses)] = Field((), description="addresses; none: no mail")
    sender: str = Field("", pattern=rf"^({ADDRESS.pattern})?$", description="from whom; left out: the first of alerts.email.to")
    host: str = Field("localhost", min_length=1, description="the SMTP server")
    port: int | None = Field(None, ge=1, le=65_535, description="its port; left out: 465 with tls implicit, 587 with a user, else 25")
    tls: Literal["auto", "starttls", "implicit", "none"] = Field(
        "auto", description="auto: STARTTLS where the server has it, and always with a user"
    )
    user: str = Field("", description="who logs in; left out: nobody does")
    password: SecretStr = Field(SecretStr(""), description="password of the user")
    severity: Floor = "warning"


class PagerDutySettings(Part):
    """PagerDuty, by its Events API v2."""

    key: SecretStr | None = Field(None, description="integration key of the service; left out: none")
    url: str = Field("https://events.pagerduty.com/v2/enqueue", pattern=r"^https?://\S+$", description="where events go")
    severity: Floor = "critical"


class WebhookSettings(Part):
    """Anything that takes JSON."""

    url: Web = Field(None, description="where to POST; left out: none")
    token: SecretStr | None = Field(None, description="sent as Authorization: Bearer")
    severity: Floor = "warning"


class RuleSettings(Part):
    """What differs from a built-in rule; left out: as it is built in."""

    enabled: bool = Field(True, description="false: never fires")
    severity: Severity | None = Field(None, description="info, warning, error, critical")
    threshold: float | None = Field(None, ge=0, allow_inf_nan=False, description="beyond what it fires, in the rule's unit")
    hold: Seconds | None = Field(None, alias="for", description="how long it must be so before it fires")


class AlertSettings(Part):
    """When somebody is told, and where."""

    enabled: bool = Field(True, description="false: no rule is looked at, nothing is sent")
    name: str = Field("ingestd", min_length=1, max_length=64, description="what this installation is called in alerts")
    interval: Seconds = Field(10.0, ge=0.1, le=300, description="how often the rules are looked at, 100ms to 5min")
    group: Seconds = Field(15.0, le=600, description="how long to wait for more of a rule before its message goes, 10min or less")
    cool_down: Seconds = Field(300.0, description="how long it must be well again before that is said")
    repeat: Seconds = Field(4 * 3_600.0, ge=60, description="say it again while it lasts, 1min or more")
    escalate_after: Seconds = Field(3_600.0, description="an error that lasts so long becomes critical; 0: never")
    runbook: str = Field("docs/runbook.md", pattern=r"^\S+$", description="where the runbook page is, for links")
    slack: SlackSettings = Field(default_factory=SlackSettings, description="a Slack channel")
    email: EmailSettings = Field(default_factory=EmailSettings, description="mail")
    pagerduty: PagerDutySettings = Field(default_factory=PagerDutySettings, description="PagerDuty")
    webhook: WebhookSettings = Field(default_factory=WebhookSettings, description="anything that takes JSON")
    rules: Annotated[dict[str, RuleSettings], AfterValidator(_known)] = Field(
        default_factory=dict, description="what differs from the built-in rules, e.g. {gap_rate: {threshold: 50}}"
    )

    def effective(self) -> Mapping[str, RuleDefault]:
        """The rules that are on, as they are here."""
        found = {}
        for name, built_in in RULES.items():
            own = self.rules.get(name, RuleSettings())
            if own.enabled:
                found[name] = RuleDefault(
                    severity=own.severity or built_in.severity,
                    about=built_in.about,
                    hold=built_in.hold if own.hold is None else own.hold,
                    threshold=built_in.threshold if own.threshold is None else own.threshold,
                    unit=built_in.unit,
                )
        return found
