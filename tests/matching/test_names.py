"""Teams as football-data.co.uk and as The Odds API name them are the same teams, with nothing but the shipped lists."""

import csv
import io
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from ingestd.pipeline.matching import canonical_bookmaker, canonical_league, canonical_team
from ingestd.pipeline.matching.canonical import find_sport
from ingestd.pipeline.matching.leagues import find_league
from ingestd.pipeline.matching.naming import parse
from ingestd.sources.feeds.football_data.columns import BOOKS

DATA: Final = Path(os.environ.get("INGESTD_DATA") or Path(__file__).parents[3] / "shared" / "data")
TABLES: Final = sorted((DATA / "football_data_co_uk").glob("*.csv"))
ANSWERS: Final = sorted((DATA / "the_odds_api").rglob("*.json"))
EVENTS: Final = DATA / "odds_api_io" / "events.json"
SCRAPED: Final = DATA / "oddsportal_scrape" / "epl_1x2_ou.json"
NAMES: Final = list(csv.DictReader((Path(__file__).parent / "names.csv").read_text(encoding="utf-8").splitlines()))
recorded = pytest.mark.skipif(not TABLES or not ANSWERS, reason=f"no recordings in {DATA} (INGESTD_DATA names the folder)")


@pytest.mark.parametrize("row", NAMES, ids=lambda row: f"{row['league']} {row['football_data']}")
def test_both_name_one_team(row: dict[str, str]) -> None:
    """As it stands in the list, whether the league is told or not."""
    team = canonical_team("football", row["football_data"], row["league"])
    assert canonical_team("soccer", row["the_odds_api"]) == canonical_team("soccer", row["the_odds_api"], row["league"]) == team
    assert len(parse("football", us=False, name=row["football_data"]).teams) == 1


def test_two_teams_stay_two() -> None:
    """No list is so generous that teams become one."""
    teams = [canonical_team("football", row["football_data"]) for row in NAMES]
    assert len(set(teams)) == len(NAMES)
    assert sum(row["league"] == "E0" for row in NAMES) >= 30


def tables() -> Iterator[tuple[str, dict[str, str]]]:
    """League and match of every file of football-data.co.uk; names of teams are ASCII in all of them."""
    for path in TABLES:
        text = path.read_text(encoding="utf-8-sig", errors="replace")
        for row in csv.DictReader(io.StringIO(text)):
            yield row.get("Div") or f"{row.get('Country', '')} {row.get('League', '')}".strip(), row


def named(league: str) -> set[str]:
    """Every team of a league by its name in the list."""
    found = (row.get(column) or "" for said, row in tables() if said == league for column in ("HomeTeam", "AwayTeam", "Home", "Away"))
    return {canonical_team("football", name, league) for name in found if name}


def asked(node: object) -> Iterator[tuple[str, str]]:
    """Sport key and team of every event in an answer of The Odds API, whatever is around it."""
    if isinstance(node, dict):
        for team in (node.get("home_team"), node.get("away_team"), *(node.get("teams") or ())):
            if team and "sport_key" in node:
                yield node["sport_key"], team
        for below in node.values():
            yield from asked(below)
    elif isinstance(node, list):
        for below in node:
            yield from asked(below)


def listed(key: str, team: str) -> int:
    """How many teams of the list a name of The Odds API may mean."""
    sport = find_sport(key.partition("_")[0])
    return len(parse(sport.name, sport.us, team, find_league(sport.name, key).group).teams)


@recorded
def test_every_team_of_football_data_is_listed() -> None:
    """All 21 files: each name is exactly one team, and only spellings of one club fall together."""
    by_league: dict[str, set[str]] = {}
    for league, row in tables():
        by_league.setdefault(league, set()).update(row[key] for key in ("HomeTeam", "AwayTeam", "Home", "Away") if row.get(key))
    names = {(league, name) for league, of_league in by_league.items() if league for name in of_league}
    groups = {league: find_league("football", league).group for league in by_league}
    assert len(names) > 300
    assert [name for league, name in sorted(names) if len(parse("football", us=False, name=name, group=groups[league]).teams) != 1] == []
    for league, of_league in by_league.items():
        assert len({canonical_team("football", name, league) for name in of_league}) == len(of_league - {"Ham-Kam"}), league


@recorded
def test_every_team_of_the_odds_api_is_listed() -> None:
    """Every recorded answer, of every sport."""
    found = {pair for path in ANSWERS for pair in asked(json.loads(path.read_text(encoding="utf-8")))}
    known = {(key, team): canonical_team(key.partition("_")[0], team, key) for key, team in found}
    assert len(found) > 130
    assert [pair for pair in sorted(found) if listed(*pair) != 1] == []
    leagues = {key: canonical_league(key.partition("_")[0], key) for key, _ in found}
    assert [key for key, league in leagues.items() if league == key] == []
    assert {canonical_team("football", team, "G1") for key, team in found if key == "soccer_greece_super_league"} <= named("G1")
    turkish = {known[key, team] for key, team in found if key == "soccer_turkey_super_league"}
    assert turkish - {"Fatih Karagümrük"} <= named("T1"), "the file is of a season without Karagümrük"


@recorded
def test_others_name_the_same_premier_league() -> None:
    """Odds-API.io and OddsPortal, too."""
    said = [(event["home"], event["away"], event["league"]["name"]) for event in json.loads(EVENTS.read_text(encoding="utf-8"))]
    said += [(match["home_team"], match["away_team"], match["league_name"]) for match in json.loads(SCRAPED.read_text(encoding="utf-8"))]
    leagues = {canonical_league("football", league) for _, _, league in said}
    assert leagues == {canonical_league("football", "E0")}
    assert {canonical_team("football", team, league) for home, away, league in said for team in (home, away)} <= named("E0")


def test_bookmakers() -> None:
    """A code of football-data.co.uk and the name that our feed gives it are one bookmaker; so are The Odds API's keys and titles."""
    assert [code for code, name in BOOKS.items() if canonical_bookmaker(code) != canonical_bookmaker(name)] == []
    keys = {
        "betfair_ex_uk": "BFE",
        "betvictor": "VC",
        "coral": "CL",
        "ladbrokes_uk": "LB",
        "onexbet": "1XB",
        "pinnacle": "PS",
        "williamhill": "WH",
        "unibet_eu": "Unibet.fr",
        "draftkings": "DraftKings",
    }
    assert {key: canonical_bookmaker(key) for key in keys} == {key: canonical_bookmaker(name) for key, name in keys.items()}
