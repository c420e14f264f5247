CREATE TABLE aliases (
    kind TEXT NOT NULL,
    source TEXT NOT NULL,
    sport TEXT NOT NULL,
    alias TEXT NOT NULL,
    stands_for INTEGER NOT NULL,
    state TEXT DEFAULT '' NOT NULL,
    flipped INTEGER DEFAULT 0 NOT NULL,
    score REAL NOT NULL,
    decided_by TEXT DEFAULT '' NOT NULL,
    decided_at INTEGER NOT NULL,
    CONSTRAINT aliases_pkey PRIMARY KEY (kind, source, sport, alias)
)
 STRICT;

CREATE TABLE bookmakers (
    id INTEGER NOT NULL,
    name TEXT DEFAULT '' NOT NULL,
    kind TEXT DEFAULT '' NOT NULL,
    CONSTRAINT bookmakers_pkey PRIMARY KEY (id)
)
 STRICT;

CREATE TABLE coverage (
    source TEXT NOT NULL,
    scope_kind TEXT NOT NULL,
    scope_id TEXT NOT NULL,
    began_at INTEGER NOT NULL,
    ended_at INTEGER,
    seen_until INTEGER NOT NULL,
    state TEXT DEFAULT '' NOT NULL,
    reason TEXT DEFAULT '' NOT NULL,
    repaired_by TEXT DEFAULT '' NOT NULL,
    CONSTRAINT coverage_pkey PRIMARY KEY (source, scope_kind, scope_id, began_at)
)
 STRICT;

CREATE INDEX coverage_open_idx ON coverage (source, scope_kind, scope_id) WHERE ended_at IS NULL;

CREATE INDEX coverage_source_scope_kind_scope_id_ended_at_idx ON coverage (source, scope_kind, scope_id, ended_at);

CREATE TABLE decisions (
    decision_id TEXT NOT NULL,
    place INTEGER NOT NULL,
    decided_at INTEGER NOT NULL,
    decided_by TEXT DEFAULT '' NOT NULL,
    action TEXT DEFAULT '' NOT NULL,
    kind TEXT DEFAULT '' NOT NULL,
    source TEXT DEFAULT '' NOT NULL,
    sport TEXT DEFAULT '' NOT NULL,
    subject TEXT DEFAULT '' NOT NULL,
    was_source TEXT DEFAULT '' NOT NULL,
    was TEXT DEFAULT '' NOT NULL,
    was_state TEXT DEFAULT '' NOT NULL,
    was_flipped INTEGER DEFAULT 0 NOT NULL,
    now_source TEXT DEFAULT '' NOT NULL,
    now TEXT DEFAULT '' NOT NULL,
    now_state TEXT DEFAULT '' NOT NULL,
    now_flipped INTEGER DEFAULT 0 NOT NULL,
    undoes TEXT DEFAULT '' NOT NULL,
    note TEXT DEFAULT '' NOT NULL,
    CONSTRAINT decisions_pkey PRIMARY KEY (decision_id, place)
)
 STRICT;

CREATE INDEX decisions_decided_at_idx ON decisions (decided_at);

CREATE TABLE journals (
    journal_id INTEGER NOT NULL,
    uid TEXT DEFAULT '' NOT NULL,
    path TEXT DEFAULT '' NOT NULL,
    created_at INTEGER NOT NULL,
    CONSTRAINT journals_pkey PRIMARY KEY (journal_id),
    CONSTRAINT journals_uid_key UNIQUE (uid)
)
 STRICT;

CREATE TABLE leagues (
    id INTEGER NOT NULL,
    sport TEXT DEFAULT '' NOT NULL,
    name TEXT DEFAULT '' NOT NULL,
    CONSTRAINT leagues_pkey PRIMARY KEY (id)
)
 STRICT;

CREATE TABLE precedence (
    source TEXT NOT NULL,
    place INTEGER NOT NULL,
    CONSTRAINT precedence_pkey PRIMARY KEY (source)
)
 STRICT;

CREATE TABLE quarantine (
    quarantine_id INTEGER NOT NULL,
    source TEXT DEFAULT '' NOT NULL,
    stage TEXT DEFAULT '' NOT NULL,
    category TEXT DEFAULT '' NOT NULL,
    severity TEXT DEFAULT '' NOT NULL,
    reason TEXT DEFAULT '' NOT NULL,
    journal_offset INTEGER NOT NULL,
    path TEXT DEFAULT '' NOT NULL,
    decoded TEXT DEFAULT '' NOT NULL,
    error TEXT DEFAULT '' NOT NULL,
    count INTEGER DEFAULT 0 NOT NULL,
    first_at INTEGER NOT NULL,
    last_at INTEGER NOT NULL,
    attempts INTEGER DEFAULT 0 NOT NULL,
    state TEXT DEFAULT 'open' NOT NULL,
    CONSTRAINT quarantine_pkey PRIMARY KEY (quarantine_id)
)
 STRICT;

CREATE INDEX quarantine_state_source_idx ON quarantine (state, source);

CREATE TABLE revisions (
    subject TEXT NOT NULL,
    revision INTEGER NOT NULL,
    CONSTRAINT revisions_pkey PRIMARY KEY (subject)
)
 STRICT;

CREATE TABLE runs (
    run_id INTEGER NOT NULL,
    source TEXT DEFAULT '' NOT NULL,
    kind TEXT DEFAULT '' NOT NULL,
    started_at INTEGER NOT NULL,
    ended_at INTEGER,
    status TEXT DEFAULT '' NOT NULL,
    counts TEXT DEFAULT '' NOT NULL,
    error TEXT DEFAULT '' NOT NULL,
    CONSTRAINT runs_pkey PRIMARY KEY (run_id)
)
 STRICT;

CREATE TABLE sources (
    source TEXT NOT NULL,
    feed TEXT DEFAULT '' NOT NULL,
    state TEXT DEFAULT '' NOT NULL,
    since INTEGER NOT NULL,
    reason TEXT DEFAULT '' NOT NULL,
    last_received_at INTEGER NOT NULL,
    last_changed_at INTEGER NOT NULL,
    alive_at INTEGER NOT NULL,
    silence_limit INTEGER DEFAULT 0 NOT NULL,
    counters TEXT DEFAULT '' NOT NULL,
    CONSTRAINT sources_pkey PRIMARY KEY (source)
)
 STRICT;

CREATE TABLE teams (
    id INTEGER NOT NULL,
    sport TEXT DEFAULT '' NOT NULL,
    name TEXT DEFAULT '' NOT NULL,
    CONSTRAINT teams_pkey PRIMARY KEY (id)
)
 STRICT;

CREATE TABLE checkpoints (
    reader TEXT NOT NULL,
    journal_id INTEGER NOT NULL,
    position INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    fence INTEGER NOT NULL,
    CONSTRAINT checkpoints_pkey PRIMARY KEY (reader, journal_id),
    CONSTRAINT checkpoints_journal_id_fkey FOREIGN KEY(journal_id) REFERENCES journals (journal_id)
)
 STRICT;

CREATE TABLE events (
    event_id INTEGER NOT NULL,
    sport TEXT DEFAULT '' NOT NULL,
    league_id INTEGER,
    season TEXT DEFAULT '' NOT NULL,
    home_team_id INTEGER,
    away_team_id INTEGER,
    name TEXT DEFAULT '' NOT NULL,
    starts_at INTEGER,
    started_at INTEGER,
    started_by TEXT DEFAULT '' NOT NULL,
    status TEXT DEFAULT '' NOT NULL,
    CONSTRAINT events_pkey PRIMARY KEY (event_id),
    CONSTRAINT events_league_id_fkey FOREIGN KEY(league_id) REFERENCES leagues (id),
    CONSTRAINT events_home_team_id_fkey FOREIGN KEY(home_team_id) REFERENCES teams (id),
    CONSTRAINT events_away_team_id_fkey FOREIGN KEY(away_team_id) REFERENCES teams (id)
)
 STRICT;

CREATE TABLE incidents (
    id INTEGER NOT NULL,
    source TEXT DEFAULT '' NOT NULL,
    stage TEXT DEFAULT '' NOT NULL,
    category TEXT DEFAULT '' NOT NULL,
    severity TEXT DEFAULT '' NOT NULL,
    first_at INTEGER NOT NULL,
    last_at INTEGER NOT NULL,
    count INTEGER DEFAULT 0 NOT NULL,
    message TEXT DEFAULT '' NOT NULL,
    run_id INTEGER,
    CONSTRAINT incidents_pkey PRIMARY KEY (id),
    CONSTRAINT incidents_run_id_fkey FOREIGN KEY(run_id) REFERENCES runs (run_id)
)
 STRICT;

