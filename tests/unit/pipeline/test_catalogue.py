"""What sources say of events: links, results, names."""

import pytest
from msgspec.structs import replace

from ingestd.batch import Batch, LinkRow, NamedRow, Refusal, ResultRow
from ingestd.model import SECOND, WHOLE, Fixture, Result, Run, hash64, selection
from ingestd.pipeline.catalogue import Catalogue, supersedes
from ingestd.pipeline.events import DAY
from ingestd.relations import AliasRow, Known, Wanted

T = 1_700_000_000 * SECOND
EVENT = hash64("event", "s", "e1")
FIXTURE = Fixture(
    source_event_id="e1",
    sport="tennis",
    name="A v B",
    league="Open",
    season="2026",
    home="A",
    away="B",
    starts_at=T + 9,
    changed_at=T,
)
RESULT = Result(source_event_id="e1", home_score=1, away_score=0, winner="home", state="provisional", changed_at=T)


def new_batch() -> Batch:
    """An empty one."""
    return Batch(run=Run(run_id=1, kind="live", source="", started_at=T), journal_id=1, position=0)


def told(catalogue: Catalogue, fixture: Fixture, at: int = T + 1) -> tuple[str, LinkRow | None]:
    """The outcome of a fixture on an ordered feed, and the row it wrote."""
    batch = new_batch()
    outcome = catalogue.fixture("s", fixture, at, "ordered", batch)
    return outcome, batch.links.get(("s", "e1"))


def test_fixture_is_written_with_its_names() -> None:
    """The link holds the source's words and the ids of league and teams, whose rows come along."""
    catalogue, batch = Catalogue(), new_batch()
    assert catalogue.fixture("s", FIXTURE, T + 1, "ordered", batch) == "changed"
    link = batch.links["s", "e1"]
    league, home, away = hash64("league", "tennis", "Open"), hash64("team", "tennis", "A"), hash64("team", "tennis", "B")
    assert (link.event_id, link.league_id, link.home_team_id, link.away_team_id) == (EVENT, league, home, away)
    assert (link.name, link.season, link.starts_at, link.status, link.changed_at, link.seq) == ("A v B", "2026", T + 9, "scheduled", T, 0)
    assert batch.leagues == {league: NamedRow(id=league, name="Open", sport="tennis")}
    assert batch.teams == {home: NamedRow(id=home, name="A", sport="tennis"), away: NamedRow(id=away, name="B", sport="tennis")}
    assert catalogue.starts_at("s", "e1") == T + 9


def test_fixture_said_again() -> None:
    """Duplicate by stamp, unchanged without; neither writes."""
    catalogue = Catalogue()
    told(catalogue, FIXTURE)
    assert told(catalogue, FIXTURE) == ("duplicate", None)
    assert told(catalogue, replace(FIXTURE, changed_at=T + 5)) == ("unchanged", None)
    assert told(catalogue, replace(FIXTURE, changed_at=None)) == ("unchanged", None)


def test_fixture_in_order_never_goes_back() -> None:
    """The later stamp stays, and seq tells equal ones apart."""
    catalogue = Catalogue()
    told(catalogue, FIXTURE)
    outcome, link = told(catalogue, replace(FIXTURE, name="A - B", changed_at=T - 5))
    assert (outcome, link and (link.name, link.changed_at, link.seq)) == ("changed", ("A - B", T, 1))
    outcome, link = told(catalogue, replace(FIXTURE, name="A / B", changed_at=T + 5))
    assert (outcome, link and (link.name, link.changed_at, link.seq)) == ("changed", ("A / B", T + 5, 0))


def test_what_a_fixture_does_not_repeat_stays() -> None:
    """A statement without names, league or start does not take away those told before; nor the kick-off once seen."""
    catalogue = Catalogue()
    told(catalogue, replace(FIXTURE, started_at=T + 10, started_by="in_play"))
    bare = Fixture(source_event_id="e1", sport="", name="", status="in_play", changed_at=T + 11)
    outcome, link = told(catalogue, bare)
    assert outcome == "changed"
    assert link is not None
    assert (link.sport, link.name, link.league, link.home, link.away, link.season) == ("tennis", "A v B", "Open", "A", "B", "2026")
    assert (link.league_id, link.home_team_id) == (hash64("league", "tennis", "Open"), hash64("team", "tennis", "A"))
    assert (link.starts_at, link.started_at, link.started_by, link.status) == (T + 9, T + 10, "in_play", "in_play")


