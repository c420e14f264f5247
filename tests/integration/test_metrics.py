"""The real daemon under load, from what it says of itself: every scrape balances, alone and against the one before."""

from pathlib import Path
from typing import Final

from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse

from ingestd.testing.exchange.process import control, started
from ingestd.testing.rig.daemon import SOURCE, DaemonProcess, daemon, following, until
from ingestd.testing.rig.kills import finished
from ingestd.testing.rig.scrape import Page, fallen, in_flight, unbalanced

EXCHANGE: Final = {"rate": 0, "limit": 20_000, "disorder": {"duplicate": 0.02, "malformed": 0.002, "absurd": 0.01}}
"""As fast as the daemon reads, with something of everything that updates may become."""
LOADED: Final = f'frames_loaded_total{{source="{SOURCE}"}}'
LOOKS: Final = 6
"""Scrapes between which something was committed."""
MORE: Final = 2_000


async def scraped(process: DaemonProcess) -> list[Page]:
    """Scrapes one behind the other, each looked at, until enough was committed between them, or nothing is left."""
    pages: list[Page] = []

    async def enough() -> bool:
        page = await process.metrics()
        assert unbalanced(page, SOURCE) == []
        assert not pages or fallen(pages[-1], page) == []
        pages.append(page)
        seen = {one[LOADED] for one in pages if LOADED in one}
        return len(seen) >= LOOKS or (bool(page.get(LOADED)) and in_flight(page, SOURCE) == 0)

    await until(enough, "frames are loaded while we look")
    return pages


async def test_every_scrape_balances(store_url: str, tmp_path: Path) -> None:
    """While it loads, over a kill and a restart, and once all is loaded: the frames, and the updates in them."""
    async with started(EXCHANGE) as exchange, daemon(tmp_path, {**following(store_url, exchange.url), "batch": {"rows": 200}}) as process:
        await process.start()
        pages = await scraped(process)
        assert max(in_flight(page, SOURCE) for page in pages) > 0
        await process.kill()

        await process.start()
        again = await scraped(process)
        assert next(page[LOADED] for page in again if LOADED in page) >= pages[-1][LOADED]

        await finished(process, exchange.url, (await control(exchange.url, "status")).n + MORE)

        async def drained() -> bool:
            return in_flight(await process.metrics(), SOURCE) == 0

        await until(drained, "all that is in the journal is in the store")
        (last,) = [page for page in await scraped(process) if in_flight(page, SOURCE) == 0][-1:]
        assert fallen(again[-1], last) == []
        outcomes = {name for name, value in last.items() if name.startswith("transformed_records_total") and value}
        assert len(outcomes) >= 4, outcomes


async def test_openmetrics(store_url: str, tmp_path: Path) -> None:
    """Whoever asks for OpenMetrics gets it, whole, and by the rules of that form's own parser."""
    async with started({"rate": 500}) as exchange, daemon(tmp_path / "daemon", following(store_url, exchange.url)) as process:
        await process.start()
        await until(lambda: _loaded(process), "something is loaded")
        text = await process.page("/metrics", accept="application/openmetrics-text; version=1.0.0")
        families = {family.name: family for family in parse(text[1])}  # type: ignore[no-untyped-call] # its own
        assert families["ingestd_frames_loaded"].type == "counter"
        assert not [sample for family in families.values() for sample in family.samples if sample.name.endswith("_created")]


async def _loaded(process: DaemonProcess) -> bool:
    return (await process.metrics()).get(LOADED, 0) > 0