CREATE TABLE event_links (
    source TEXT NOT NULL,
    source_event_id TEXT NOT NULL,
    event_id INTEGER NOT NULL,
    score REAL DEFAULT 1 NOT NULL,
    state TEXT DEFAULT 'auto' NOT NULL,
    flipped INTEGER DEFAULT 0 NOT NULL,
    parent TEXT DEFAULT '' NOT NULL,
    candidate_id INTEGER,
    evidence TEXT DEFAULT '' NOT NULL,
    revision INTEGER DEFAULT 0 NOT NULL,
    sport TEXT DEFAULT '' NOT NULL,
    league TEXT DEFAULT '' NOT NULL,
    league_id INTEGER,
    season TEXT DEFAULT '' NOT NULL,
    name TEXT DEFAULT '' NOT NULL,
    home TEXT DEFAULT '' NOT NULL,
    away TEXT DEFAULT '' NOT NULL,
    home_team_id INTEGER,
    away_team_id INTEGER,
    starts_at INTEGER,
    started_at INTEGER,
    started_by TEXT DEFAULT '' NOT NULL,
    status TEXT DEFAULT '' NOT NULL,
    changed_at INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    CONSTRAINT event_links_pkey PRIMARY KEY (source, source_event_id),
    CONSTRAINT event_links_event_id_fkey FOREIGN KEY(event_id) REFERENCES events (event_id),
    CONSTRAINT event_links_league_id_fkey FOREIGN KEY(league_id) REFERENCES leagues (id),
    CONSTRAINT event_links_home_team_id_fkey FOREIGN KEY(home_team_id) REFERENCES teams (id),
    CONSTRAINT event_links_away_team_id_fkey FOREIGN KEY(away_team_id) REFERENCES teams (id)
)
 STRICT;

CREATE INDEX event_links_event_id_idx ON event_links (event_id);

CREATE INDEX event_links_revision_idx ON event_links (revision);

CREATE INDEX event_links_starts_at_idx ON event_links (starts_at);

CREATE TABLE markets (
    source TEXT NOT NULL,
    source_market_id TEXT NOT NULL,
    source_event_id TEXT DEFAULT '' NOT NULL,
    market TEXT DEFAULT '' NOT NULL,
    period TEXT DEFAULT '' NOT NULL,
    status TEXT DEFAULT '' NOT NULL,
    changed_at INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    CONSTRAINT markets_pkey PRIMARY KEY (source, source_market_id),
    CONSTRAINT markets_source_source_event_id_fkey FOREIGN KEY(source, source_event_id) REFERENCES event_links (source, source_event_id)
)
 STRICT;

CREATE INDEX markets_source_source_event_id_idx ON markets (source, source_event_id);

CREATE TABLE results (
    source TEXT NOT NULL,
    source_event_id TEXT NOT NULL,
    period TEXT NOT NULL,
    home_score INTEGER,
    away_score INTEGER,
    winner TEXT DEFAULT '' NOT NULL,
    state TEXT DEFAULT '' NOT NULL,
    changed_at INTEGER NOT NULL,
    CONSTRAINT results_pkey PRIMARY KEY (source, source_event_id, period),
    CONSTRAINT results_source_source_event_id_fkey FOREIGN KEY(source, source_event_id) REFERENCES event_links (source, source_event_id)
)
 STRICT;

CREATE TABLE selections (
    selection_id INTEGER NOT NULL,
    identity TEXT DEFAULT '' NOT NULL,
    source TEXT DEFAULT '' NOT NULL,
    bookmaker_id INTEGER NOT NULL,
    source_event_id TEXT DEFAULT '' NOT NULL,
    source_market_id TEXT DEFAULT '' NOT NULL,
    scope_kind TEXT DEFAULT '' NOT NULL,
    scope_id TEXT DEFAULT '' NOT NULL,
    market TEXT DEFAULT '' NOT NULL,
    period TEXT DEFAULT '' NOT NULL,
    outcome TEXT DEFAULT '' NOT NULL,
    participant TEXT DEFAULT '' NOT NULL,
    side TEXT DEFAULT '' NOT NULL,
    first_seen_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    CONSTRAINT selections_pkey PRIMARY KEY (selection_id),
    CONSTRAINT selections_source_source_market_id_fkey FOREIGN KEY(source, source_market_id) REFERENCES markets (source, source_market_id),
    CONSTRAINT selections_source_source_event_id_fkey FOREIGN KEY(source, source_event_id) REFERENCES event_links (source, source_event_id),
    CONSTRAINT selections_bookmaker_id_fkey FOREIGN KEY(bookmaker_id) REFERENCES bookmakers (id)
)
 STRICT;

CREATE INDEX selections_source_source_event_id_idx ON selections (source, source_event_id);

CREATE INDEX selections_source_source_market_id_idx ON selections (source, source_market_id);

CREATE TABLE odds (
    selection_id INTEGER NOT NULL,
    price REAL,
    line REAL,
    size REAL,
    own_status TEXT DEFAULT '' NOT NULL,
    result TEXT DEFAULT '' NOT NULL,
    changed_at INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    time_basis TEXT DEFAULT '' NOT NULL,
    received_at INTEGER NOT NULL,
    committed_at INTEGER NOT NULL,
    CONSTRAINT odds_pkey PRIMARY KEY (selection_id),
    CONSTRAINT odds_selection_id_fkey FOREIGN KEY(selection_id) REFERENCES selections (selection_id)
)
 STRICT;

CREATE TABLE odds_history (
    selection_id INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    price REAL,
    line REAL,
    size REAL,
    status TEXT DEFAULT '' NOT NULL,
    result TEXT DEFAULT '' NOT NULL,
    time_basis TEXT DEFAULT '' NOT NULL,
    received_at INTEGER NOT NULL,
    committed_at INTEGER NOT NULL,
    journal_offset INTEGER NOT NULL,
    CONSTRAINT odds_history_pkey PRIMARY KEY (selection_id, changed_at, seq),
    CONSTRAINT odds_history_selection_id_fkey FOREIGN KEY(selection_id) REFERENCES selections (selection_id)
)
 WITHOUT ROWID,
 STRICT;

CREATE INDEX odds_history_journal_offset_idx ON odds_history (journal_offset);

