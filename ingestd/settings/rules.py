"""The built-in alert rules as they are unless somebody sets them otherwise: how bad, for how long, beyond what."""

from typing import Final

from msgspec import Struct

from ingestd.model import Severity


class RuleDefault(Struct, frozen=True):
    """``hold``: seconds that it must be so before it fires. ``threshold`` in ``unit``; a rule without a unit has none."""

    severity: Severity
    about: str
    hold: float = 0.0
    threshold: float = 0.0
    unit: str = ""


RULES: Final[dict[str, RuleDefault]] = {
    "source_down": RuleDefault("error", "a source is not connected", 300),
    "source_silent": RuleDefault("error", "a source sends nothing, though its link stands", 0, 3, "times its silence limit"),
    "source_parked": RuleDefault("critical", "a source is parked until somebody acts"),
    "gap_open": RuleDefault("warning", "something was missed and is still missing", 600, 0, "gaps"),
    "gap_rate": RuleDefault("warning", "a source misses something again and again", 0, 10, "gaps in an hour"),
    "job_failed": RuleDefault("error", "a run failed, or a query goes unanswered", 0, 0, "jobs"),
    "job_late": RuleDefault("warning", "a run takes too long, or a query is overdue", 0, 6, "hours"),
    "quota_short": RuleDefault("warning", "a month's credits will be used up early", 1_800, 24, "hours before they renew"),
    "quarantine_growth": RuleDefault("warning", "many records are put into quarantine", 0, 100, "records in 10 min"),
    "error_rate": RuleDefault("error", "much of what a source sends cannot be taken", 0, 5, "% of the last 10 min"),
    "records_dropped": RuleDefault("critical", "frames were dropped before they were durable", 0, 0, "frames"),
    "store_not_committing": RuleDefault("critical", "nothing reaches the store while frames wait", 0, 60, "seconds"),
    "commit_slow": RuleDefault("warning", "commits take long", 60, 5, "seconds"),
    "ingest_lag": RuleDefault("error", "what is received is committed late", 300, 60, "seconds"),
    "queue_near_full": RuleDefault("error", "frames wait for the journal", 60, 80, "% of the queue"),
    "loop_blocked": RuleDefault("warning", "the event loop comes back late", 0, 0.5, "seconds, on average of a minute"),
    "journal_near_full": RuleDefault("error", "the journal nears its limit", 60, 80, "% of journal.limit"),
    "journal_full": RuleDefault("critical", "the journal is full, reading is paused"),
    "disk_filling": RuleDefault("error", "the journal's disk fills up", 600, 4, "hours until journal.reserve"),
    "breaker_open": RuleDefault("warning", "a breaker stays open", 600),
    "unaccounted": RuleDefault("critical", "updates are not accounted for", 30, 0, "updates"),
    "config_reload_failed": RuleDefault("warning", "the configuration that was last asked for is not in force"),
    "alerts_undelivered": RuleDefault("error", "a channel does not take alerts", 600),
}