def test_stamped_fixture() -> None:
    """An older statement is stale; the same one again is a duplicate; another of the same stamp comes after."""
    catalogue, batch = Catalogue(), new_batch()
    catalogue.fixture("s", FIXTURE, T, "stamped", batch)
    assert catalogue.fixture("s", replace(FIXTURE, name="x", changed_at=T - 1), T + 9, "stamped", batch) == "stale"
    assert catalogue.fixture("s", FIXTURE, T, "stamped", batch) == "duplicate"
    assert catalogue.fixture("s", replace(FIXTURE, name="x"), T + 9, "stamped", batch) == "changed"
    assert (batch.links["s", "e1"].name, batch.links["s", "e1"].seq) == ("x", 1)


@pytest.mark.parametrize(("stamp", "ordered", "stamped"), [(4, True, False), (5, True, True), (6, True, True)])
def test_supersedes(stamp: int, ordered: bool, stamped: bool) -> None:
    """Order of arrival decides for ordered feeds, the stamp for stamped ones."""
    assert (supersedes(stamp, 5, "ordered"), supersedes(stamp, 5, "stamped")) == (ordered, stamped)


def test_mention_makes_a_stub_once_and_a_fixture_fills_it() -> None:
    """An event known by its id alone exists, without a time that could outrank what is told later."""
    catalogue, batch = Catalogue(), new_batch()
    catalogue.mention("s", "e1", batch)
    assert batch.links == {("s", "e1"): LinkRow(source="s", source_event_id="e1", event_id=EVENT, state="stub")}
    catalogue.mention("s", "e1", again := new_batch())
    assert again == new_batch()
    outcome, link = told(catalogue, FIXTURE)
    assert (outcome, link and (link.changed_at, link.seq)) == ("changed", (T, 0))


def test_a_mention_does_not_undo_what_the_batch_holds() -> None:
    """An event long over is told, let go of by the sweep, and mentioned again before the batch is written."""
    catalogue, batch = Catalogue(), new_batch()
    catalogue.fixture("s", FIXTURE, T + 1, "ordered", batch)
    catalogue.forget("s", T + 10)
    catalogue.mention("s", "e1", batch)
    assert batch.links["s", "e1"].name == "A v B"


def test_a_learnt_link_is_never_decided_again() -> None:
    """What the store says an event is, it is."""
    catalogue = Catalogue()
    known = ResultRow("s", "e1", "", 1, 0, "home", "final", T)
    catalogue.start([LinkRow(source="s", source_event_id="e1", event_id=42, changed_at=T)], [known])
    assert catalogue.result("s", replace(RESULT, state="final"), T, "ordered", new_batch()) == "duplicate"
    assert told(catalogue, replace(FIXTURE, name="B v A"))[1].event_id == 42  # type: ignore[union-attr] # it was written


def test_result_and_its_correction() -> None:
    """Written once per period and source; a correction is later than what it corrects, whatever its stamp."""
    catalogue, batch = Catalogue(), new_batch()
    assert catalogue.result("s", RESULT, T, "ordered", batch) == "changed"
    assert ("s", "e1") in batch.links
    assert catalogue.result("s", RESULT, T, "ordered", batch) == "duplicate"
    assert catalogue.result("s", replace(RESULT, changed_at=None), T + 3, "ordered", batch) == "unchanged"
    final = replace(RESULT, state="final", home_score=2, changed_at=T - 3)
    assert catalogue.result("s", final, T + 4, "ordered", batch) == "changed"
    row = batch.results["s", "e1", ""]
    assert (row.home_score, row.away_score, row.winner, row.state, row.changed_at) == (2, 0, "home", "final", T + 1)
    assert catalogue.result("s", replace(RESULT, period="1"), T, "ordered", batch) == "changed"
    assert len(batch.results) == 2


def test_stamped_result_that_comes_late() -> None:
    """It is stale."""
    catalogue, batch = Catalogue(), new_batch()
    catalogue.result("s", RESULT, T, "stamped", batch)
    assert catalogue.result("s", replace(RESULT, home_score=9, changed_at=T - 1), T, "stamped", batch) == "stale"
    assert batch.results["s", "e1", ""].home_score == 1