CREATE VIEW current_odds AS SELECT s.selection_id, s.source, b.name AS bookmaker, b.kind AS bookmaker_kind, e.event_id, e.sport, coalesce(l.name, '') AS league, e.season, e.name AS event, coalesce(home.name, '') AS home, coalesce(away.name, '') AS away, strftime('%Y-%m-%dT%H:%M:%S', ((e.starts_at) - (((e.starts_at) % 1000000 + 1000000) % 1000000)) / 1000000, 'unixepoch') || printf('.%06dZ', (((e.starts_at) % 1000000 + 1000000) % 1000000)) AS starts_at, e.status AS event_status, s.source_event_id, s.source_market_id, CASE WHEN k.flipped = 1 THEN CASE s.market WHEN 'player_first_home_scorer' THEN 'player_first_away_scorer' WHEN 'player_first_away_scorer' THEN 'player_first_home_scorer' ELSE s.market END ELSE s.market END AS market, s.period, CASE WHEN k.flipped = 1 THEN CASE s.outcome WHEN 'home' THEN 'away' WHEN 'away' THEN 'home' WHEN 'home/home' THEN 'away/away' WHEN 'home/draw' THEN 'away/draw' WHEN 'home/away' THEN 'away/home' WHEN 'draw/home' THEN 'draw/away' WHEN 'draw/away' THEN 'draw/home' WHEN 'away/home' THEN 'home/away' WHEN 'away/draw' THEN 'home/draw' WHEN 'away/away' THEN 'home/home' WHEN 'home_or_draw' THEN 'draw_or_away' WHEN 'draw_or_away' THEN 'home_or_draw' WHEN 'other_home' THEN 'other_away' WHEN 'other_away' THEN 'other_home' ELSE CASE WHEN s.market = 'correct_score' AND instr(s.outcome, '-') > 0 THEN substr(s.outcome, instr(s.outcome, '-') + 1) || '-' || substr(s.outcome, 1, instr(s.outcome, '-') - 1) ELSE s.outcome END END ELSE s.outcome END AS outcome, CASE s.participant WHEN '' THEN '' WHEN 'home' THEN coalesce(CASE WHEN k.flipped = 1 THEN away.name ELSE home.name END, s.participant) WHEN 'away' THEN coalesce(CASE WHEN k.flipped = 1 THEN home.name ELSE away.name END, s.participant) WHEN k.home THEN coalesce(CASE WHEN k.flipped = 1 THEN away.name ELSE home.name END, s.participant) WHEN k.away THEN coalesce(CASE WHEN k.flipped = 1 THEN home.name ELSE away.name END, s.participant) ELSE s.participant END AS participant, s.side, CAST(e.event_id AS TEXT) || '|' || CASE WHEN k.flipped = 1 THEN CASE s.market WHEN 'player_first_home_scorer' THEN 'player_first_away_scorer' WHEN 'player_first_away_scorer' THEN 'player_first_home_scorer' ELSE s.market END ELSE s.market END || '|' || s.period || '|' || CASE WHEN k.flipped = 1 THEN CASE s.outcome WHEN 'home' THEN 'away' WHEN 'away' THEN 'home' WHEN 'home/home' THEN 'away/away' WHEN 'home/draw' THEN 'away/draw' WHEN 'home/away' THEN 'away/home' WHEN 'draw/home' THEN 'draw/away' WHEN 'draw/away' THEN 'draw/home' WHEN 'away/home' THEN 'home/away' WHEN 'away/draw' THEN 'home/draw' WHEN 'away/away' THEN 'home/home' WHEN 'home_or_draw' THEN 'draw_or_away' WHEN 'draw_or_away' THEN 'home_or_draw' WHEN 'other_home' THEN 'other_away' WHEN 'other_away' THEN 'other_home' ELSE CASE WHEN s.market = 'correct_score' AND instr(s.outcome, '-') > 0 THEN substr(s.outcome, instr(s.outcome, '-') + 1) || '-' || substr(s.outcome, 1, instr(s.outcome, '-') - 1) ELSE s.outcome END END ELSE s.outcome END || '|' || CASE WHEN s.outcome IN ('home', 'draw', 'away') THEN '' ELSE CASE s.participant WHEN '' THEN '' WHEN 'home' THEN coalesce(CASE WHEN k.flipped = 1 THEN 'away' ELSE 'home' END, s.participant) WHEN 'away' THEN coalesce(CASE WHEN k.flipped = 1 THEN 'home' ELSE 'away' END, s.participant) WHEN k.home THEN coalesce(CASE WHEN k.flipped = 1 THEN 'away' ELSE 'home' END, s.participant) WHEN k.away THEN coalesce(CASE WHEN k.flipped = 1 THEN 'home' ELSE 'away' END, s.participant) ELSE s.participant END END || '|' || s.side || '|' || CASE WHEN o.line IS NULL THEN '' ELSE printf('%.12g', o.line + 0.0) END AS outcome_key, coalesce(f.state, '') AS feed_state, coalesce(p.place, 2147483647) AS precedence, o.price, o.line, CASE WHEN o.price <= 1 THEN NULL WHEN o.price < 2 THEN -CAST(100.0 / (o.price - 1) + 0.5 AS INTEGER) ELSE CAST((o.price - 1) * 100 + 0.5 AS INTEGER) END AS american, 1.0 / o.price AS probability, o.size, CASE WHEN CASE o.own_status WHEN 'open' THEN 0 WHEN 'suspended' THEN 1 WHEN 'withdrawn' THEN 2 WHEN 'settled' THEN 3 WHEN 'void' THEN 4 END >= CASE m.status WHEN 'open' THEN 0 WHEN 'suspended' THEN 1 WHEN 'withdrawn' THEN 2 WHEN 'settled' THEN 3 WHEN 'void' THEN 4 END THEN o.own_status ELSE m.status END AS status, o.own_status, o.result, strftime('%Y-%m-%dT%H:%M:%S', ((o.changed_at) - (((o.changed_at) % 1000000 + 1000000) % 1000000)) / 1000000, 'unixepoch') || printf('.%06dZ', (((o.changed_at) % 1000000 + 1000000) % 1000000)) AS changed_at, strftime('%Y-%m-%dT%H:%M:%S', ((o.received_at) - (((o.received_at) % 1000000 + 1000000) % 1000000)) / 1000000, 'unixepoch') || printf('.%06dZ', (((o.received_at) % 1000000 + 1000000) % 1000000)) AS received_at, (CAST((julianday('now') - 2440587.5) * 86400000000.0 AS INTEGER) - o.changed_at) / 1000000.0 AS age_seconds, CASE WHEN f.state = 'live' AND CASE WHEN CASE o.own_status WHEN 'open' THEN 0 WHEN 'suspended' THEN 1 WHEN 'withdrawn' THEN 2 WHEN 'settled' THEN 3 WHEN 'void' THEN 4 END >= CASE m.status WHEN 'open' THEN 0 WHEN 'suspended' THEN 1 WHEN 'withdrawn' THEN 2 WHEN 'settled' THEN 3 WHEN 'void' THEN 4 END THEN o.own_status ELSE m.status END = 'open' AND o.price IS NOT NULL THEN coalesce((SELECT c.state = 'complete' AND CAST((julianday('now') - 2440587.5) * 86400000000.0 AS INTEGER) < c.seen_until + f.silence_limit FROM coverage AS c WHERE c.source = s.source AND c.scope_kind = 'market' AND c.scope_id = s.source_market_id AND c.ended_at IS NULL ORDER BY c.began_at DESC LIMIT 1), (SELECT c.state = 'complete' AND CAST((julianday('now') - 2440587.5) * 86400000000.0 AS INTEGER) < c.seen_until + f.silence_limit FROM coverage AS c WHERE c.source = s.source AND c.scope_kind = 'event' AND c.scope_id = s.source_event_id AND c.ended_at IS NULL ORDER BY c.began_at DESC LIMIT 1), (SELECT c.state = 'complete' AND CAST((julianday('now') - 2440587.5) * 86400000000.0 AS INTEGER) < c.seen_until + f.silence_limit FROM coverage AS c WHERE c.source = s.source AND c.scope_kind = 'query' AND c.scope_id = CASE WHEN s.scope_kind = 'query' THEN s.scope_id END AND c.ended_at IS NULL ORDER BY c.began_at DESC LIMIT 1), (SELECT c.state = 'complete' AND CAST((julianday('now') - 2440587.5) * 86400000000.0 AS INTEGER) < c.seen_until + f.silence_limit FROM coverage AS c WHERE c.source = s.source AND c.scope_kind = 'source' AND c.scope_id = '' AND c.ended_at IS NULL ORDER BY c.began_at DESC LIMIT 1), 0) ELSE 0 END AS live FROM events AS e LEFT JOIN leagues AS l ON l.id = e.league_id LEFT JOIN teams AS home ON home.id = e.home_team_id LEFT JOIN teams AS away ON away.id = e.away_team_id CROSS JOIN event_links AS k ON k.event_id = e.event_id LEFT JOIN sources AS f ON f.source = k.source LEFT JOIN precedence AS p ON p.source = k.source CROSS JOIN selections AS s ON s.source = k.source AND s.source_event_id = k.source_event_id JOIN bookmakers AS b ON b.id = s.bookmaker_id CROSS JOIN odds AS o ON o.selection_id = s.selection_id JOIN markets AS m ON m.source = s.source AND m.source_market_id = s.source_market_id;

CREATE VIEW live_odds AS SELECT outcome_key, sport, league, season, event_id, event, home, away, starts_at, event_status, market, period, outcome, side, participant, price, line, size, bookmaker, source, selection_id, changed_at, age_seconds, bookmaker_kind, CASE WHEN price <= 1 THEN NULL WHEN price < 2 THEN -CAST(100.0 / (price - 1) + 0.5 AS INTEGER) ELSE CAST((price - 1) * 100 + 0.5 AS INTEGER) END AS american, 1.0 / price AS probability, 'open' AS status, 'live' AS feed_state, precedence, witnesses, disagreement FROM (SELECT t.*, first_value(selection_id) OVER said AS believed, count(first_told) OVER said AS witnesses, max(first_told) OVER said / min(first_told) OVER said - 1 AS disagreement FROM (SELECT outcome_key, sport, league, season, event_id, event, home, away, starts_at, event_status, market, period, outcome, side, participant, price, line, size, bookmaker, source, selection_id, changed_at, age_seconds, bookmaker_kind, precedence, CASE WHEN source = lag(source) OVER (PARTITION BY outcome_key, event_id, event, sport, league, starts_at, market, bookmaker ORDER BY precedence, source, changed_at DESC, selection_id) THEN NULL ELSE price END AS first_told FROM current_odds WHERE live = 1) AS t WINDOW said AS (PARTITION BY outcome_key, event_id, event, sport, league, starts_at, market, bookmaker ORDER BY precedence, source, changed_at DESC, selection_id ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)) AS j WHERE selection_id = believed;

CREATE VIEW best_odds AS SELECT outcome_key, sport, league, season, event_id, event, home, away, starts_at, event_status, market, period, outcome, side, participant, price, line, size, bookmaker, source, selection_id, changed_at, age_seconds, bookmaker_kind, CASE WHEN price <= 1 THEN NULL WHEN price < 2 THEN -CAST(100.0 / (price - 1) + 0.5 AS INTEGER) ELSE CAST((price - 1) * 100 + 0.5 AS INTEGER) END AS american, 1.0 / price AS probability, 'open' AS status, 'live' AS feed_state, witnesses, disagreement, books FROM (SELECT outcome_key, sport, league, season, event_id, event, home, away, starts_at, event_status, market, period, outcome, side, participant, price, line, size, bookmaker, source, selection_id, changed_at, age_seconds, bookmaker_kind, witnesses, disagreement, count(*) OVER same AS books, first_value(selection_id) OVER same AS best FROM live_odds AS v WHERE v.side = 'back' AND v.bookmaker_kind <> 'aggregate' WINDOW same AS (PARTITION BY outcome_key, event_id, event, sport, league, starts_at, market ORDER BY price DESC, changed_at, selection_id ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)) AS r WHERE selection_id = best;

CREATE VIEW consensus AS SELECT outcome_key, sport, league, season, event_id, event, home, away, starts_at, event_status, market, period, outcome, participant, line, books, mean_probability, median_probability, CASE WHEN count(*) OVER whole = CASE WHEN market IN ('match_result', 'handicap_result') THEN 3 WHEN market = 'half_time_full_time' THEN 9 WHEN outcome IN ('home', 'away', 'over', 'under') THEN 2 END THEN mean_probability / sum(mean_probability) OVER whole END AS fair_probability FROM (SELECT outcome_key, sport, league, season, event_id, event, home, away, starts_at, event_status, market, period, outcome, participant, line, books, mean_probability, place, avg(CASE WHEN place = (books + 1) / 2 OR place = (books + 2) / 2 THEN probability END) OVER same AS median_probability FROM (SELECT outcome_key, sport, league, season, event_id, event, home, away, starts_at, event_status, market, period, outcome, side, participant, line, probability, count(*) OVER same AS books, avg(probability) OVER same AS mean_probability, row_number() OVER (PARTITION BY outcome_key, event_id, event, sport, league, starts_at, market ORDER BY probability, selection_id) AS place FROM live_odds AS v WHERE v.side = 'back' AND v.bookmaker_kind <> 'aggregate' WINDOW same AS (PARTITION BY outcome_key, event_id, event, sport, league, starts_at, market)) AS o WINDOW same AS (PARTITION BY outcome_key, event_id, event, sport, league, starts_at, market)) AS a WHERE place = 1 WINDOW whole AS (PARTITION BY event_id, event, sport, league, starts_at, market, period, CASE WHEN outcome IN ('home', 'draw', 'away') THEN '' ELSE participant END, CASE WHEN outcome = 'away' THEN -line ELSE line END);

