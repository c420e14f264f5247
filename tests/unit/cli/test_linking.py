"""``ingestd events``: what people see and decide."""

import asyncio
import json
from pathlib import Path
from typing import Protocol

import pytest

from ingestd.clock import SystemClock
from ingestd.model import hash64
from ingestd.store import open_store
from ingestd.testing.batches import T0, World
from tests.conftest import Command

OWN = hash64("event", "demo", "e1")


class Said(Protocol):
    """``ingestd events`` with these words, which end with this exit code: what it printed."""

    def __call__(self, *words: str, code: int = 0) -> str: ...


async def fill(url: str) -> None:
    """An event of one source, and one of another that may be it, told the other way round."""
    store = open_store(url, "public", SystemClock())
    await store.prepare()
    world = World()
    await world.begin(store)
    batch = world.batch()
    turned = World(source="other").link("x", home="Blues", away="Reds", state="review", score=0.7, candidate_id=OWN)
    for link in (world.link("e1"), turned):
        batch.links[link.source, link.source_event_id] = link
        world.name(batch, link)
    await store.write(batch)
    await store.close()


@pytest.fixture
def said(command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Said:
    """``ingestd events WORDS`` on a store with an event and a doubt: what it printed, with the exit code that is expected."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("INGESTD_STORE_URL", f"sqlite:///{tmp_path / 'events.db'}")
    asyncio.run(fill(f"sqlite:///{tmp_path / 'events.db'}"))

    def call(*words: str, code: int = 0) -> str:
        answer = command("events", *words)
        assert answer.code == code, answer.err
        return answer.err if code else answer.out

    return call


def test_list_and_show(said: Said) -> None:
    """Times in UTC, what each source says, why, and the same as JSON."""
    lines = said("list").splitlines()
    assert f"{OWN}  2023-11-14 23:13:20 UTC  Premier  Reds v Blues" in lines
    assert "    demo:e1  auto 1.00  Reds v Blues" in lines
    assert said("list", "nobody") == "no such event\n"
    assert [event["event_id"] for event in json.loads(said("list", "--json", "--state", "auto"))] == [OWN]
    shown = said("show", "demo:e1")
    assert "    football    scheduled\n" in shown
    assert "        Premier, 2023-11-14 23:13:20 UTC, scheduled, told 2023-11-14 22:13:20 UTC\n" in shown
    assert json.loads(said("show", str(OWN), "--json"))["event"]["event_id"] == OWN
    assert "no event demo:zz" in said("show", "demo:zz", code=78)


def test_review(said: Said) -> None:
    """Says what may be what, and what to type; once decided there is nothing left."""
    told = said("review")
    assert told.startswith("0.70  other:x  Blues v Reds  Premier  2023-11-14 23:13:20 UTC\n")
    assert f"may be  {OWN}" in told
    assert "ingestd events confirm other:x   or   ingestd events reject other:x" in told
    confirmed = said("confirm", "other:x", "--note", "same stadium")
    assert (
        "confirm  other:x: from the event of other:x (review) to that of demo:e1 (confirmed, the other way round)  (same stadium)"
        in confirmed
    )
    assert said("review") == "nothing to decide\n"
    (event,) = json.loads(said("list", "--json"))
    assert [(link["state"], link["flipped"]) for link in event["links"]] == [("auto", False), ("confirmed", True)]
    undone = said("undo", confirmed.split()[0])
    assert "other:x: from the event of demo:e1 (confirmed) to that of other:x (review)" in undone
    said("reject", "other:x")
    assert json.loads(said("list", "--json", "--state", "rejected"))[0]["links"][0]["source"] == "other"


def test_link_merge_unlink(said: Said) -> None:
    """By ids and by links; which way round they are is seen from the names, or said."""
    linked = json.loads(said("link", "other:x", str(OWN), "--json"))
    assert [(row["subject"], row["now"], row["now_flipped"], row["decided_by"] != "") for row in linked] == [
        ("x", "e1", 1, True),
        ("e1", "e1", 0, True),
    ]
    assert "is in that event already" in said("link", "other:x", "demo:e1", code=78)
    said("unlink", "other:x")
    merged = json.loads(said("merge", "demo:e1", "other:x", "--straight", "--json"))
    assert (merged[0]["action"], merged[0]["now_flipped"]) == ("merge", 0)
    assert "names no link" in said("unlink", "x", code=78)
    listed = said("decisions", "list").splitlines()
    assert [line.split()[5] for line in listed if "stays with" not in line] == ["link", "unlink", "merge"]


def test_alias(said: Said) -> None:
    """A sport is any word for it; a bookmaker has none; only names have aliases."""
    assert "team 'Reds' of demo: 'Reds' -> 'Crimson'" in said("alias", "team", "demo", "Reds", "Crimson", "--sport", "soccer")
    assert "Crimson v Blues" in said("list")
    assert "a team or a league has one" in said("alias", "team", "demo", "Reds", "Crimson", code=78)
    assert "a bookmaker has none" in said("alias", "bookmaker", "demo", "B", "C", "--sport", "football", code=78)
    assert "write one of team, league, bookmaker" in said("alias", "event", "demo", "Reds", "Crimson", code=78)


def test_export_and_import(said: Said, tmp_path: Path) -> None:
    """A line for each link that a decision concerns; what is no such line is told with its file."""
    said("unlink", "other:x")
    exported = tmp_path / "decisions.jsonl"
    exported.write_text(said("decisions", "export"))
    assert json.loads(exported.read_text().splitlines()[0])["decided_at"] > T0
    assert said("decisions", "import", str(exported)) == "0 of 1 decisions are new, and in force\n"
    assert json.loads(said("decisions", "import", str(exported), "--json")) == {"decisions": 1, "taken": 0}
    exported.write_text("dear friend")
    assert "ingestd events decisions export writes" in said("decisions", "import", str(exported), code=78)
