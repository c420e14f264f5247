"""Says what of a batch a person should hear: what was quarantined, and where something was missed."""

from ingestd.batch import Batch, RejectRow
from ingestd.interfaces import Telemetry


class Herald:
    """Speaks once of each gap, when it begins, and of each reject."""

    def __init__(self, telemetry: Telemetry) -> None:
        self._telemetry = telemetry
        self._open: set[tuple[str, str, str, int]] = set()

    def tell(self, batch: Batch) -> None:
        """Facts and counts for what this batch is about to commit."""
        self._rejects(batch)
        self._flags(batch)
        self._gaps(batch)

    def _rejects(self, batch: Batch) -> None:
        for reject in batch.rejects:
            if reject.state == "open":
                self._telemetry.add("quarantined_records_total", source=reject.source, reason=reject.category)
                self._tell_of(reject)

    def _flags(self, batch: Batch) -> None:
        """Not what was over in the same batch: two sides of a market that came in two messages."""
        for flag in batch.flags.values():
            if flag.ended_at is None:
                said = {"source": flag.source, "category": flag.category}
                self._telemetry.add("market_flags_total", **said)
                self._telemetry.fact("market.flagged", **said, market=flag.source_market_id, detail=flag.detail)

    def _gaps(self, batch: Batch) -> None:
        for key, row in batch.coverage.items():
            if row.state != "gap":
                continue
            if key not in self._open:
                self._telemetry.add("source_gaps_total", source=row.source, reason=row.reason)
                self._telemetry.fact("source.gap", source=row.source, scope=f"{row.scope_kind} {row.scope_id}".strip(), reason=row.reason)
                self._open.add(key)
            if row.ended_at is not None:
                self._open.discard(key)

    def _tell_of(self, reject: RejectRow) -> None:
        where: dict[str, str | float] = {"offset": reject.offset, "path": reject.path, "record": str(reject.quarantine_id)}
        if reject.category == "bug":
            self._telemetry.fact(
                "bug.contained", source=reject.source, stage=reject.stage, reason=reject.reason, stack=reject.error, **where
            )
        else:
            self._telemetry.fact("frame.quarantined", source=reject.source, category=reject.category, reason=reject.reason, **where)