CREATE VIEW price_history AS SELECT s.selection_id, s.source, b.name AS bookmaker, b.kind AS bookmaker_kind, e.event_id, e.sport, coalesce(l.name, '') AS league, e.season, e.name AS event, coalesce(home.name, '') AS home, coalesce(away.name, '') AS away, strftime('%Y-%m-%dT%H:%M:%S', ((e.starts_at) - (((e.starts_at) % 1000000 + 1000000) % 1000000)) / 1000000, 'unixepoch') || printf('.%06dZ', (((e.starts_at) % 1000000 + 1000000) % 1000000)) AS starts_at, e.status AS event_status, s.source_event_id, s.source_market_id, CASE WHEN k.flipped = 1 THEN CASE s.market WHEN 'player_first_home_scorer' THEN 'player_first_away_scorer' WHEN 'player_first_away_scorer' THEN 'player_first_home_scorer' ELSE s.market END ELSE s.market END AS market, s.period, CASE WHEN k.flipped = 1 THEN CASE s.outcome WHEN 'home' THEN 'away' WHEN 'away' THEN 'home' WHEN 'home/home' THEN 'away/away' WHEN 'home/draw' THEN 'away/draw' WHEN 'home/away' THEN 'away/home' WHEN 'draw/home' THEN 'draw/away' WHEN 'draw/away' THEN 'draw/home' WHEN 'away/home' THEN 'home/away' WHEN 'away/draw' THEN 'home/draw' WHEN 'away/away' THEN 'home/home' WHEN 'home_or_draw' THEN 'draw_or_away' WHEN 'draw_or_away' THEN 'home_or_draw' WHEN 'other_home' THEN 'other_away' WHEN 'other_away' THEN 'other_home' ELSE CASE WHEN s.market = 'correct_score' AND instr(s.outcome, '-') > 0 THEN substr(s.outcome, instr(s.outcome, '-') + 1) || '-' || substr(s.outcome, 1, instr(s.outcome, '-') - 1) ELSE s.outcome END END ELSE s.outcome END AS outcome, CASE s.participant WHEN '' THEN '' WHEN 'home' THEN coalesce(CASE WHEN k.flipped = 1 THEN away.name ELSE home.name END, s.participant) WHEN 'away' THEN coalesce(CASE WHEN k.flipped = 1 THEN home.name ELSE away.name END, s.participant) WHEN k.home THEN coalesce(CASE WHEN k.flipped = 1 THEN away.name ELSE home.name END, s.participant) WHEN k.away THEN coalesce(CASE WHEN k.flipped = 1 THEN home.name ELSE away.name END, s.participant) ELSE s.participant END AS participant, s.side, CAST(e.event_id AS TEXT) || '|' || CASE WHEN k.flipped = 1 THEN CASE s.market WHEN 'player_first_home_scorer' THEN 'player_first_away_scorer' WHEN 'player_first_away_scorer' THEN 'player_first_home_scorer' ELSE s.market END ELSE s.market END || '|' || s.period || '|' || CASE WHEN k.flipped = 1 THEN CASE s.outcome WHEN 'home' THEN 'away' WHEN 'away' THEN 'home' WHEN 'home/home' THEN 'away/away' WHEN 'home/draw' THEN 'away/draw' WHEN 'home/away' THEN 'away/home' WHEN 'draw/home' THEN 'draw/away' WHEN 'draw/away' THEN 'draw/home' WHEN 'away/home' THEN 'home/away' WHEN 'away/draw' THEN 'home/draw' WHEN 'away/away' THEN 'home/home' WHEN 'home_or_draw' THEN 'draw_or_away' WHEN 'draw_or_away' THEN 'home_or_draw' WHEN 'other_home' THEN 'other_away' WHEN 'other_away' THEN 'other_home' ELSE CASE WHEN s.market = 'correct_score' AND instr(s.outcome, '-') > 0 THEN substr(s.outcome, instr(s.outcome, '-') + 1) || '-' || substr(s.outcome, 1, instr(s.outcome, '-') - 1) ELSE s.outcome END END ELSE s.outcome END || '|' || CASE WHEN s.outcome IN ('home', 'draw', 'away') THEN '' ELSE CASE s.participant WHEN '' THEN '' WHEN 'home' THEN coalesce(CASE WHEN k.flipped = 1 THEN 'away' ELSE 'home' END, s.participant) WHEN 'away' THEN coalesce(CASE WHEN k.flipped = 1 THEN 'home' ELSE 'away' END, s.participant) WHEN k.home THEN coalesce(CASE WHEN k.flipped = 1 THEN 'away' ELSE 'home' END, s.participant) WHEN k.away THEN coalesce(CASE WHEN k.flipped = 1 THEN 'home' ELSE 'away' END, s.participant) ELSE s.participant END END || '|' || s.side || '|' || CASE WHEN h.line IS NULL THEN '' ELSE printf('%.12g', h.line + 0.0) END AS outcome_key, coalesce(f.state, '') AS feed_state, coalesce(p.place, 2147483647) AS precedence, h.price, h.line, CASE WHEN h.price <= 1 THEN NULL WHEN h.price < 2 THEN -CAST(100.0 / (h.price - 1) + 0.5 AS INTEGER) ELSE CAST((h.price - 1) * 100 + 0.5 AS INTEGER) END AS american, 1.0 / h.price AS probability, h.size, h.status, h.result, h.seq, h.time_basis, strftime('%Y-%m-%dT%H:%M:%S', ((h.received_at) - (((h.received_at) % 1000000 + 1000000) % 1000000)) / 1000000, 'unixepoch') || printf('.%06dZ', (((h.received_at) % 1000000 + 1000000) % 1000000)) AS received_at, h.journal_offset, strftime('%Y-%m-%dT%H:%M:%S', ((h.changed_at) - (((h.changed_at) % 1000000 + 1000000) % 1000000)) / 1000000, 'unixepoch') || printf('.%06dZ', (((h.changed_at) % 1000000 + 1000000) % 1000000)) AS valid_from, strftime('%Y-%m-%dT%H:%M:%S', ((n.changed_at) - (((n.changed_at) % 1000000 + 1000000) % 1000000)) / 1000000, 'unixepoch') || printf('.%06dZ', (((n.changed_at) % 1000000 + 1000000) % 1000000)) AS valid_to, strftime('%Y-%m-%dT%H:%M:%S', ((h.committed_at) - (((h.committed_at) % 1000000 + 1000000) % 1000000)) / 1000000, 'unixepoch') || printf('.%06dZ', (((h.committed_at) % 1000000 + 1000000) % 1000000)) AS known_from, strftime('%Y-%m-%dT%H:%M:%S', (((SELECT min(max(o.changed_at, coalesce(o.committed_at, o.changed_at))) FROM odds_history AS o WHERE o.selection_id = h.selection_id AND (o.changed_at, o.seq) > (h.changed_at, h.seq) AND o.changed_at >= n.changed_at AND o.changed_at <= max(n.changed_at, coalesce(n.committed_at, n.changed_at)))) - ((((SELECT min(max(o.changed_at, coalesce(o.committed_at, o.changed_at))) FROM odds_history AS o WHERE o.selection_id = h.selection_id AND (o.changed_at, o.seq) > (h.changed_at, h.seq) AND o.changed_at >= n.changed_at AND o.changed_at <= max(n.changed_at, coalesce(n.committed_at, n.changed_at)))) % 1000000 + 1000000) % 1000000)) / 1000000, 'unixepoch') || printf('.%06dZ', ((((SELECT min(max(o.changed_at, coalesce(o.committed_at, o.changed_at))) FROM odds_history AS o WHERE o.selection_id = h.selection_id AND (o.changed_at, o.seq) > (h.changed_at, h.seq) AND o.changed_at >= n.changed_at AND o.changed_at <= max(n.changed_at, coalesce(n.committed_at, n.changed_at)))) % 1000000 + 1000000) % 1000000)) AS known_to FROM events AS e LEFT JOIN leagues AS l ON l.id = e.league_id LEFT JOIN teams AS home ON home.id = e.home_team_id LEFT JOIN teams AS away ON away.id = e.away_team_id CROSS JOIN event_links AS k ON k.event_id = e.event_id LEFT JOIN sources AS f ON f.source = k.source LEFT JOIN precedence AS p ON p.source = k.source CROSS JOIN selections AS s ON s.source = k.source AND s.source_event_id = k.source_event_id JOIN bookmakers AS b ON b.id = s.bookmaker_id CROSS JOIN odds_history AS h ON h.selection_id = s.selection_id LEFT JOIN odds_history AS n ON n.selection_id = h.selection_id AND (n.changed_at, n.seq) = (SELECT o.changed_at, o.seq FROM odds_history AS o WHERE o.selection_id = h.selection_id AND (o.changed_at, o.seq) > (h.changed_at, h.seq) ORDER BY o.changed_at, o.seq LIMIT 1);