def test_take_back_forgets_what_was_refused() -> None:
    """The next statement is written anew; other refusals do not concern it."""
    catalogue, batch = Catalogue(), new_batch()
    told(catalogue, FIXTURE)
    catalogue.result("s", RESULT, T, "ordered", batch)
    for refusal in (Refusal("event_links", ("x", "e1"), ""), Refusal("results", ("x", "e1", ""), ""), Refusal("teams", (7,), "")):
        catalogue.take_back(refusal)
    assert told(catalogue, FIXTURE)[0] == "duplicate"
    catalogue.take_back(Refusal("event_links", ("s", "e1"), ""))
    catalogue.take_back(Refusal("results", ("s", "e1", ""), ""))
    assert told(catalogue, FIXTURE)[0] == "changed"
    assert catalogue.result("s", RESULT, T, "ordered", batch) == "changed"


def test_forget_drops_old_events_of_one_source() -> None:
    """With their results; not those of other sources, nor those without a start."""
    catalogue, batch = Catalogue(), new_batch()
    for source in ("s", "t"):
        catalogue.fixture(source, FIXTURE, T, "ordered", batch)
        catalogue.result(source, RESULT, T, "ordered", batch)
    catalogue.mention("s", "e2", batch)
    catalogue.forget("s", T + 9)
    assert catalogue.starts_at("s", "e1") == T + 9
    catalogue.forget("s", T + 10)
    assert (catalogue.starts_at("s", "e1"), catalogue.starts_at("t", "e1")) == (None, T + 9)
    assert catalogue.result("t", RESULT, T, "ordered", batch) == "duplicate"
    assert catalogue.result("s", RESULT, T, "ordered", batch) == "changed"
    catalogue.mention("s", "e2", again := new_batch())
    assert again.links == {}


SPORTS = Fixture(source_event_id="m", sport="soccer", name="A v B", league="EPL", home="Man Utd", away="Leeds", starts_at=T, changed_at=T)
LINK = LinkRow(
    source="t", source_event_id="9", event_id=77, sport="football", league="Premier League", name="", home="Manchester United",
    away="Leeds United", starts_at=T, changed_at=T,
)  # fmt: skip


def level(*links: LinkRow, revision: int = 1, aliases: tuple[AliasRow, ...] = ()) -> Catalogue:
    """A catalogue that learnt these from the store."""
    catalogue = Catalogue()
    catalogue.learn(Known(revision, list(links), list(aliases)), Wanted(-1, spans=((0, 30_000 * DAY),)))
    return catalogue


def test_a_fixture_joins_what_another_source_told_of() -> None:
    """By its names here, and with those; decided once: what comes later changes its words and no more."""
    catalogue, batch = level(LINK), new_batch()
    assert catalogue.fixture("s", SPORTS, T, "ordered", batch) == "changed"
    row = batch.links["s", "m"]
    assert (row.event_id, row.state, row.sport, row.home) == (77, "auto", "football", "Man Utd")
    assert batch.teams[row.home_team_id or 0].name == "Manchester United"
    assert row.home_team_id == hash64("team", "football", "Manchester United")
    catalogue.fixture("s", replace(SPORTS, home="Everton", changed_at=T + 1), T + 1, "ordered", batch)
    assert (batch.links["s", "m"].event_id, batch.links["s", "m"].home) == (77, "Everton")
    assert catalogue.states()["auto"] == 2


def test_a_stub_is_linked_once_its_fixture_comes() -> None:
    """Prices may come first; then the words that were missing; a live child waits for its parent and goes with it."""
    catalogue, batch = level(LINK), new_batch()
    catalogue.mention("s", "m", batch)
    assert batch.links["s", "m"].state == "stub"
    catalogue.fixture("s", replace(SPORTS, source_event_id="live", parent="m"), T, "ordered", batch)
    catalogue.fixture("s", replace(SPORTS, starts_at=None), T, "ordered", batch)
    assert [(row.source_event_id, row.state, row.event_id) for _, row in sorted(batch.links.items())] == [
        ("live", "stub", hash64("event", "s", "m")),
        ("m", "stub", hash64("event", "s", "m")),
    ]
    catalogue.fixture("s", replace(SPORTS, home="", away="", name="", changed_at=T + 1), T + 1, "ordered", later := new_batch())
    assert [(row.source_event_id, row.state, row.event_id) for _, row in sorted(later.links.items())] == [
        ("live", "auto", 77),
        ("m", "auto", 77),
    ]
    assert later.links["s", "live"].seq == 1


