"""The log of a real daemon: every line as the schema says, in the file and on stderr, with its context."""

import json
from pathlib import Path

from jsonschema import Draft202012Validator

from ingestd.testing.exchange.options import Options
from ingestd.testing.exchange.server import Exchange
from ingestd.testing.rig.daemon import daemon, following, until

SCHEMA = Path(__file__).parents[2] / "docs" / "log.schema.json"


def lines_of(path: Path) -> list[dict[str, object]]:
    """A log file."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


async def test_every_line(tmp_path: Path) -> None:
    """From start to stop: what it is about, in which run, for which source; the file has the areas' own levels."""
    offered = Exchange(Options(clock="wall", rate=50, heartbeat=0.2))
    log = {"format": "json", "file": str(tmp_path / "log" / "ingestd.log"), "levels": {"batch": "debug"}}
    async with offered.listening("127.0.0.1", 0) as url:
        settings = {**following(f"sqlite:///{tmp_path / 'odds.db'}", url), "log": log}
        async with daemon(tmp_path, settings) as process:
            await process.start()

            async def committed() -> bool:
                return process.said("batch.committed") and process.said("source.connected")

            await until(committed, "a batch is committed")
            assert await process.stop() == 0
            shown = [json.loads(line) for line in process.lines() if line.startswith("{")]
    kept = lines_of(tmp_path / "log" / "ingestd.log")
    assert kept == shown
    problems = Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))
    assert [error.message for line in kept for error in problems.iter_errors(line)] == []
    first = {line["event.action"]: line for line in reversed(kept)}
    assert {"daemon.started", "run.started", "source.connected", "batch.committed", "daemon.draining", "run.ended"} <= set(first)
    assert first["source.connected"]["labels.source"] == "exchange"
    run = first["run.started"]["trace.id"]
    assert (first["batch.committed"]["trace.id"], first["batch.committed"]["labels.job"]) == (run, "live")
    assert first["batch.committed"]["ingestd.position"] != 0
    assert "trace.id" not in first["daemon.started"]