CREATE VIEW opening_odds AS SELECT s.selection_id, s.source, b.name AS bookmaker, b.kind AS bookmaker_kind, e.event_id, e.sport, coalesce(l.name, '') AS league, e.season, e.name AS event, coalesce(home.name, '') AS home, coalesce(away.name, '') AS away, strftime('%Y-%m-%dT%H:%M:%S', ((e.starts_at) - (((e.starts_at) % 1000000 + 1000000) % 1000000)) / 1000000, 'unixepoch') || printf('.%06dZ', (((e.starts_at) % 1000000 + 1000000) % 1000000)) AS starts_at, e.status AS event_status, s.source_event_id, s.source_market_id, CASE WHEN k.flipped = 1 THEN CASE s.market WHEN 'player_first_home_scorer' THEN 'player_first_away_scorer' WHEN 'player_first_away_scorer' THEN 'player_first_home_scorer' ELSE s.market END ELSE s.market END AS market, s.period, CASE WHEN k.flipped = 1 THEN CASE s.outcome WHEN 'home' THEN 'away' WHEN 'away' THEN 'home' WHEN 'home/home' THEN 'away/away' WHEN 'home/draw' THEN 'away/draw' WHEN 'home/away' THEN 'away/home' WHEN 'draw/home' THEN 'draw/away' WHEN 'draw/away' THEN 'draw/home' WHEN 'away/home' THEN 'home/away' WHEN 'away/draw' THEN 'home/draw' WHEN 'away/away' THEN 'home/home' WHEN 'home_or_draw' THEN 'draw_or_away' WHEN 'draw_or_away' THEN 'home_or_draw' WHEN 'other_home' THEN 'other_away' WHEN 'other_away' THEN 'other_home' ELSE CASE WHEN s.market = 'correct_score' AND instr(s.outcome, '-') > 0 THEN substr(s.outcome, instr(s.outcome, '-') + 1) || '-' || substr(s.outcome, 1, instr(s.outcome, '-') - 1) ELSE s.outcome END END ELSE s.outcome END AS outcome, CASE s.participant WHEN '' THEN '' WHEN 'home' THEN coalesce(CASE WHEN k.flipped = 1 THEN away.name ELSE home.name END, s.participant) WHEN 'away' THEN coalesce(CASE WHEN k.flipped = 1 THEN home.name ELSE away.name END, s.participant) WHEN k.home THEN coalesce(CASE WHEN k.flipped = 1 THEN away.name ELSE home.name END, s.participant) WHEN k.away THEN coalesce(CASE WHEN k.flipped = 1 THEN home.name ELSE away.name END, s.participant) ELSE s.participant END AS participant, s.side, CAST(e.event_id AS TEXT) || '|' || CASE WHEN k.flipped = 1 THEN CASE s.market WHEN 'player_first_home_scorer' THEN 'player_first_away_scorer' WHEN 'player_first_away_scorer' THEN 'player_first_home_scorer' ELSE s.market END ELSE s.market END || '|' || s.period || '|' || CASE WHEN k.flipped = 1 THEN CASE s.outcome WHEN 'home' THEN 'away' WHEN 'away' THEN 'home' WHEN 'home/home' THEN 'away/away' WHEN 'home/draw' THEN 'away/draw' WHEN 'home/away' THEN 'away/home' WHEN 'draw/home' THEN 'draw/away' WHEN 'draw/away' THEN 'draw/home' WHEN 'away/home' THEN 'home/away' WHEN 'away/draw' THEN 'home/draw' WHEN 'away/away' THEN 'home/home' WHEN 'home_or_draw' THEN 'draw_or_away' WHEN 'draw_or_away' THEN 'home_or_draw' WHEN 'other_home' THEN 'other_away' WHEN 'other_away' THEN 'other_home' ELSE CASE WHEN s.market = 'correct_score' AND instr(s.outcome, '-') > 0 THEN substr(s.outcome, instr(s.outcome, '-') + 1) || '-' || substr(s.outcome, 1, instr(s.outcome, '-') - 1) ELSE s.outcome END END ELSE s.outcome END || '|' || CASE WHEN s.outcome IN ('home', 'draw', 'away') THEN '' ELSE CASE s.participant WHEN '' THEN '' WHEN 'home' THEN coalesce(CASE WHEN k.flipped = 1 THEN 'away' ELSE 'home' END, s.participant) WHEN 'away' THEN coalesce(CASE WHEN k.flipped = 1 THEN 'home' ELSE 'away' END, s.participant) WHEN k.home THEN coalesce(CASE WHEN k.flipped = 1 THEN 'away' ELSE 'home' END, s.participant) WHEN k.away THEN coalesce(CASE WHEN k.flipped = 1 THEN 'home' ELSE 'away' END, s.participant) ELSE s.participant END END || '|' || s.side || '|' || CASE WHEN h.line IS NULL THEN '' ELSE printf('%.12g', h.line + 0.0) END AS outcome_key, coalesce(f.state, '') AS feed_state, coalesce(p.place, 2147483647) AS precedence, h.price, h.line, CASE WHEN h.price <= 1 THEN NULL WHEN h.price < 2 THEN -CAST(100.0 / (h.price - 1) + 0.5 AS INTEGER) ELSE CAST((h.price - 1) * 100 + 0.5 AS INTEGER) END AS american, 1.0 / h.price AS probability, h.size, h.status, h.result, h.seq, h.time_basis, strftime('%Y-%m-%dT%H:%M:%S', ((h.received_at) - (((h.received_at) % 1000000 + 1000000) % 1000000)) / 1000000, 'unixepoch') || printf('.%06dZ', (((h.received_at) % 1000000 + 1000000) % 1000000)) AS received_at, h.journal_offset, strftime('%Y-%m-%dT%H:%M:%S', ((h.changed_at) - (((h.changed_at) % 1000000 + 1000000) % 1000000)) / 1000000, 'unixepoch') || printf('.%06dZ', (((h.changed_at) % 1000000 + 1000000) % 1000000)) AS changed_at FROM events AS e LEFT JOIN leagues AS l ON l.id = e.league_id LEFT JOIN teams AS home ON home.id = e.home_team_id LEFT JOIN teams AS away ON away.id = e.away_team_id CROSS JOIN event_links AS k ON k.event_id = e.event_id LEFT JOIN sources AS f ON f.source = k.source LEFT JOIN precedence AS p ON p.source = k.source CROSS JOIN selections AS s ON s.source = k.source AND s.source_event_id = k.source_event_id JOIN bookmakers AS b ON b.id = s.bookmaker_id CROSS JOIN odds_history AS h ON h.selection_id = s.selection_id AND (h.changed_at, h.seq) = (SELECT o.changed_at, o.seq FROM odds_history AS o WHERE o.selection_id = s.selection_id AND o.status = 'open' AND o.price IS NOT NULL ORDER BY o.changed_at, o.seq LIMIT 1);