def test_what_the_store_says_is_right() -> None:
    """A link that another process decided meanwhile is that, and a person's alias counts from then on."""
    catalogue, batch = level(LINK), new_batch()
    catalogue.fixture("s", SPORTS, T, "ordered", batch)
    moved = replace(batch.links["s", "m"], event_id=5, state="confirmed")
    alias = AliasRow("team", "s", "football", "Man Utd", 1, "", flipped=False, score=1.0, name="Reds")
    catalogue.learn(Known(2, [moved], [alias], {"t": 0}), Wanted(1))
    assert catalogue.wanted([("s", SPORTS)]).revision == 2
    catalogue.fixture("s", replace(SPORTS, status="in_play", changed_at=T + 1), T + 1, "ordered", batch)
    row = batch.links["s", "m"]
    assert (row.event_id, row.state, batch.teams[row.home_team_id or 0].name) == (5, "confirmed", "Reds")


def test_a_run_of_old_files_does_not_answer_for_today() -> None:
    """What the store has of the same link decides which event it is, never what this run says of it, nor what is new in it."""
    known = replace(LINK, source="s", source_event_id="m", status="finished", changed_at=T + 9)
    catalogue, batch = level(known), new_batch()
    assert catalogue.fixture("s", SPORTS, T, "ordered", batch) == "changed"
    row = batch.links["s", "m"]
    assert (row.event_id, row.status, row.changed_at, row.seq) == (77, "scheduled", T, 0)


def test_what_is_wanted() -> None:
    """Of what is not decided: its key, its parent's, and the days that are not held yet."""
    catalogue = level(LINK)
    wanted = catalogue.wanted([("t", replace(SPORTS, source_event_id="9")), ("s", replace(SPORTS, parent="p"))])
    assert (wanted.keys, wanted.spans) == (frozenset({("s", "m"), ("s", "p")}), ())
    catalogue.forget("s", T - 100 * DAY)
    far = catalogue.wanted([("s", replace(SPORTS, starts_at=T - 200 * DAY))])
    ((start, end),) = far.spans
    assert start < T - 200 * DAY < end
    assert (end - start) // DAY in (7, 8, 9)


def test_forget_drops_what_nobody_here_looks_at() -> None:
    """Links of other sources go when all of this run's are beyond them."""
    catalogue, batch = level(LINK), new_batch()
    for source in ("s", "u"):
        catalogue.fixture(source, SPORTS, T, "ordered", batch)
        catalogue.forget(source, T - 1)
    catalogue.forget("s", T + 1)
    assert catalogue.states().total() == 2
    catalogue.forget("u", T + 1)
    assert catalogue.states().total() == 0


def test_a_start_that_is_moved_behind_the_kick_off_takes_it_back() -> None:
    """An abandoned match that is played another day; a start told again does not."""
    catalogue = Catalogue()
    begun = replace(FIXTURE, started_at=T + 10, started_by="in_play")
    told(catalogue, begun)
    _, link = told(catalogue, replace(FIXTURE, status="in_play", changed_at=T + 11))
    assert link is not None
    assert link.started_at == T + 10
    _, link = told(catalogue, replace(FIXTURE, starts_at=T + DAY, status="postponed", changed_at=T + 12))
    assert link is not None
    assert (link.started_at, link.started_by, link.starts_at) == (None, "", T + DAY)
    _, link = told(catalogue, replace(FIXTURE, starts_at=T + DAY, started_at=T + DAY - 5, started_by="status", changed_at=T + 13))
    assert link is not None
    assert (link.started_at, link.started_by) == (T + DAY - 5, "status")


def test_a_bookmaker_is_called_as_here() -> None:
    """A selection read back from the store is the same, though it has that name by then."""
    raw = selection("s", ("a",), bookmaker="williamhill", source_event_id="e", source_market_id="m", scope=WHOLE, market="w", outcome="o")
    catalogue, batch = Catalogue(), new_batch()
    key = catalogue.bookmaker(raw, batch)
    assert batch.bookmakers[key].name == "William Hill"
    assert catalogue.same(replace(raw, bookmaker="William Hill"), raw)
    assert not catalogue.same(replace(raw, bookmaker="William Hill", outcome="x"), raw)


def test_a_source_that_leaves() -> None:
    """What it said is let go of, and holds nobody else back; which event is which stays known."""
    catalogue = Catalogue()
    told(catalogue, FIXTURE)
    catalogue.result("s", RESULT, T, "ordered", new_batch())
    catalogue.fixture("other", FIXTURE, T, "ordered", new_batch())
    catalogue.leave("s")
    assert (catalogue.starts_at("s", "e1"), catalogue.starts_at("other", "e1")) == (None, T + 9)
    assert catalogue.states().total() == 2
    assert catalogue.result("s", RESULT, T, "ordered", new_batch()) == "changed"