CREATE VIEW closing_odds AS SELECT s.selection_id, s.source, b.name AS bookmaker, b.kind AS bookmaker_kind, e.event_id, e.sport, coalesce(l.name, '') AS league, e.season, e.name AS event, coalesce(home.name, '') AS home, coalesce(away.name, '') AS away, strftime('%Y-%m-%dT%H:%M:%S', ((e.starts_at) - (((e.starts_at) % 1000000 + 1000000) % 1000000)) / 1000000, 'unixepoch') || printf('.%06dZ', (((e.starts_at) % 1000000 + 1000000) % 1000000)) AS starts_at, e.status AS event_status, s.source_event_id, s.source_market_id, CASE WHEN k.flipped = 1 THEN CASE s.market WHEN 'player_first_home_scorer' THEN 'player_first_away_scorer' WHEN 'player_first_away_scorer' THEN 'player_first_home_scorer' ELSE s.market END ELSE s.market END AS market, s.period, CASE WHEN k.flipped = 1 THEN CASE s.outcome WHEN 'home' THEN 'away' WHEN 'away' THEN 'home' WHEN 'home/home' THEN 'away/away' WHEN 'home/draw' THEN 'away/draw' WHEN 'home/away' THEN 'away/home' WHEN 'draw/home' THEN 'draw/away' WHEN 'draw/away' THEN 'draw/home' WHEN 'away/home' THEN 'home/away' WHEN 'away/draw' THEN 'home/draw' WHEN 'away/away' THEN 'home/home' WHEN 'home_or_draw' THEN 'draw_or_away' WHEN 'draw_or_away' THEN 'home_or_draw' WHEN 'other_home' THEN 'other_away' WHEN 'other_away' THEN 'other_home' ELSE CASE WHEN s.market = 'correct_score' AND instr(s.outcome, '-') > 0 THEN substr(s.outcome, instr(s.outcome, '-') + 1) || '-' || substr(s.outcome, 1, instr(s.outcome, '-') - 1) ELSE s.outcome END END ELSE s.outcome END AS outcome, CASE s.participant WHEN '' THEN '' WHEN 'home' THEN coalesce(CASE WHEN k.flipped = 1 THEN away.name ELSE home.name END, s.participant) WHEN 'away' THEN coalesce(CASE WHEN k.flipped = 1 THEN home.name ELSE away.name END, s.participant) WHEN k.home THEN coalesce(CASE WHEN k.flipped = 1 THEN away.name ELSE home.name END, s.participant) WHEN k.away THEN coalesce(CASE WHEN k.flipped = 1 THEN home.name ELSE away.name END, s.participant) ELSE s.participant END AS participant, s.side, CAST(e.event_id AS TEXT) || '|' || CASE WHEN k.flipped = 1 THEN CASE s.market WHEN 'player_first_home_scorer' THEN 'player_first_away_scorer' WHEN 'player_first_away_scorer' THEN 'player_first_home_scorer' ELSE s.market END ELSE s.market END || '|' || s.period || '|' || CASE WHEN k.flipped = 1 THEN CASE s.outcome WHEN 'home' THEN 'away' WHEN 'away' THEN 'home' WHEN 'home/home' THEN 'away/away' WHEN 'home/draw' THEN 'away/draw' WHEN 'home/away' THEN 'away/home' WHEN 'draw/home' THEN 'draw/away' WHEN 'draw/away' THEN 'draw/home' WHEN 'away/home' THEN 'home/away' WHEN 'away/draw' THEN 'home/draw' WHEN 'away/away' THEN 'home/home' WHEN 'home_or_draw' THEN 'draw_or_away' WHEN 'draw_or_away' THEN 'home_or_draw' WHEN 'other_home' THEN 'other_away' WHEN 'other_away' THEN 'other_home' ELSE CASE WHEN s.market = 'correct_score' AND instr(s.outcome, '-') > 0 THEN substr(s.outcome, instr(s.outcome, '-') + 1) || '-' || substr(s.outcome, 1, instr(s.outcome, '-') - 1) ELSE s.outcome END END ELSE s.outcome END || '|' || CASE WHEN s.outcome IN ('home', 'draw', 'away') THEN '' ELSE CASE s.participant WHEN '' THEN '' WHEN 'home' THEN coalesce(CASE WHEN k.flipped = 1 THEN 'away' ELSE 'home' END, s.participant) WHEN 'away' THEN coalesce(CASE WHEN k.flipped = 1 THEN 'home' ELSE 'away' END, s.participant) WHEN k.home THEN coalesce(CASE WHEN k.flipped = 1 THEN 'away' ELSE 'home' END, s.participant) WHEN k.away THEN coalesce(CASE WHEN k.flipped = 1 THEN 'home' ELSE 'away' END, s.participant) ELSE s.participant END END || '|' || s.side || '|' || CASE WHEN h.line IS NULL THEN '' ELSE printf('%.12g', h.line + 0.0) END AS outcome_key, coalesce(f.state, '') AS feed_state, coalesce(p.place, 2147483647) AS precedence, h.price, h.line, CASE WHEN h.price <= 1 THEN NULL WHEN h.price < 2 THEN -CAST(100.0 / (h.price - 1) + 0.5 AS INTEGER) ELSE CAST((h.price - 1) * 100 + 0.5 AS INTEGER) END AS american, 1.0 / h.price AS probability, h.size, h.status, h.result, h.seq, h.time_basis, strftime('%Y-%m-%dT%H:%M:%S', ((h.received_at) - (((h.received_at) % 1000000 + 1000000) % 1000000)) / 1000000, 'unixepoch') || printf('.%06dZ', (((h.received_at) % 1000000 + 1000000) % 1000000)) AS received_at, h.journal_offset, strftime('%Y-%m-%dT%H:%M:%S', ((h.changed_at) - (((h.changed_at) % 1000000 + 1000000) % 1000000)) / 1000000, 'unixepoch') || printf('.%06dZ', (((h.changed_at) % 1000000 + 1000000) % 1000000)) AS changed_at, strftime('%Y-%m-%dT%H:%M:%S', ((coalesce(e.started_at, e.starts_at)) - (((coalesce(e.started_at, e.starts_at)) % 1000000 + 1000000) % 1000000)) / 1000000, 'unixepoch') || printf('.%06dZ', (((coalesce(e.started_at, e.starts_at)) % 1000000 + 1000000) % 1000000)) AS began_at, CASE WHEN e.started_at IS NULL THEN 'schedule' ELSE e.started_by END AS started_by, coalesce((SELECT CASE WHEN c.state = 'down' AND c.repaired_by = 'replay' THEN 'complete' ELSE c.state END FROM coverage AS c WHERE c.source = s.source AND c.scope_kind = 'market' AND c.scope_id = s.source_market_id AND c.began_at < coalesce(e.started_at, e.starts_at) AND (c.seen_until >= coalesce(e.started_at, e.starts_at) OR c.state <> 'complete' AND c.ended_at IS NULL) ORDER BY c.began_at DESC LIMIT 1), (SELECT CASE WHEN c.state = 'down' AND c.repaired_by = 'replay' THEN 'complete' ELSE c.state END FROM coverage AS c WHERE c.source = s.source AND c.scope_kind = 'event' AND c.scope_id = s.source_event_id AND c.began_at < coalesce(e.started_at, e.starts_at) AND (c.seen_until >= coalesce(e.started_at, e.starts_at) OR c.state <> 'complete' AND c.ended_at IS NULL) ORDER BY c.began_at DESC LIMIT 1), (SELECT CASE WHEN c.state = 'down' AND c.repaired_by = 'replay' THEN 'complete' ELSE c.state END FROM coverage AS c WHERE c.source = s.source AND c.scope_kind = 'query' AND c.scope_id = CASE WHEN s.scope_kind = 'query' THEN s.scope_id END AND c.began_at < coalesce(e.started_at, e.starts_at) AND (c.seen_until >= coalesce(e.started_at, e.starts_at) OR c.state <> 'complete' AND c.ended_at IS NULL) ORDER BY c.began_at DESC LIMIT 1), (SELECT CASE WHEN c.state = 'down' AND c.repaired_by = 'replay' THEN 'complete' ELSE c.state END FROM coverage AS c WHERE c.source = s.source AND c.scope_kind = 'source' AND c.scope_id = '' AND c.began_at < coalesce(e.started_at, e.starts_at) AND (c.seen_until >= coalesce(e.started_at, e.starts_at) OR c.state <> 'complete' AND c.ended_at IS NULL) ORDER BY c.began_at DESC LIMIT 1), 'unknown') AS coverage_state, coalesce((SELECT CASE WHEN c.state = 'down' AND c.repaired_by = 'replay' THEN 'complete' ELSE c.state END FROM coverage AS c WHERE c.source = s.source AND c.scope_kind = 'market' AND c.scope_id = s.source_market_id AND c.began_at < coalesce(e.started_at, e.starts_at) AND (c.seen_until >= coalesce(e.started_at, e.starts_at) OR c.state <> 'complete' AND c.ended_at IS NULL) ORDER BY c.began_at DESC LIMIT 1), (SELECT CASE WHEN c.state = 'down' AND c.repaired_by = 'replay' THEN 'complete' ELSE c.state END FROM coverage AS c WHERE c.source = s.source AND c.scope_kind = 'event' AND c.scope_id = s.source_event_id AND c.began_at < coalesce(e.started_at, e.starts_at) AND (c.seen_until >= coalesce(e.started_at, e.starts_at) OR c.state <> 'complete' AND c.ended_at IS NULL) ORDER BY c.began_at DESC LIMIT 1), (SELECT CASE WHEN c.state = 'down' AND c.repaired_by = 'replay' THEN 'complete' ELSE c.state END FROM coverage AS c WHERE c.source = s.source AND c.scope_kind = 'query' AND c.scope_id = CASE WHEN s.scope_kind = 'query' THEN s.scope_id END AND c.began_at < coalesce(e.started_at, e.starts_at) AND (c.seen_until >= coalesce(e.started_at, e.starts_at) OR c.state <> 'complete' AND c.ended_at IS NULL) ORDER BY c.began_at DESC LIMIT 1), (SELECT CASE WHEN c.state = 'down' AND c.repaired_by = 'replay' THEN 'complete' ELSE c.state END FROM coverage AS c WHERE c.source = s.source AND c.scope_kind = 'source' AND c.scope_id = '' AND c.began_at < coalesce(e.started_at, e.starts_at) AND (c.seen_until >= coalesce(e.started_at, e.starts_at) OR c.state <> 'complete' AND c.ended_at IS NULL) ORDER BY c.began_at DESC LIMIT 1), 'unknown') = 'complete' AS coverage_complete FROM events AS e LEFT JOIN leagues AS l ON l.id = e.league_id LEFT JOIN teams AS home ON home.id = e.home_team_id LEFT JOIN teams AS away ON away.id = e.away_team_id CROSS JOIN event_links AS k ON k.event_id = e.event_id LEFT JOIN sources AS f ON f.source = k.source LEFT JOIN precedence AS p ON p.source = k.source CROSS JOIN selections AS s ON s.source = k.source AND s.source_event_id = k.source_event_id JOIN bookmakers AS b ON b.id = s.bookmaker_id CROSS JOIN odds_history AS h ON h.selection_id = s.selection_id AND (h.changed_at, h.seq) = (SELECT o.changed_at, o.seq FROM odds_history AS o WHERE o.selection_id = s.selection_id AND o.status = 'open' AND o.price IS NOT NULL AND o.changed_at < max(coalesce(e.started_at, e.starts_at), coalesce(k.starts_at, coalesce(e.started_at, e.starts_at))) AND (o.changed_at < coalesce(e.started_at, e.starts_at) OR o.time_basis = 'nominal') ORDER BY o.changed_at DESC, o.seq DESC LIMIT 1);

CREATE VIEW trusted_history AS SELECT s.selection_id, s.source, b.name AS bookmaker, b.kind AS bookmaker_kind, e.event_id, e.sport, coalesce(l.name, '') AS league, e.season, e.name AS event, coalesce(home.name, '') AS home, coalesce(away.name, '') AS away, strftime('%Y-%m-%dT%H:%M:%S', ((e.starts_at) - (((e.starts_at) % 1000000 + 1000000) % 1000000)) / 1000000, 'unixepoch') || printf('.%06dZ', (((e.starts_at) % 1000000 + 1000000) % 1000000)) AS starts_at, e.status AS event_status, s.source_event_id, s.source_market_id, CASE WHEN k.flipped = 1 THEN CASE s.market WHEN 'player_first_home_scorer' THEN 'player_first_away_scorer' WHEN 'player_first_away_scorer' THEN 'player_first_home_scorer' ELSE s.market END ELSE s.market END AS market, s.period, CASE WHEN k.flipped = 1 THEN CASE s.outcome WHEN 'home' THEN 'away' WHEN 'away' THEN 'home' WHEN 'home/home' THEN 'away/away' WHEN 'home/draw' THEN 'away/draw' WHEN 'home/away' THEN 'away/home' WHEN 'draw/home' THEN 'draw/away' WHEN 'draw/away' THEN 'draw/home' WHEN 'away/home' THEN 'home/away' WHEN 'away/draw' THEN 'home/draw' WHEN 'away/away' THEN 'home/home' WHEN 'home_or_draw' THEN 'draw_or_away' WHEN 'draw_or_away' THEN 'home_or_draw' WHEN 'other_home' THEN 'other_away' WHEN 'other_away' THEN 'other_home' ELSE CASE WHEN s.market = 'correct_score' AND instr(s.outcome, '-') > 0 THEN substr(s.outcome, instr(s.outcome, '-') + 1) || '-' || substr(s.outcome, 1, instr(s.outcome, '-') - 1) ELSE s.outcome END END ELSE s.outcome END AS outcome, CASE s.participant WHEN '' THEN '' WHEN 'home' THEN coalesce(CASE WHEN k.flipped = 1 THEN away.name ELSE home.name END, s.participant) WHEN 'away' THEN coalesce(CASE WHEN k.flipped = 1 THEN home.name ELSE away.name END, s.participant) WHEN k.home THEN coalesce(CASE WHEN k.flipped = 1 THEN away.name ELSE home.name END, s.participant) WHEN k.away THEN coalesce(CASE WHEN k.flipped = 1 THEN home.name ELSE away.name END, s.participant) ELSE s.participant END AS participant, s.side, CAST(e.event_id AS TEXT) || '|' || CASE WHEN k.flipped = 1 THEN CASE s.market WHEN 'player_first_home_scorer' THEN 'player_first_away_scorer' WHEN 'player_first_away_scorer' THEN 'player_first_home_scorer' ELSE s.market END ELSE s.market END || '|' || s.period || '|' || CASE WHEN k.flipped = 1 THEN CASE s.outcome WHEN 'home' THEN 'away' WHEN 'away' THEN 'home' WHEN 'home/home' THEN 'away/away' WHEN 'home/draw' THEN 'away/draw' WHEN 'home/away' THEN 'away/home' WHEN 'draw/home' THEN 'draw/away' WHEN 'draw/away' THEN 'draw/home' WHEN 'away/home' THEN 'home/away' WHEN 'away/draw' THEN 'home/draw' WHEN 'away/away' THEN 'home/home' WHEN 'home_or_draw' THEN 'draw_or_away' WHEN 'draw_or_away' THEN 'home_or_draw' WHEN 'other_home' THEN 'other_away' WHEN 'other_away' THEN 'other_home' ELSE CASE WHEN s.market = 'correct_score' AND instr(s.outcome, '-') > 0 THEN substr(s.outcome, instr(s.outcome, '-') + 1) || '-' || substr(s.outcome, 1, instr(s.outcome, '-') - 1) ELSE s.outcome END END ELSE s.outcome END || '|' || CASE WHEN s.outcome IN ('home', 'draw', 'away') THEN '' ELSE CASE s.participant WHEN '' THEN '' WHEN 'home' THEN coalesce(CASE WHEN k.flipped = 1 THEN 'away' ELSE 'home' END, s.participant) WHEN 'away' THEN coalesce(CASE WHEN k.flipped = 1 THEN 'home' ELSE 'away' END, s.participant) WHEN k.home THEN coalesce(CASE WHEN k.flipped = 1 THEN 'away' ELSE 'home' END, s.participant) WHEN k.away THEN coalesce(CASE WHEN k.flipped = 1 THEN 'home' ELSE 'away' END, s.participant) ELSE s.participant END END || '|' || s.side || '|' || CASE WHEN h.line IS NULL THEN '' ELSE printf('%.12g', h.line + 0.0) END AS outcome_key, coalesce(f.state, '') AS feed_state, coalesce(p.place, 2147483647) AS precedence, h.price, h.line, CASE WHEN h.price <= 1 THEN NULL WHEN h.price < 2 THEN -CAST(100.0 / (h.price - 1) + 0.5 AS INTEGER) ELSE CAST((h.price - 1) * 100 + 0.5 AS INTEGER) END AS american, 1.0 / h.price AS probability, h.size, h.status, h.result, h.seq, h.time_basis, strftime('%Y-%m-%dT%H:%M:%S', ((h.received_at) - (((h.received_at) % 1000000 + 1000000) % 1000000)) / 1000000, 'unixepoch') || printf('.%06dZ', (((h.received_at) % 1000000 + 1000000) % 1000000)) AS received_at, h.journal_offset, strftime('%Y-%m-%dT%H:%M:%S', ((h.changed_at) - (((h.changed_at) % 1000000 + 1000000) % 1000000)) / 1000000, 'unixepoch') || printf('.%06dZ', (((h.changed_at) % 1000000 + 1000000) % 1000000)) AS valid_from, strftime('%Y-%m-%dT%H:%M:%S', ((n.changed_at) - (((n.changed_at) % 1000000 + 1000000) % 1000000)) / 1000000, 'unixepoch') || printf('.%06dZ', (((n.changed_at) % 1000000 + 1000000) % 1000000)) AS valid_to, strftime('%Y-%m-%dT%H:%M:%S', ((h.committed_at) - (((h.committed_at) % 1000000 + 1000000) % 1000000)) / 1000000, 'unixepoch') || printf('.%06dZ', (((h.committed_at) % 1000000 + 1000000) % 1000000)) AS known_from, strftime('%Y-%m-%dT%H:%M:%S', (((SELECT min(max(o.changed_at, coalesce(o.committed_at, o.changed_at))) FROM odds_history AS o WHERE o.selection_id = h.selection_id AND (o.changed_at, o.seq) > (h.changed_at, h.seq) AND o.changed_at >= n.changed_at AND o.changed_at <= max(n.changed_at, coalesce(n.committed_at, n.changed_at)))) - ((((SELECT min(max(o.changed_at, coalesce(o.committed_at, o.changed_at))) FROM odds_history AS o WHERE o.selection_id = h.selection_id AND (o.changed_at, o.seq) > (h.changed_at, h.seq) AND o.changed_at >= n.changed_at AND o.changed_at <= max(n.changed_at, coalesce(n.committed_at, n.changed_at)))) % 1000000 + 1000000) % 1000000)) / 1000000, 'unixepoch') || printf('.%06dZ', ((((SELECT min(max(o.changed_at, coalesce(o.committed_at, o.changed_at))) FROM odds_history AS o WHERE o.selection_id = h.selection_id AND (o.changed_at, o.seq) > (h.changed_at, h.seq) AND o.changed_at >= n.changed_at AND o.changed_at <= max(n.changed_at, coalesce(n.committed_at, n.changed_at)))) % 1000000 + 1000000) % 1000000)) AS known_to, strftime('%Y-%m-%dT%H:%M:%S', ((json_extract(r.value, '$[0]')) - (((json_extract(r.value, '$[0]')) % 1000000 + 1000000) % 1000000)) / 1000000, 'unixepoch') || printf('.%06dZ', (((json_extract(r.value, '$[0]')) % 1000000 + 1000000) % 1000000)) AS covered_from, strftime('%Y-%m-%dT%H:%M:%S', ((json_extract(r.value, '$[1]')) - (((json_extract(r.value, '$[1]')) % 1000000 + 1000000) % 1000000)) / 1000000, 'unixepoch') || printf('.%06dZ', (((json_extract(r.value, '$[1]')) % 1000000 + 1000000) % 1000000)) AS covered_to, coalesce((SELECT c.state FROM coverage AS c WHERE c.source = s.source AND c.scope_kind = 'market' AND c.scope_id = s.source_market_id AND c.began_at <= json_extract(r.value, '$[0]') AND (c.seen_until > json_extract(r.value, '$[0]') OR c.seen_until = json_extract(r.value, '$[0]') AND c.state = 'complete' OR c.state <> 'complete' AND c.ended_at IS NULL) ORDER BY c.began_at DESC LIMIT 1), (SELECT c.state FROM coverage AS c WHERE c.source = s.source AND c.scope_kind = 'event' AND c.scope_id = s.source_event_id AND c.began_at <= json_extract(r.value, '$[0]') AND (c.seen_until > json_extract(r.value, '$[0]') OR c.seen_until = json_extract(r.value, '$[0]') AND c.state = 'complete' OR c.state <> 'complete' AND c.ended_at IS NULL) ORDER BY c.began_at DESC LIMIT 1), (SELECT c.state FROM coverage AS c WHERE c.source = s.source AND c.scope_kind = 'query' AND c.scope_id = CASE WHEN s.scope_kind = 'query' THEN s.scope_id END AND c.began_at <= json_extract(r.value, '$[0]') AND (c.seen_until > json_extract(r.value, '$[0]') OR c.seen_until = json_extract(r.value, '$[0]') AND c.state = 'complete' OR c.state <> 'complete' AND c.ended_at IS NULL) ORDER BY c.began_at DESC LIMIT 1), (SELECT c.state FROM coverage AS c WHERE c.source = s.source AND c.scope_kind = 'source' AND c.scope_id = '' AND c.began_at <= json_extract(r.value, '$[0]') AND (c.seen_until > json_extract(r.value, '$[0]') OR c.seen_until = json_extract(r.value, '$[0]') AND c.state = 'complete' OR c.state <> 'complete' AND c.ended_at IS NULL) ORDER BY c.began_at DESC LIMIT 1), 'unknown') AS coverage_state FROM events AS e LEFT JOIN leagues AS l ON l.id = e.league_id LEFT JOIN teams AS home ON home.id = e.home_team_id LEFT JOIN teams AS away ON away.id = e.away_team_id CROSS JOIN event_links AS k ON k.event_id = e.event_id LEFT JOIN sources AS f ON f.source = k.source LEFT JOIN precedence AS p ON p.source = k.source CROSS JOIN selections AS s ON s.source = k.source AND s.source_event_id = k.source_event_id JOIN bookmakers AS b ON b.id = s.bookmaker_id CROSS JOIN odds_history AS h ON h.selection_id = s.selection_id LEFT JOIN odds_history AS n ON n.selection_id = h.selection_id AND (n.changed_at, n.seq) = (SELECT o.changed_at, o.seq FROM odds_history AS o WHERE o.selection_id = h.selection_id AND (o.changed_at, o.seq) > (h.changed_at, h.seq) ORDER BY o.changed_at, o.seq LIMIT 1) CROSS JOIN json_each((SELECT json_group_array(json_array(r.at, r.until)) FROM (SELECT cut.at, coalesce(lead(cut.at) OVER (ORDER BY cut.at), n.changed_at) AS until FROM (SELECT h.changed_at AS at UNION SELECT c.began_at FROM (SELECT 'market' AS kind, s.source_market_id AS id UNION ALL SELECT 'event' AS kind, s.source_event_id AS id UNION ALL SELECT 'query' AS kind, CASE WHEN s.scope_kind = 'query' THEN s.scope_id END AS id UNION ALL SELECT 'source' AS kind, '' AS id) AS x CROSS JOIN coverage AS c ON c.source = s.source AND c.scope_kind = x.kind AND c.scope_id = x.id WHERE c.began_at > h.changed_at AND (n.changed_at IS NULL OR c.began_at < n.changed_at) UNION SELECT CASE WHEN c.state = 'complete' THEN c.seen_until + 1 ELSE c.ended_at END FROM (SELECT 'market' AS kind, s.source_market_id AS id UNION ALL SELECT 'event' AS kind, s.source_event_id AS id UNION ALL SELECT 'query' AS kind, CASE WHEN s.scope_kind = 'query' THEN s.scope_id END AS id UNION ALL SELECT 'source' AS kind, '' AS id) AS x CROSS JOIN coverage AS c ON c.source = s.source AND c.scope_kind = x.kind AND c.scope_id = x.id WHERE c.ended_at >= h.changed_at AND CASE WHEN c.state = 'complete' THEN c.seen_until + 1 ELSE c.ended_at END > h.changed_at AND (n.changed_at IS NULL OR CASE WHEN c.state = 'complete' THEN c.seen_until + 1 ELSE c.ended_at END < n.changed_at) AND NOT EXISTS (SELECT 1 FROM coverage AS n WHERE n.source = s.source AND n.scope_kind = x.kind AND n.scope_id = x.id AND n.began_at = c.ended_at AND (n.ended_at IS NULL OR n.ended_at > c.ended_at)) UNION SELECT c.seen_until + 1 FROM (SELECT 'market' AS kind, s.source_market_id AS id UNION ALL SELECT 'event' AS kind, s.source_event_id AS id UNION ALL SELECT 'query' AS kind, CASE WHEN s.scope_kind = 'query' THEN s.scope_id END AS id UNION ALL SELECT 'source' AS kind, '' AS id) AS x CROSS JOIN coverage AS c ON c.source = s.source AND c.scope_kind = x.kind AND c.scope_id = x.id WHERE c.ended_at IS NULL AND c.state = 'complete' AND c.seen_until + 1 > h.changed_at AND (n.changed_at IS NULL OR c.seen_until + 1 < n.changed_at)) AS cut) AS r)) AS r;

CREATE VIEW event_results AS SELECT event_id, sport, league, season, event, home, away, starts_at, event_status, period, home_score, away_score, winner, state, source, changed_at FROM (SELECT a.*, row_number() OVER (PARTITION BY event_id, sport, league, season, event, home, away, starts_at, event_status, period ORDER BY CASE state WHEN 'provisional' THEN 1 ELSE 0 END, precedence, changed_at DESC, source) AS place FROM (SELECT e.event_id, e.sport, coalesce(l.name, '') AS league, e.season, e.name AS event, coalesce(home.name, '') AS home, coalesce(away.name, '') AS away, strftime('%Y-%m-%dT%H:%M:%S', ((e.starts_at) - (((e.starts_at) % 1000000 + 1000000) % 1000000)) / 1000000, 'unixepoch') || printf('.%06dZ', (((e.starts_at) % 1000000 + 1000000) % 1000000)) AS starts_at, e.status AS event_status, r.period, CASE WHEN k.flipped = 1 THEN r.away_score ELSE r.home_score END AS home_score, CASE WHEN k.flipped = 1 THEN r.home_score ELSE r.away_score END AS away_score, CASE WHEN k.flipped = 1 THEN CASE r.winner WHEN 'home' THEN 'away' WHEN 'away' THEN 'home' WHEN 'home/home' THEN 'away/away' WHEN 'home/draw' THEN 'away/draw' WHEN 'home/away' THEN 'away/home' WHEN 'draw/home' THEN 'draw/away' WHEN 'draw/away' THEN 'draw/home' WHEN 'away/home' THEN 'home/away' WHEN 'away/draw' THEN 'home/draw' WHEN 'away/away' THEN 'home/home' WHEN 'home_or_draw' THEN 'draw_or_away' WHEN 'draw_or_away' THEN 'home_or_draw' WHEN 'other_home' THEN 'other_away' WHEN 'other_away' THEN 'other_home' ELSE r.winner END ELSE r.winner END AS winner, r.state, r.source, strftime('%Y-%m-%dT%H:%M:%S', ((r.changed_at) - (((r.changed_at) % 1000000 + 1000000) % 1000000)) / 1000000, 'unixepoch') || printf('.%06dZ', (((r.changed_at) % 1000000 + 1000000) % 1000000)) AS changed_at, coalesce(p.place, 2147483647) AS precedence FROM events AS e LEFT JOIN leagues AS l ON l.id = e.league_id LEFT JOIN teams AS home ON home.id = e.home_team_id LEFT JOIN teams AS away ON away.id = e.away_team_id CROSS JOIN event_links AS k ON k.event_id = e.event_id LEFT JOIN sources AS f ON f.source = k.source LEFT JOIN precedence AS p ON p.source = k.source CROSS JOIN results AS r ON r.source = k.source AND r.source_event_id = k.source_event_id) AS a) AS b WHERE place = 1;

CREATE VIEW coverage_intervals AS SELECT c.source, c.scope_kind, c.scope_id, c.state, c.reason, c.repaired_by, strftime('%Y-%m-%dT%H:%M:%S', ((c.began_at) - (((c.began_at) % 1000000 + 1000000) % 1000000)) / 1000000, 'unixepoch') || printf('.%06dZ', (((c.began_at) % 1000000 + 1000000) % 1000000)) AS began_at, strftime('%Y-%m-%dT%H:%M:%S', ((c.ended_at) - (((c.ended_at) % 1000000 + 1000000) % 1000000)) / 1000000, 'unixepoch') || printf('.%06dZ', (((c.ended_at) % 1000000 + 1000000) % 1000000)) AS ended_at, strftime('%Y-%m-%dT%H:%M:%S', ((c.seen_until) - (((c.seen_until) % 1000000 + 1000000) % 1000000)) / 1000000, 'unixepoch') || printf('.%06dZ', (((c.seen_until) % 1000000 + 1000000) % 1000000)) AS seen_until FROM coverage AS c;
