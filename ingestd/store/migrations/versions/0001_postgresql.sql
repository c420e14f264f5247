CREATE TABLE aliases (
    kind TEXT NOT NULL,
    source TEXT NOT NULL,
    sport TEXT NOT NULL,
    alias TEXT NOT NULL,
    stands_for BIGINT NOT NULL,
    state TEXT DEFAULT '' NOT NULL,
    flipped INTEGER DEFAULT 0 NOT NULL,
    score DOUBLE PRECISION NOT NULL,
    decided_by TEXT DEFAULT '' NOT NULL,
    decided_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT aliases_pkey PRIMARY KEY (kind, source, sport, alias)
);

CREATE TABLE bookmakers (
    id BIGINT NOT NULL,
    name TEXT DEFAULT '' NOT NULL,
    kind TEXT DEFAULT '' NOT NULL,
    CONSTRAINT bookmakers_pkey PRIMARY KEY (id)
);

CREATE TABLE coverage (
    source TEXT NOT NULL,
    scope_kind TEXT NOT NULL,
    scope_id TEXT NOT NULL,
    began_at TIMESTAMP WITH TIME ZONE NOT NULL,
    ended_at TIMESTAMP WITH TIME ZONE,
    seen_until TIMESTAMP WITH TIME ZONE NOT NULL,
    state TEXT DEFAULT '' NOT NULL,
    reason TEXT DEFAULT '' NOT NULL,
    repaired_by TEXT DEFAULT '' NOT NULL,
    CONSTRAINT coverage_pkey PRIMARY KEY (source, scope_kind, scope_id, began_at)
);

CREATE INDEX coverage_open_idx ON coverage (source, scope_kind, scope_id) WHERE ended_at IS NULL;

CREATE INDEX coverage_source_scope_kind_scope_id_ended_at_idx ON coverage (source, scope_kind, scope_id, ended_at);

CREATE TABLE decisions (
    decision_id TEXT NOT NULL,
    place INTEGER NOT NULL,
    decided_at TIMESTAMP WITH TIME ZONE NOT NULL,
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
);

CREATE INDEX decisions_decided_at_idx ON decisions (decided_at);

CREATE TABLE journals (
    journal_id BIGSERIAL NOT NULL,
    uid TEXT DEFAULT '' NOT NULL,
    path TEXT DEFAULT '' NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT journals_pkey PRIMARY KEY (journal_id),
    CONSTRAINT journals_uid_key UNIQUE (uid)
);

CREATE TABLE leagues (
    id BIGINT NOT NULL,
    sport TEXT DEFAULT '' NOT NULL,
    name TEXT DEFAULT '' NOT NULL,
    CONSTRAINT leagues_pkey PRIMARY KEY (id)
);

CREATE TABLE precedence (
    source TEXT NOT NULL,
    place INTEGER NOT NULL,
    CONSTRAINT precedence_pkey PRIMARY KEY (source)
);

CREATE TABLE quarantine (
    quarantine_id BIGINT NOT NULL,
    source TEXT DEFAULT '' NOT NULL,
    stage TEXT DEFAULT '' NOT NULL,
    category TEXT DEFAULT '' NOT NULL,
    severity TEXT DEFAULT '' NOT NULL,
    reason TEXT DEFAULT '' NOT NULL,
    journal_offset BIGINT NOT NULL,
    path TEXT DEFAULT '' NOT NULL,
    decoded TEXT DEFAULT '' NOT NULL,
    error TEXT DEFAULT '' NOT NULL,
    count BIGINT DEFAULT 0 NOT NULL,
    first_at TIMESTAMP WITH TIME ZONE NOT NULL,
    last_at TIMESTAMP WITH TIME ZONE NOT NULL,
    attempts BIGINT DEFAULT 0 NOT NULL,
    state TEXT DEFAULT 'open' NOT NULL,
    CONSTRAINT quarantine_pkey PRIMARY KEY (quarantine_id)
);

CREATE INDEX quarantine_state_source_idx ON quarantine (state, source);

CREATE TABLE revisions (
    subject TEXT NOT NULL,
    revision BIGINT NOT NULL,
    CONSTRAINT revisions_pkey PRIMARY KEY (subject)
);

CREATE TABLE runs (
    run_id BIGINT NOT NULL,
    source TEXT DEFAULT '' NOT NULL,
    kind TEXT DEFAULT '' NOT NULL,
    started_at TIMESTAMP WITH TIME ZONE NOT NULL,
    ended_at TIMESTAMP WITH TIME ZONE,
    status TEXT DEFAULT '' NOT NULL,
    counts TEXT DEFAULT '' NOT NULL,
    error TEXT DEFAULT '' NOT NULL,
    CONSTRAINT runs_pkey PRIMARY KEY (run_id)
);

CREATE TABLE sources (
    source TEXT NOT NULL,
    feed TEXT DEFAULT '' NOT NULL,
    state TEXT DEFAULT '' NOT NULL,
    since TIMESTAMP WITH TIME ZONE NOT NULL,
    reason TEXT DEFAULT '' NOT NULL,
    last_received_at TIMESTAMP WITH TIME ZONE NOT NULL,
    last_changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    alive_at TIMESTAMP WITH TIME ZONE NOT NULL,
    silence_limit BIGINT DEFAULT 0 NOT NULL,
    counters TEXT DEFAULT '' NOT NULL,
    CONSTRAINT sources_pkey PRIMARY KEY (source)
);

CREATE TABLE teams (
    id BIGINT NOT NULL,
    sport TEXT DEFAULT '' NOT NULL,
    name TEXT DEFAULT '' NOT NULL,
    CONSTRAINT teams_pkey PRIMARY KEY (id)
);

CREATE TABLE checkpoints (
    reader TEXT NOT NULL,
    journal_id BIGINT NOT NULL,
    position BIGINT NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
    fence BIGINT NOT NULL,
    CONSTRAINT checkpoints_pkey PRIMARY KEY (reader, journal_id),
    CONSTRAINT checkpoints_journal_id_fkey FOREIGN KEY(journal_id) REFERENCES journals (journal_id)
);

CREATE TABLE events (
    event_id BIGINT NOT NULL,
    sport TEXT DEFAULT '' NOT NULL,
    league_id BIGINT,
    season TEXT DEFAULT '' NOT NULL,
    home_team_id BIGINT,
    away_team_id BIGINT,
    name TEXT DEFAULT '' NOT NULL,
    starts_at TIMESTAMP WITH TIME ZONE,
    started_at TIMESTAMP WITH TIME ZONE,
    started_by TEXT DEFAULT '' NOT NULL,
    status TEXT DEFAULT '' NOT NULL,
    CONSTRAINT events_pkey PRIMARY KEY (event_id),
    CONSTRAINT events_league_id_fkey FOREIGN KEY(league_id) REFERENCES leagues (id),
    CONSTRAINT events_home_team_id_fkey FOREIGN KEY(home_team_id) REFERENCES teams (id),
    CONSTRAINT events_away_team_id_fkey FOREIGN KEY(away_team_id) REFERENCES teams (id)
);

CREATE TABLE incidents (
    id BIGINT NOT NULL,
    source TEXT DEFAULT '' NOT NULL,
    stage TEXT DEFAULT '' NOT NULL,
    category TEXT DEFAULT '' NOT NULL,
    severity TEXT DEFAULT '' NOT NULL,
    first_at TIMESTAMP WITH TIME ZONE NOT NULL,
    last_at TIMESTAMP WITH TIME ZONE NOT NULL,
    count BIGINT DEFAULT 0 NOT NULL,
    message TEXT DEFAULT '' NOT NULL,
    run_id BIGINT,
    CONSTRAINT incidents_pkey PRIMARY KEY (id),
    CONSTRAINT incidents_run_id_fkey FOREIGN KEY(run_id) REFERENCES runs (run_id)
);

CREATE TABLE event_links (
    source TEXT NOT NULL,
    source_event_id TEXT NOT NULL,
    event_id BIGINT NOT NULL,
    score DOUBLE PRECISION DEFAULT 1 NOT NULL,
    state TEXT DEFAULT 'auto' NOT NULL,
    flipped INTEGER DEFAULT 0 NOT NULL,
    parent TEXT DEFAULT '' NOT NULL,
    candidate_id BIGINT,
    evidence TEXT DEFAULT '' NOT NULL,
    revision BIGINT DEFAULT 0 NOT NULL,
    sport TEXT DEFAULT '' NOT NULL,
    league TEXT DEFAULT '' NOT NULL,
    league_id BIGINT,
    season TEXT DEFAULT '' NOT NULL,
    name TEXT DEFAULT '' NOT NULL,
    home TEXT DEFAULT '' NOT NULL,
    away TEXT DEFAULT '' NOT NULL,
    home_team_id BIGINT,
    away_team_id BIGINT,
    starts_at TIMESTAMP WITH TIME ZONE,
    started_at TIMESTAMP WITH TIME ZONE,
    started_by TEXT DEFAULT '' NOT NULL,
    status TEXT DEFAULT '' NOT NULL,
    changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    seq INTEGER NOT NULL,
    CONSTRAINT event_links_pkey PRIMARY KEY (source, source_event_id),
    CONSTRAINT event_links_event_id_fkey FOREIGN KEY(event_id) REFERENCES events (event_id),
    CONSTRAINT event_links_league_id_fkey FOREIGN KEY(league_id) REFERENCES leagues (id),
    CONSTRAINT event_links_home_team_id_fkey FOREIGN KEY(home_team_id) REFERENCES teams (id),
    CONSTRAINT event_links_away_team_id_fkey FOREIGN KEY(away_team_id) REFERENCES teams (id)
);

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
    changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    seq INTEGER NOT NULL,
    CONSTRAINT markets_pkey PRIMARY KEY (source, source_market_id),
    CONSTRAINT markets_source_source_event_id_fkey FOREIGN KEY(source, source_event_id) REFERENCES event_links (source, source_event_id)
);

CREATE INDEX markets_source_source_event_id_idx ON markets (source, source_event_id);

CREATE TABLE results (
    source TEXT NOT NULL,
    source_event_id TEXT NOT NULL,
    period TEXT NOT NULL,
    home_score INTEGER,
    away_score INTEGER,
    winner TEXT DEFAULT '' NOT NULL,
    state TEXT DEFAULT '' NOT NULL,
    changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT results_pkey PRIMARY KEY (source, source_event_id, period),
    CONSTRAINT results_source_source_event_id_fkey FOREIGN KEY(source, source_event_id) REFERENCES event_links (source, source_event_id)
);

CREATE TABLE market_flags (
    source TEXT NOT NULL,
    source_market_id TEXT NOT NULL,
    bookmaker_id BIGINT NOT NULL,
    category TEXT NOT NULL,
    began_at TIMESTAMP WITH TIME ZONE NOT NULL,
    ended_at TIMESTAMP WITH TIME ZONE,
    detail TEXT DEFAULT '' NOT NULL,
    CONSTRAINT market_flags_pkey PRIMARY KEY (source, source_market_id, bookmaker_id, category, began_at),
    CONSTRAINT market_flags_source_source_market_id_fkey FOREIGN KEY(source, source_market_id) REFERENCES markets (source, source_market_id),
    CONSTRAINT market_flags_bookmaker_id_fkey FOREIGN KEY(bookmaker_id) REFERENCES bookmakers (id)
);

CREATE TABLE selections (
    selection_id BIGINT NOT NULL,
    identity TEXT DEFAULT '' NOT NULL,
    source TEXT DEFAULT '' NOT NULL,
    bookmaker_id BIGINT NOT NULL,
    source_event_id TEXT DEFAULT '' NOT NULL,
    source_market_id TEXT DEFAULT '' NOT NULL,
    scope_kind TEXT DEFAULT '' NOT NULL,
    scope_id TEXT DEFAULT '' NOT NULL,
    market TEXT DEFAULT '' NOT NULL,
    period TEXT DEFAULT '' NOT NULL,
    outcome TEXT DEFAULT '' NOT NULL,
    participant TEXT DEFAULT '' NOT NULL,
    side TEXT DEFAULT '' NOT NULL,
    first_seen_at TIMESTAMP WITH TIME ZONE NOT NULL,
    changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT selections_pkey PRIMARY KEY (selection_id),
    CONSTRAINT selections_source_source_market_id_fkey FOREIGN KEY(source, source_market_id) REFERENCES markets (source, source_market_id),
    CONSTRAINT selections_source_source_event_id_fkey FOREIGN KEY(source, source_event_id) REFERENCES event_links (source, source_event_id),
    CONSTRAINT selections_bookmaker_id_fkey FOREIGN KEY(bookmaker_id) REFERENCES bookmakers (id)
);

CREATE INDEX selections_source_source_event_id_idx ON selections (source, source_event_id);

CREATE INDEX selections_source_source_market_id_idx ON selections (source, source_market_id);

CREATE TABLE odds (
    selection_id BIGINT NOT NULL,
    price DOUBLE PRECISION,
    line DOUBLE PRECISION,
    size DOUBLE PRECISION,
    own_status TEXT DEFAULT '' NOT NULL,
    result TEXT DEFAULT '' NOT NULL,
    changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    seq INTEGER NOT NULL,
    time_basis TEXT DEFAULT '' NOT NULL,
    received_at TIMESTAMP WITH TIME ZONE NOT NULL,
    committed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT odds_pkey PRIMARY KEY (selection_id),
    CONSTRAINT odds_selection_id_fkey FOREIGN KEY(selection_id) REFERENCES selections (selection_id)
)
 WITH (fillfactor = 70);

CREATE TABLE odds_history (
    selection_id BIGINT NOT NULL,
    changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    seq INTEGER NOT NULL,
    price DOUBLE PRECISION,
    line DOUBLE PRECISION,
    size DOUBLE PRECISION,
    status TEXT DEFAULT '' NOT NULL,
    result TEXT DEFAULT '' NOT NULL,
    time_basis TEXT DEFAULT '' NOT NULL,
    received_at TIMESTAMP WITH TIME ZONE NOT NULL,
    committed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    journal_offset BIGINT NOT NULL,
    CONSTRAINT odds_history_pkey PRIMARY KEY (selection_id, changed_at, seq),
    CONSTRAINT odds_history_selection_id_fkey FOREIGN KEY(selection_id) REFERENCES selections (selection_id)
)
 PARTITION BY RANGE (changed_at);

CREATE INDEX odds_history_journal_offset_idx ON odds_history USING brin (journal_offset);

CREATE TABLE odds_history_before PARTITION OF odds_history FOR VALUES FROM (MINVALUE) TO ('1990-01-01 00:00:00+00');

CREATE TABLE odds_history_after PARTITION OF odds_history FOR VALUES FROM ('2100-01-01 00:00:00+00') TO (MAXVALUE);

CREATE VIEW current_odds AS SELECT s.selection_id, s.source, b.name AS bookmaker, b.kind AS bookmaker_kind, e.event_id, e.sport, coalesce(l.name, '') AS league, e.season, e.name AS event, coalesce(home.name, '') AS home, coalesce(away.name, '') AS away, e.starts_at AS starts_at, e.status AS event_status, s.source_event_id, s.source_market_id, CASE WHEN k.flipped = 1 THEN CASE s.market WHEN 'player_first_home_scorer' THEN 'player_first_away_scorer' WHEN 'player_first_away_scorer' THEN 'player_first_home_scorer' ELSE s.market END ELSE s.market END AS market, s.period, CASE WHEN k.flipped = 1 THEN CASE s.outcome WHEN 'home' THEN 'away' WHEN 'away' THEN 'home' WHEN 'home/home' THEN 'away/away' WHEN 'home/draw' THEN 'away/draw' WHEN 'home/away' THEN 'away/home' WHEN 'draw/home' THEN 'draw/away' WHEN 'draw/away' THEN 'draw/home' WHEN 'away/home' THEN 'home/away' WHEN 'away/draw' THEN 'home/draw' WHEN 'away/away' THEN 'home/home' WHEN 'home_or_draw' THEN 'draw_or_away' WHEN 'draw_or_away' THEN 'home_or_draw' WHEN 'other_home' THEN 'other_away' WHEN 'other_away' THEN 'other_home' ELSE CASE WHEN s.market = 'correct_score' AND strpos(s.outcome, '-') > 0 THEN substr(s.outcome, strpos(s.outcome, '-') + 1) || '-' || substr(s.outcome, 1, strpos(s.outcome, '-') - 1) ELSE s.outcome END END ELSE s.outcome END AS outcome, CASE s.participant WHEN '' THEN '' WHEN 'home' THEN coalesce(CASE WHEN k.flipped = 1 THEN away.name ELSE home.name END, s.participant) WHEN 'away' THEN coalesce(CASE WHEN k.flipped = 1 THEN home.name ELSE away.name END, s.participant) WHEN k.home THEN coalesce(CASE WHEN k.flipped = 1 THEN away.name ELSE home.name END, s.participant) WHEN k.away THEN coalesce(CASE WHEN k.flipped = 1 THEN home.name ELSE away.name END, s.participant) ELSE s.participant END AS participant, s.side, CAST(e.event_id AS TEXT) || '|' || CASE WHEN k.flipped = 1 THEN CASE s.market WHEN 'player_first_home_scorer' THEN 'player_first_away_scorer' WHEN 'player_first_away_scorer' THEN 'player_first_home_scorer' ELSE s.market END ELSE s.market END || '|' || s.period || '|' || CASE WHEN k.flipped = 1 THEN CASE s.outcome WHEN 'home' THEN 'away' WHEN 'away' THEN 'home' WHEN 'home/home' THEN 'away/away' WHEN 'home/draw' THEN 'away/draw' WHEN 'home/away' THEN 'away/home' WHEN 'draw/home' THEN 'draw/away' WHEN 'draw/away' THEN 'draw/home' WHEN 'away/home' THEN 'home/away' WHEN 'away/draw' THEN 'home/draw' WHEN 'away/away' THEN 'home/home' WHEN 'home_or_draw' THEN 'draw_or_away' WHEN 'draw_or_away' THEN 'home_or_draw' WHEN 'other_home' THEN 'other_away' WHEN 'other_away' THEN 'other_home' ELSE CASE WHEN s.market = 'correct_score' AND strpos(s.outcome, '-') > 0 THEN substr(s.outcome, strpos(s.outcome, '-') + 1) || '-' || substr(s.outcome, 1, strpos(s.outcome, '-') - 1) ELSE s.outcome END END ELSE s.outcome END || '|' || CASE WHEN s.outcome IN ('home', 'draw', 'away') THEN '' ELSE CASE s.participant WHEN '' THEN '' WHEN 'home' THEN coalesce(CASE WHEN k.flipped = 1 THEN 'away' ELSE 'home' END, s.participant) WHEN 'away' THEN coalesce(CASE WHEN k.flipped = 1 THEN 'home' ELSE 'away' END, s.participant) WHEN k.home THEN coalesce(CASE WHEN k.flipped = 1 THEN 'away' ELSE 'home' END, s.participant) WHEN k.away THEN coalesce(CASE WHEN k.flipped = 1 THEN 'home' ELSE 'away' END, s.participant) ELSE s.participant END END || '|' || s.side || '|' || CASE WHEN o.line IS NULL THEN '' ELSE (o.line + 0.0)::text END AS outcome_key, coalesce(f.state, '') AS feed_state, coalesce(p.place, 2147483647) AS precedence, o.price, o.line, CASE WHEN o.price <= 1 THEN NULL WHEN o.price < 2 THEN -round(round((100.0 / (o.price - 1))::numeric, 6))::int8 ELSE round(round(((o.price - 1) * 100)::numeric, 6))::int8 END AS american, 1.0 / o.price AS probability, o.size, CASE WHEN CASE o.own_status WHEN 'open' THEN 0 WHEN 'suspended' THEN 1 WHEN 'withdrawn' THEN 2 WHEN 'settled' THEN 3 WHEN 'void' THEN 4 END >= CASE m.status WHEN 'open' THEN 0 WHEN 'suspended' THEN 1 WHEN 'withdrawn' THEN 2 WHEN 'settled' THEN 3 WHEN 'void' THEN 4 END THEN o.own_status ELSE m.status END AS status, o.own_status, o.result, o.changed_at AS changed_at, o.received_at AS received_at, extract(epoch FROM statement_timestamp() - o.changed_at)::float8 AS age_seconds, CASE WHEN f.state = 'live' AND CASE WHEN CASE o.own_status WHEN 'open' THEN 0 WHEN 'suspended' THEN 1 WHEN 'withdrawn' THEN 2 WHEN 'settled' THEN 3 WHEN 'void' THEN 4 END >= CASE m.status WHEN 'open' THEN 0 WHEN 'suspended' THEN 1 WHEN 'withdrawn' THEN 2 WHEN 'settled' THEN 3 WHEN 'void' THEN 4 END THEN o.own_status ELSE m.status END = 'open' AND o.price IS NOT NULL THEN coalesce((SELECT c.state = 'complete' AND statement_timestamp() < c.seen_until + f.silence_limit * interval '1 microsecond' FROM coverage AS c WHERE c.source = s.source AND c.scope_kind = 'market' AND c.scope_id = s.source_market_id AND c.ended_at IS NULL ORDER BY c.began_at DESC LIMIT 1), (SELECT c.state = 'complete' AND statement_timestamp() < c.seen_until + f.silence_limit * interval '1 microsecond' FROM coverage AS c WHERE c.source = s.source AND c.scope_kind = 'event' AND c.scope_id = s.source_event_id AND c.ended_at IS NULL ORDER BY c.began_at DESC LIMIT 1), (SELECT c.state = 'complete' AND statement_timestamp() < c.seen_until + f.silence_limit * interval '1 microsecond' FROM coverage AS c WHERE c.source = s.source AND c.scope_kind = 'query' AND c.scope_id = CASE WHEN s.scope_kind = 'query' THEN s.scope_id END AND c.ended_at IS NULL ORDER BY c.began_at DESC LIMIT 1), (SELECT c.state = 'complete' AND statement_timestamp() < c.seen_until + f.silence_limit * interval '1 microsecond' FROM coverage AS c WHERE c.source = s.source AND c.scope_kind = 'source' AND c.scope_id = '' AND c.ended_at IS NULL ORDER BY c.began_at DESC LIMIT 1), false) ELSE false END AS live, coalesce((SELECT string_agg(category, ' ') FROM (SELECT g.category FROM market_flags AS g WHERE g.source = s.source AND g.source_market_id = s.source_market_id AND g.bookmaker_id = s.bookmaker_id AND g.ended_at IS NULL ORDER BY g.category) AS flagged), '') AS flags FROM events AS e LEFT JOIN leagues AS l ON l.id = e.league_id LEFT JOIN teams AS home ON home.id = e.home_team_id LEFT JOIN teams AS away ON away.id = e.away_team_id JOIN event_links AS k ON k.event_id = e.event_id LEFT JOIN sources AS f ON f.source = k.source LEFT JOIN precedence AS p ON p.source = k.source JOIN selections AS s ON s.source = k.source AND s.source_event_id = k.source_event_id JOIN bookmakers AS b ON b.id = s.bookmaker_id JOIN odds AS o ON o.selection_id = s.selection_id JOIN markets AS m ON m.source = s.source AND m.source_market_id = s.source_market_id;

CREATE VIEW live_odds AS SELECT outcome_key, sport, league, season, event_id, event, home, away, starts_at, event_status, market, period, outcome, side, participant, price, line, size, bookmaker, source, selection_id, changed_at, age_seconds, bookmaker_kind, CASE WHEN price <= 1 THEN NULL WHEN price < 2 THEN -round(round((100.0 / (price - 1))::numeric, 6))::int8 ELSE round(round(((price - 1) * 100)::numeric, 6))::int8 END AS american, 1.0 / price AS probability, 'open' AS status, 'live' AS feed_state, precedence, witnesses, disagreement FROM (SELECT t.*, first_value(selection_id) OVER said AS believed, count(first_told) OVER said AS witnesses, max(first_told) OVER said / min(first_told) OVER said - 1 AS disagreement FROM (SELECT outcome_key, sport, league, season, event_id, event, home, away, starts_at, event_status, market, period, outcome, side, participant, price, line, size, bookmaker, source, selection_id, changed_at, age_seconds, bookmaker_kind, precedence, CASE WHEN source = lag(source) OVER (PARTITION BY outcome_key, event_id, event, sport, league, starts_at, market, bookmaker ORDER BY precedence, source, changed_at DESC, selection_id) THEN NULL ELSE price END AS first_told FROM current_odds WHERE live = true) AS t WINDOW said AS (PARTITION BY outcome_key, event_id, event, sport, league, starts_at, market, bookmaker ORDER BY precedence, source, changed_at DESC, selection_id ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)) AS j WHERE selection_id = believed;

CREATE VIEW best_odds AS SELECT outcome_key, sport, league, season, event_id, event, home, away, starts_at, event_status, market, period, outcome, side, participant, price, line, size, bookmaker, source, selection_id, changed_at, age_seconds, bookmaker_kind, CASE WHEN price <= 1 THEN NULL WHEN price < 2 THEN -round(round((100.0 / (price - 1))::numeric, 6))::int8 ELSE round(round(((price - 1) * 100)::numeric, 6))::int8 END AS american, 1.0 / price AS probability, 'open' AS status, 'live' AS feed_state, witnesses, disagreement, books FROM (SELECT outcome_key, sport, league, season, event_id, event, home, away, starts_at, event_status, market, period, outcome, side, participant, price, line, size, bookmaker, source, selection_id, changed_at, age_seconds, bookmaker_kind, witnesses, disagreement, count(*) OVER same AS books, first_value(selection_id) OVER same AS best FROM live_odds AS v WHERE v.side = 'back' AND v.bookmaker_kind <> 'aggregate' WINDOW same AS (PARTITION BY outcome_key, event_id, event, sport, league, starts_at, market ORDER BY price DESC, changed_at, selection_id ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)) AS r WHERE selection_id = best;

CREATE VIEW consensus AS SELECT outcome_key, sport, league, season, event_id, event, home, away, starts_at, event_status, market, period, outcome, participant, line, books, mean_probability, median_probability, CASE WHEN count(*) OVER whole = CASE WHEN market IN ('match_result', 'handicap_result') THEN 3 WHEN market = 'half_time_full_time' THEN 9 WHEN outcome IN ('home', 'away', 'over', 'under') THEN 2 END THEN mean_probability / sum(mean_probability) OVER whole END AS fair_probability FROM (SELECT outcome_key, sport, league, season, event_id, event, home, away, starts_at, event_status, market, period, outcome, participant, line, books, mean_probability, place, avg(CASE WHEN place = (books + 1) / 2 OR place = (books + 2) / 2 THEN probability END) OVER same AS median_probability FROM (SELECT outcome_key, sport, league, season, event_id, event, home, away, starts_at, event_status, market, period, outcome, side, participant, line, probability, count(*) OVER same AS books, avg(probability) OVER same AS mean_probability, row_number() OVER (PARTITION BY outcome_key, event_id, event, sport, league, starts_at, market ORDER BY probability, selection_id) AS place FROM live_odds AS v WHERE v.side = 'back' AND v.bookmaker_kind <> 'aggregate' WINDOW same AS (PARTITION BY outcome_key, event_id, event, sport, league, starts_at, market)) AS o WINDOW same AS (PARTITION BY outcome_key, event_id, event, sport, league, starts_at, market)) AS a WHERE place = 1 WINDOW whole AS (PARTITION BY event_id, event, sport, league, starts_at, market, period, CASE WHEN outcome IN ('home', 'draw', 'away') THEN '' ELSE participant END, CASE WHEN outcome = 'away' THEN -line ELSE line END);

CREATE VIEW price_history AS SELECT s.selection_id, s.source, b.name AS bookmaker, b.kind AS bookmaker_kind, e.event_id, e.sport, coalesce(l.name, '') AS league, e.season, e.name AS event, coalesce(home.name, '') AS home, coalesce(away.name, '') AS away, e.starts_at AS starts_at, e.status AS event_status, s.source_event_id, s.source_market_id, CASE WHEN k.flipped = 1 THEN CASE s.market WHEN 'player_first_home_scorer' THEN 'player_first_away_scorer' WHEN 'player_first_away_scorer' THEN 'player_first_home_scorer' ELSE s.market END ELSE s.market END AS market, s.period, CASE WHEN k.flipped = 1 THEN CASE s.outcome WHEN 'home' THEN 'away' WHEN 'away' THEN 'home' WHEN 'home/home' THEN 'away/away' WHEN 'home/draw' THEN 'away/draw' WHEN 'home/away' THEN 'away/home' WHEN 'draw/home' THEN 'draw/away' WHEN 'draw/away' THEN 'draw/home' WHEN 'away/home' THEN 'home/away' WHEN 'away/draw' THEN 'home/draw' WHEN 'away/away' THEN 'home/home' WHEN 'home_or_draw' THEN 'draw_or_away' WHEN 'draw_or_away' THEN 'home_or_draw' WHEN 'other_home' THEN 'other_away' WHEN 'other_away' THEN 'other_home' ELSE CASE WHEN s.market = 'correct_score' AND strpos(s.outcome, '-') > 0 THEN substr(s.outcome, strpos(s.outcome, '-') + 1) || '-' || substr(s.outcome, 1, strpos(s.outcome, '-') - 1) ELSE s.outcome END END ELSE s.outcome END AS outcome, CASE s.participant WHEN '' THEN '' WHEN 'home' THEN coalesce(CASE WHEN k.flipped = 1 THEN away.name ELSE home.name END, s.participant) WHEN 'away' THEN coalesce(CASE WHEN k.flipped = 1 THEN home.name ELSE away.name END, s.participant) WHEN k.home THEN coalesce(CASE WHEN k.flipped = 1 THEN away.name ELSE home.name END, s.participant) WHEN k.away THEN coalesce(CASE WHEN k.flipped = 1 THEN home.name ELSE away.name END, s.participant) ELSE s.participant END AS participant, s.side, CAST(e.event_id AS TEXT) || '|' || CASE WHEN k.flipped = 1 THEN CASE s.market WHEN 'player_first_home_scorer' THEN 'player_first_away_scorer' WHEN 'player_first_away_scorer' THEN 'player_first_home_scorer' ELSE s.market END ELSE s.market END || '|' || s.period || '|' || CASE WHEN k.flipped = 1 THEN CASE s.outcome WHEN 'home' THEN 'away' WHEN 'away' THEN 'home' WHEN 'home/home' THEN 'away/away' WHEN 'home/draw' THEN 'away/draw' WHEN 'home/away' THEN 'away/home' WHEN 'draw/home' THEN 'draw/away' WHEN 'draw/away' THEN 'draw/home' WHEN 'away/home' THEN 'home/away' WHEN 'away/draw' THEN 'home/draw' WHEN 'away/away' THEN 'home/home' WHEN 'home_or_draw' THEN 'draw_or_away' WHEN 'draw_or_away' THEN 'home_or_draw' WHEN 'other_home' THEN 'other_away' WHEN 'other_away' THEN 'other_home' ELSE CASE WHEN s.market = 'correct_score' AND strpos(s.outcome, '-') > 0 THEN substr(s.outcome, strpos(s.outcome, '-') + 1) || '-' || substr(s.outcome, 1, strpos(s.outcome, '-') - 1) ELSE s.outcome END END ELSE s.outcome END || '|' || CASE WHEN s.outcome IN ('home', 'draw', 'away') THEN '' ELSE CASE s.participant WHEN '' THEN '' WHEN 'home' THEN coalesce(CASE WHEN k.flipped = 1 THEN 'away' ELSE 'home' END, s.participant) WHEN 'away' THEN coalesce(CASE WHEN k.flipped = 1 THEN 'home' ELSE 'away' END, s.participant) WHEN k.home THEN coalesce(CASE WHEN k.flipped = 1 THEN 'away' ELSE 'home' END, s.participant) WHEN k.away THEN coalesce(CASE WHEN k.flipped = 1 THEN 'home' ELSE 'away' END, s.participant) ELSE s.participant END END || '|' || s.side || '|' || CASE WHEN h.line IS NULL THEN '' ELSE (h.line + 0.0)::text END AS outcome_key, coalesce(f.state, '') AS feed_state, coalesce(p.place, 2147483647) AS precedence, h.price, h.line, CASE WHEN h.price <= 1 THEN NULL WHEN h.price < 2 THEN -round(round((100.0 / (h.price - 1))::numeric, 6))::int8 ELSE round(round(((h.price - 1) * 100)::numeric, 6))::int8 END AS american, 1.0 / h.price AS probability, h.size, h.status, h.result, h.seq, h.time_basis, h.received_at AS received_at, h.journal_offset, h.changed_at AS valid_from, n.changed_at AS valid_to, h.committed_at AS known_from, (SELECT min(greatest(o.changed_at, o.committed_at)) FROM odds_history AS o WHERE o.selection_id = h.selection_id AND (o.changed_at, o.seq) > (h.changed_at, h.seq) AND o.changed_at >= n.changed_at AND o.changed_at <= greatest(n.changed_at, n.committed_at)) AS known_to FROM events AS e LEFT JOIN leagues AS l ON l.id = e.league_id LEFT JOIN teams AS home ON home.id = e.home_team_id LEFT JOIN teams AS away ON away.id = e.away_team_id JOIN event_links AS k ON k.event_id = e.event_id LEFT JOIN sources AS f ON f.source = k.source LEFT JOIN precedence AS p ON p.source = k.source JOIN selections AS s ON s.source = k.source AND s.source_event_id = k.source_event_id JOIN bookmakers AS b ON b.id = s.bookmaker_id JOIN odds_history AS h ON h.selection_id = s.selection_id LEFT JOIN LATERAL (SELECT o.changed_at, o.committed_at FROM odds_history AS o WHERE o.selection_id = h.selection_id AND (o.changed_at, o.seq) > (h.changed_at, h.seq) AND o.changed_at >= h.changed_at ORDER BY o.changed_at, o.seq LIMIT 1) AS n ON true;

CREATE VIEW opening_odds AS SELECT s.selection_id, s.source, b.name AS bookmaker, b.kind AS bookmaker_kind, e.event_id, e.sport, coalesce(l.name, '') AS league, e.season, e.name AS event, coalesce(home.name, '') AS home, coalesce(away.name, '') AS away, e.starts_at AS starts_at, e.status AS event_status, s.source_event_id, s.source_market_id, CASE WHEN k.flipped = 1 THEN CASE s.market WHEN 'player_first_home_scorer' THEN 'player_first_away_scorer' WHEN 'player_first_away_scorer' THEN 'player_first_home_scorer' ELSE s.market END ELSE s.market END AS market, s.period, CASE WHEN k.flipped = 1 THEN CASE s.outcome WHEN 'home' THEN 'away' WHEN 'away' THEN 'home' WHEN 'home/home' THEN 'away/away' WHEN 'home/draw' THEN 'away/draw' WHEN 'home/away' THEN 'away/home' WHEN 'draw/home' THEN 'draw/away' WHEN 'draw/away' THEN 'draw/home' WHEN 'away/home' THEN 'home/away' WHEN 'away/draw' THEN 'home/draw' WHEN 'away/away' THEN 'home/home' WHEN 'home_or_draw' THEN 'draw_or_away' WHEN 'draw_or_away' THEN 'home_or_draw' WHEN 'other_home' THEN 'other_away' WHEN 'other_away' THEN 'other_home' ELSE CASE WHEN s.market = 'correct_score' AND strpos(s.outcome, '-') > 0 THEN substr(s.outcome, strpos(s.outcome, '-') + 1) || '-' || substr(s.outcome, 1, strpos(s.outcome, '-') - 1) ELSE s.outcome END END ELSE s.outcome END AS outcome, CASE s.participant WHEN '' THEN '' WHEN 'home' THEN coalesce(CASE WHEN k.flipped = 1 THEN away.name ELSE home.name END, s.participant) WHEN 'away' THEN coalesce(CASE WHEN k.flipped = 1 THEN home.name ELSE away.name END, s.participant) WHEN k.home THEN coalesce(CASE WHEN k.flipped = 1 THEN away.name ELSE home.name END, s.participant) WHEN k.away THEN coalesce(CASE WHEN k.flipped = 1 THEN home.name ELSE away.name END, s.participant) ELSE s.participant END AS participant, s.side, CAST(e.event_id AS TEXT) || '|' || CASE WHEN k.flipped = 1 THEN CASE s.market WHEN 'player_first_home_scorer' THEN 'player_first_away_scorer' WHEN 'player_first_away_scorer' THEN 'player_first_home_scorer' ELSE s.market END ELSE s.market END || '|' || s.period || '|' || CASE WHEN k.flipped = 1 THEN CASE s.outcome WHEN 'home' THEN 'away' WHEN 'away' THEN 'home' WHEN 'home/home' THEN 'away/away' WHEN 'home/draw' THEN 'away/draw' WHEN 'home/away' THEN 'away/home' WHEN 'draw/home' THEN 'draw/away' WHEN 'draw/away' THEN 'draw/home' WHEN 'away/home' THEN 'home/away' WHEN 'away/draw' THEN 'home/draw' WHEN 'away/away' THEN 'home/home' WHEN 'home_or_draw' THEN 'draw_or_away' WHEN 'draw_or_away' THEN 'home_or_draw' WHEN 'other_home' THEN 'other_away' WHEN 'other_away' THEN 'other_home' ELSE CASE WHEN s.market = 'correct_score' AND strpos(s.outcome, '-') > 0 THEN substr(s.outcome, strpos(s.outcome, '-') + 1) || '-' || substr(s.outcome, 1, strpos(s.outcome, '-') - 1) ELSE s.outcome END END ELSE s.outcome END || '|' || CASE WHEN s.outcome IN ('home', 'draw', 'away') THEN '' ELSE CASE s.participant WHEN '' THEN '' WHEN 'home' THEN coalesce(CASE WHEN k.flipped = 1 THEN 'away' ELSE 'home' END, s.participant) WHEN 'away' THEN coalesce(CASE WHEN k.flipped = 1 THEN 'home' ELSE 'away' END, s.participant) WHEN k.home THEN coalesce(CASE WHEN k.flipped = 1 THEN 'away' ELSE 'home' END, s.participant) WHEN k.away THEN coalesce(CASE WHEN k.flipped = 1 THEN 'home' ELSE 'away' END, s.participant) ELSE s.participant END END || '|' || s.side || '|' || CASE WHEN h.line IS NULL THEN '' ELSE (h.line + 0.0)::text END AS outcome_key, coalesce(f.state, '') AS feed_state, coalesce(p.place, 2147483647) AS precedence, h.price, h.line, CASE WHEN h.price <= 1 THEN NULL WHEN h.price < 2 THEN -round(round((100.0 / (h.price - 1))::numeric, 6))::int8 ELSE round(round(((h.price - 1) * 100)::numeric, 6))::int8 END AS american, 1.0 / h.price AS probability, h.size, h.status, h.result, h.seq, h.time_basis, h.received_at AS received_at, h.journal_offset, h.changed_at AS changed_at FROM events AS e LEFT JOIN leagues AS l ON l.id = e.league_id LEFT JOIN teams AS home ON home.id = e.home_team_id LEFT JOIN teams AS away ON away.id = e.away_team_id JOIN event_links AS k ON k.event_id = e.event_id LEFT JOIN sources AS f ON f.source = k.source LEFT JOIN precedence AS p ON p.source = k.source JOIN selections AS s ON s.source = k.source AND s.source_event_id = k.source_event_id JOIN bookmakers AS b ON b.id = s.bookmaker_id JOIN LATERAL (SELECT o.* FROM odds_history AS o WHERE o.selection_id = s.selection_id AND o.status = 'open' AND o.price IS NOT NULL ORDER BY o.changed_at, o.seq LIMIT 1) AS h ON true;

CREATE VIEW closing_odds AS SELECT s.selection_id, s.source, b.name AS bookmaker, b.kind AS bookmaker_kind, e.event_id, e.sport, coalesce(l.name, '') AS league, e.season, e.name AS event, coalesce(home.name, '') AS home, coalesce(away.name, '') AS away, e.starts_at AS starts_at, e.status AS event_status, s.source_event_id, s.source_market_id, CASE WHEN k.flipped = 1 THEN CASE s.market WHEN 'player_first_home_scorer' THEN 'player_first_away_scorer' WHEN 'player_first_away_scorer' THEN 'player_first_home_scorer' ELSE s.market END ELSE s.market END AS market, s.period, CASE WHEN k.flipped = 1 THEN CASE s.outcome WHEN 'home' THEN 'away' WHEN 'away' THEN 'home' WHEN 'home/home' THEN 'away/away' WHEN 'home/draw' THEN 'away/draw' WHEN 'home/away' THEN 'away/home' WHEN 'draw/home' THEN 'draw/away' WHEN 'draw/away' THEN 'draw/home' WHEN 'away/home' THEN 'home/away' WHEN 'away/draw' THEN 'home/draw' WHEN 'away/away' THEN 'home/home' WHEN 'home_or_draw' THEN 'draw_or_away' WHEN 'draw_or_away' THEN 'home_or_draw' WHEN 'other_home' THEN 'other_away' WHEN 'other_away' THEN 'other_home' ELSE CASE WHEN s.market = 'correct_score' AND strpos(s.outcome, '-') > 0 THEN substr(s.outcome, strpos(s.outcome, '-') + 1) || '-' || substr(s.outcome, 1, strpos(s.outcome, '-') - 1) ELSE s.outcome END END ELSE s.outcome END AS outcome, CASE s.participant WHEN '' THEN '' WHEN 'home' THEN coalesce(CASE WHEN k.flipped = 1 THEN away.name ELSE home.name END, s.participant) WHEN 'away' THEN coalesce(CASE WHEN k.flipped = 1 THEN home.name ELSE away.name END, s.participant) WHEN k.home THEN coalesce(CASE WHEN k.flipped = 1 THEN away.name ELSE home.name END, s.participant) WHEN k.away THEN coalesce(CASE WHEN k.flipped = 1 THEN home.name ELSE away.name END, s.participant) ELSE s.participant END AS participant, s.side, CAST(e.event_id AS TEXT) || '|' || CASE WHEN k.flipped = 1 THEN CASE s.market WHEN 'player_first_home_scorer' THEN 'player_first_away_scorer' WHEN 'player_first_away_scorer' THEN 'player_first_home_scorer' ELSE s.market END ELSE s.market END || '|' || s.period || '|' || CASE WHEN k.flipped = 1 THEN CASE s.outcome WHEN 'home' THEN 'away' WHEN 'away' THEN 'home' WHEN 'home/home' THEN 'away/away' WHEN 'home/draw' THEN 'away/draw' WHEN 'home/away' THEN 'away/home' WHEN 'draw/home' THEN 'draw/away' WHEN 'draw/away' THEN 'draw/home' WHEN 'away/home' THEN 'home/away' WHEN 'away/draw' THEN 'home/draw' WHEN 'away/away' THEN 'home/home' WHEN 'home_or_draw' THEN 'draw_or_away' WHEN 'draw_or_away' THEN 'home_or_draw' WHEN 'other_home' THEN 'other_away' WHEN 'other_away' THEN 'other_home' ELSE CASE WHEN s.market = 'correct_score' AND strpos(s.outcome, '-') > 0 THEN substr(s.outcome, strpos(s.outcome, '-') + 1) || '-' || substr(s.outcome, 1, strpos(s.outcome, '-') - 1) ELSE s.outcome END END ELSE s.outcome END || '|' || CASE WHEN s.outcome IN ('home', 'draw', 'away') THEN '' ELSE CASE s.participant WHEN '' THEN '' WHEN 'home' THEN coalesce(CASE WHEN k.flipped = 1 THEN 'away' ELSE 'home' END, s.participant) WHEN 'away' THEN coalesce(CASE WHEN k.flipped = 1 THEN 'home' ELSE 'away' END, s.participant) WHEN k.home THEN coalesce(CASE WHEN k.flipped = 1 THEN 'away' ELSE 'home' END, s.participant) WHEN k.away THEN coalesce(CASE WHEN k.flipped = 1 THEN 'home' ELSE 'away' END, s.participant) ELSE s.participant END END || '|' || s.side || '|' || CASE WHEN h.line IS NULL THEN '' ELSE (h.line + 0.0)::text END AS outcome_key, coalesce(f.state, '') AS feed_state, coalesce(p.place, 2147483647) AS precedence, h.price, h.line, CASE WHEN h.price <= 1 THEN NULL WHEN h.price < 2 THEN -round(round((100.0 / (h.price - 1))::numeric, 6))::int8 ELSE round(round(((h.price - 1) * 100)::numeric, 6))::int8 END AS american, 1.0 / h.price AS probability, h.size, h.status, h.result, h.seq, h.time_basis, h.received_at AS received_at, h.journal_offset, h.changed_at AS changed_at, coalesce(e.started_at, e.starts_at) AS began_at, CASE WHEN e.started_at IS NULL THEN 'schedule' ELSE e.started_by END AS started_by, coalesce((SELECT CASE WHEN c.state = 'down' AND c.repaired_by = 'replay' THEN 'complete' ELSE c.state END FROM coverage AS c WHERE c.source = s.source AND c.scope_kind = 'market' AND c.scope_id = s.source_market_id AND c.began_at < coalesce(e.started_at, e.starts_at) AND (c.seen_until >= coalesce(e.started_at, e.starts_at) OR c.state <> 'complete' AND c.ended_at IS NULL) ORDER BY c.began_at DESC LIMIT 1), (SELECT CASE WHEN c.state = 'down' AND c.repaired_by = 'replay' THEN 'complete' ELSE c.state END FROM coverage AS c WHERE c.source = s.source AND c.scope_kind = 'event' AND c.scope_id = s.source_event_id AND c.began_at < coalesce(e.started_at, e.starts_at) AND (c.seen_until >= coalesce(e.started_at, e.starts_at) OR c.state <> 'complete' AND c.ended_at IS NULL) ORDER BY c.began_at DESC LIMIT 1), (SELECT CASE WHEN c.state = 'down' AND c.repaired_by = 'replay' THEN 'complete' ELSE c.state END FROM coverage AS c WHERE c.source = s.source AND c.scope_kind = 'query' AND c.scope_id = CASE WHEN s.scope_kind = 'query' THEN s.scope_id END AND c.began_at < coalesce(e.started_at, e.starts_at) AND (c.seen_until >= coalesce(e.started_at, e.starts_at) OR c.state <> 'complete' AND c.ended_at IS NULL) ORDER BY c.began_at DESC LIMIT 1), (SELECT CASE WHEN c.state = 'down' AND c.repaired_by = 'replay' THEN 'complete' ELSE c.state END FROM coverage AS c WHERE c.source = s.source AND c.scope_kind = 'source' AND c.scope_id = '' AND c.began_at < coalesce(e.started_at, e.starts_at) AND (c.seen_until >= coalesce(e.started_at, e.starts_at) OR c.state <> 'complete' AND c.ended_at IS NULL) ORDER BY c.began_at DESC LIMIT 1), 'unknown') AS coverage_state, coalesce((SELECT CASE WHEN c.state = 'down' AND c.repaired_by = 'replay' THEN 'complete' ELSE c.state END FROM coverage AS c WHERE c.source = s.source AND c.scope_kind = 'market' AND c.scope_id = s.source_market_id AND c.began_at < coalesce(e.started_at, e.starts_at) AND (c.seen_until >= coalesce(e.started_at, e.starts_at) OR c.state <> 'complete' AND c.ended_at IS NULL) ORDER BY c.began_at DESC LIMIT 1), (SELECT CASE WHEN c.state = 'down' AND c.repaired_by = 'replay' THEN 'complete' ELSE c.state END FROM coverage AS c WHERE c.source = s.source AND c.scope_kind = 'event' AND c.scope_id = s.source_event_id AND c.began_at < coalesce(e.started_at, e.starts_at) AND (c.seen_until >= coalesce(e.started_at, e.starts_at) OR c.state <> 'complete' AND c.ended_at IS NULL) ORDER BY c.began_at DESC LIMIT 1), (SELECT CASE WHEN c.state = 'down' AND c.repaired_by = 'replay' THEN 'complete' ELSE c.state END FROM coverage AS c WHERE c.source = s.source AND c.scope_kind = 'query' AND c.scope_id = CASE WHEN s.scope_kind = 'query' THEN s.scope_id END AND c.began_at < coalesce(e.started_at, e.starts_at) AND (c.seen_until >= coalesce(e.started_at, e.starts_at) OR c.state <> 'complete' AND c.ended_at IS NULL) ORDER BY c.began_at DESC LIMIT 1), (SELECT CASE WHEN c.state = 'down' AND c.repaired_by = 'replay' THEN 'complete' ELSE c.state END FROM coverage AS c WHERE c.source = s.source AND c.scope_kind = 'source' AND c.scope_id = '' AND c.began_at < coalesce(e.started_at, e.starts_at) AND (c.seen_until >= coalesce(e.started_at, e.starts_at) OR c.state <> 'complete' AND c.ended_at IS NULL) ORDER BY c.began_at DESC LIMIT 1), 'unknown') = 'complete' AS coverage_complete FROM events AS e LEFT JOIN leagues AS l ON l.id = e.league_id LEFT JOIN teams AS home ON home.id = e.home_team_id LEFT JOIN teams AS away ON away.id = e.away_team_id JOIN event_links AS k ON k.event_id = e.event_id LEFT JOIN sources AS f ON f.source = k.source LEFT JOIN precedence AS p ON p.source = k.source JOIN selections AS s ON s.source = k.source AND s.source_event_id = k.source_event_id JOIN bookmakers AS b ON b.id = s.bookmaker_id JOIN LATERAL (SELECT o.* FROM odds_history AS o WHERE o.selection_id = s.selection_id AND o.status = 'open' AND o.price IS NOT NULL AND o.changed_at < greatest(coalesce(e.started_at, e.starts_at), k.starts_at) AND (o.changed_at < coalesce(e.started_at, e.starts_at) OR o.time_basis = 'nominal') ORDER BY o.changed_at DESC, o.seq DESC LIMIT 1) AS h ON true;

CREATE VIEW trusted_history AS SELECT s.selection_id, s.source, b.name AS bookmaker, b.kind AS bookmaker_kind, e.event_id, e.sport, coalesce(l.name, '') AS league, e.season, e.name AS event, coalesce(home.name, '') AS home, coalesce(away.name, '') AS away, e.starts_at AS starts_at, e.status AS event_status, s.source_event_id, s.source_market_id, CASE WHEN k.flipped = 1 THEN CASE s.market WHEN 'player_first_home_scorer' THEN 'player_first_away_scorer' WHEN 'player_first_away_scorer' THEN 'player_first_home_scorer' ELSE s.market END ELSE s.market END AS market, s.period, CASE WHEN k.flipped = 1 THEN CASE s.outcome WHEN 'home' THEN 'away' WHEN 'away' THEN 'home' WHEN 'home/home' THEN 'away/away' WHEN 'home/draw' THEN 'away/draw' WHEN 'home/away' THEN 'away/home' WHEN 'draw/home' THEN 'draw/away' WHEN 'draw/away' THEN 'draw/home' WHEN 'away/home' THEN 'home/away' WHEN 'away/draw' THEN 'home/draw' WHEN 'away/away' THEN 'home/home' WHEN 'home_or_draw' THEN 'draw_or_away' WHEN 'draw_or_away' THEN 'home_or_draw' WHEN 'other_home' THEN 'other_away' WHEN 'other_away' THEN 'other_home' ELSE CASE WHEN s.market = 'correct_score' AND strpos(s.outcome, '-') > 0 THEN substr(s.outcome, strpos(s.outcome, '-') + 1) || '-' || substr(s.outcome, 1, strpos(s.outcome, '-') - 1) ELSE s.outcome END END ELSE s.outcome END AS outcome, CASE s.participant WHEN '' THEN '' WHEN 'home' THEN coalesce(CASE WHEN k.flipped = 1 THEN away.name ELSE home.name END, s.participant) WHEN 'away' THEN coalesce(CASE WHEN k.flipped = 1 THEN home.name ELSE away.name END, s.participant) WHEN k.home THEN coalesce(CASE WHEN k.flipped = 1 THEN away.name ELSE home.name END, s.participant) WHEN k.away THEN coalesce(CASE WHEN k.flipped = 1 THEN home.name ELSE away.name END, s.participant) ELSE s.participant END AS participant, s.side, CAST(e.event_id AS TEXT) || '|' || CASE WHEN k.flipped = 1 THEN CASE s.market WHEN 'player_first_home_scorer' THEN 'player_first_away_scorer' WHEN 'player_first_away_scorer' THEN 'player_first_home_scorer' ELSE s.market END ELSE s.market END || '|' || s.period || '|' || CASE WHEN k.flipped = 1 THEN CASE s.outcome WHEN 'home' THEN 'away' WHEN 'away' THEN 'home' WHEN 'home/home' THEN 'away/away' WHEN 'home/draw' THEN 'away/draw' WHEN 'home/away' THEN 'away/home' WHEN 'draw/home' THEN 'draw/away' WHEN 'draw/away' THEN 'draw/home' WHEN 'away/home' THEN 'home/away' WHEN 'away/draw' THEN 'home/draw' WHEN 'away/away' THEN 'home/home' WHEN 'home_or_draw' THEN 'draw_or_away' WHEN 'draw_or_away' THEN 'home_or_draw' WHEN 'other_home' THEN 'other_away' WHEN 'other_away' THEN 'other_home' ELSE CASE WHEN s.market = 'correct_score' AND strpos(s.outcome, '-') > 0 THEN substr(s.outcome, strpos(s.outcome, '-') + 1) || '-' || substr(s.outcome, 1, strpos(s.outcome, '-') - 1) ELSE s.outcome END END ELSE s.outcome END || '|' || CASE WHEN s.outcome IN ('home', 'draw', 'away') THEN '' ELSE CASE s.participant WHEN '' THEN '' WHEN 'home' THEN coalesce(CASE WHEN k.flipped = 1 THEN 'away' ELSE 'home' END, s.participant) WHEN 'away' THEN coalesce(CASE WHEN k.flipped = 1 THEN 'home' ELSE 'away' END, s.participant) WHEN k.home THEN coalesce(CASE WHEN k.flipped = 1 THEN 'away' ELSE 'home' END, s.participant) WHEN k.away THEN coalesce(CASE WHEN k.flipped = 1 THEN 'home' ELSE 'away' END, s.participant) ELSE s.participant END END || '|' || s.side || '|' || CASE WHEN h.line IS NULL THEN '' ELSE (h.line + 0.0)::text END AS outcome_key, coalesce(f.state, '') AS feed_state, coalesce(p.place, 2147483647) AS precedence, h.price, h.line, CASE WHEN h.price <= 1 THEN NULL WHEN h.price < 2 THEN -round(round((100.0 / (h.price - 1))::numeric, 6))::int8 ELSE round(round(((h.price - 1) * 100)::numeric, 6))::int8 END AS american, 1.0 / h.price AS probability, h.size, h.status, h.result, h.seq, h.time_basis, h.received_at AS received_at, h.journal_offset, h.changed_at AS valid_from, n.changed_at AS valid_to, h.committed_at AS known_from, (SELECT min(greatest(o.changed_at, o.committed_at)) FROM odds_history AS o WHERE o.selection_id = h.selection_id AND (o.changed_at, o.seq) > (h.changed_at, h.seq) AND o.changed_at >= n.changed_at AND o.changed_at <= greatest(n.changed_at, n.committed_at)) AS known_to, r.at AS covered_from, r.until AS covered_to, coalesce((SELECT c.state FROM coverage AS c WHERE c.source = s.source AND c.scope_kind = 'market' AND c.scope_id = s.source_market_id AND c.began_at <= r.at AND (c.seen_until > r.at OR c.seen_until = r.at AND c.state = 'complete' OR c.state <> 'complete' AND c.ended_at IS NULL) ORDER BY c.began_at DESC LIMIT 1), (SELECT c.state FROM coverage AS c WHERE c.source = s.source AND c.scope_kind = 'event' AND c.scope_id = s.source_event_id AND c.began_at <= r.at AND (c.seen_until > r.at OR c.seen_until = r.at AND c.state = 'complete' OR c.state <> 'complete' AND c.ended_at IS NULL) ORDER BY c.began_at DESC LIMIT 1), (SELECT c.state FROM coverage AS c WHERE c.source = s.source AND c.scope_kind = 'query' AND c.scope_id = CASE WHEN s.scope_kind = 'query' THEN s.scope_id END AND c.began_at <= r.at AND (c.seen_until > r.at OR c.seen_until = r.at AND c.state = 'complete' OR c.state <> 'complete' AND c.ended_at IS NULL) ORDER BY c.began_at DESC LIMIT 1), (SELECT c.state FROM coverage AS c WHERE c.source = s.source AND c.scope_kind = 'source' AND c.scope_id = '' AND c.began_at <= r.at AND (c.seen_until > r.at OR c.seen_until = r.at AND c.state = 'complete' OR c.state <> 'complete' AND c.ended_at IS NULL) ORDER BY c.began_at DESC LIMIT 1), 'unknown') AS coverage_state FROM events AS e LEFT JOIN leagues AS l ON l.id = e.league_id LEFT JOIN teams AS home ON home.id = e.home_team_id LEFT JOIN teams AS away ON away.id = e.away_team_id JOIN event_links AS k ON k.event_id = e.event_id LEFT JOIN sources AS f ON f.source = k.source LEFT JOIN precedence AS p ON p.source = k.source JOIN selections AS s ON s.source = k.source AND s.source_event_id = k.source_event_id JOIN bookmakers AS b ON b.id = s.bookmaker_id JOIN odds_history AS h ON h.selection_id = s.selection_id LEFT JOIN LATERAL (SELECT o.changed_at, o.committed_at FROM odds_history AS o WHERE o.selection_id = h.selection_id AND (o.changed_at, o.seq) > (h.changed_at, h.seq) AND o.changed_at >= h.changed_at ORDER BY o.changed_at, o.seq LIMIT 1) AS n ON true CROSS JOIN LATERAL (SELECT cut.at, coalesce(lead(cut.at) OVER (ORDER BY cut.at), n.changed_at) AS until FROM (SELECT h.changed_at AS at UNION SELECT c.began_at FROM (SELECT 'market' AS kind, s.source_market_id AS id UNION ALL SELECT 'event' AS kind, s.source_event_id AS id UNION ALL SELECT 'query' AS kind, CASE WHEN s.scope_kind = 'query' THEN s.scope_id END AS id UNION ALL SELECT 'source' AS kind, '' AS id) AS x JOIN coverage AS c ON c.source = s.source AND c.scope_kind = x.kind AND c.scope_id = x.id WHERE c.began_at > h.changed_at AND (n.changed_at IS NULL OR c.began_at < n.changed_at) UNION SELECT CASE WHEN c.state = 'complete' THEN c.seen_until + 1 * interval '1 microsecond' ELSE c.ended_at END FROM (SELECT 'market' AS kind, s.source_market_id AS id UNION ALL SELECT 'event' AS kind, s.source_event_id AS id UNION ALL SELECT 'query' AS kind, CASE WHEN s.scope_kind = 'query' THEN s.scope_id END AS id UNION ALL SELECT 'source' AS kind, '' AS id) AS x JOIN coverage AS c ON c.source = s.source AND c.scope_kind = x.kind AND c.scope_id = x.id WHERE c.ended_at >= h.changed_at AND CASE WHEN c.state = 'complete' THEN c.seen_until + 1 * interval '1 microsecond' ELSE c.ended_at END > h.changed_at AND (n.changed_at IS NULL OR CASE WHEN c.state = 'complete' THEN c.seen_until + 1 * interval '1 microsecond' ELSE c.ended_at END < n.changed_at) AND NOT EXISTS (SELECT 1 FROM coverage AS n WHERE n.source = s.source AND n.scope_kind = x.kind AND n.scope_id = x.id AND n.began_at = c.ended_at AND (n.ended_at IS NULL OR n.ended_at > c.ended_at)) UNION SELECT c.seen_until + 1 * interval '1 microsecond' FROM (SELECT 'market' AS kind, s.source_market_id AS id UNION ALL SELECT 'event' AS kind, s.source_event_id AS id UNION ALL SELECT 'query' AS kind, CASE WHEN s.scope_kind = 'query' THEN s.scope_id END AS id UNION ALL SELECT 'source' AS kind, '' AS id) AS x JOIN coverage AS c ON c.source = s.source AND c.scope_kind = x.kind AND c.scope_id = x.id WHERE c.ended_at IS NULL AND c.state = 'complete' AND c.seen_until + 1 * interval '1 microsecond' > h.changed_at AND (n.changed_at IS NULL OR c.seen_until + 1 * interval '1 microsecond' < n.changed_at)) AS cut) AS r;

CREATE VIEW event_results AS SELECT event_id, sport, league, season, event, home, away, starts_at, event_status, period, home_score, away_score, winner, state, source, changed_at FROM (SELECT a.*, row_number() OVER (PARTITION BY event_id, sport, league, season, event, home, away, starts_at, event_status, period ORDER BY CASE state WHEN 'provisional' THEN 1 ELSE 0 END, precedence, changed_at DESC, source) AS place FROM (SELECT e.event_id, e.sport, coalesce(l.name, '') AS league, e.season, e.name AS event, coalesce(home.name, '') AS home, coalesce(away.name, '') AS away, e.starts_at AS starts_at, e.status AS event_status, r.period, CASE WHEN k.flipped = 1 THEN r.away_score ELSE r.home_score END AS home_score, CASE WHEN k.flipped = 1 THEN r.home_score ELSE r.away_score END AS away_score, CASE WHEN k.flipped = 1 THEN CASE r.winner WHEN 'home' THEN 'away' WHEN 'away' THEN 'home' WHEN 'home/home' THEN 'away/away' WHEN 'home/draw' THEN 'away/draw' WHEN 'home/away' THEN 'away/home' WHEN 'draw/home' THEN 'draw/away' WHEN 'draw/away' THEN 'draw/home' WHEN 'away/home' THEN 'home/away' WHEN 'away/draw' THEN 'home/draw' WHEN 'away/away' THEN 'home/home' WHEN 'home_or_draw' THEN 'draw_or_away' WHEN 'draw_or_away' THEN 'home_or_draw' WHEN 'other_home' THEN 'other_away' WHEN 'other_away' THEN 'other_home' ELSE r.winner END ELSE r.winner END AS winner, r.state, r.source, r.changed_at AS changed_at, coalesce(p.place, 2147483647) AS precedence FROM events AS e LEFT JOIN leagues AS l ON l.id = e.league_id LEFT JOIN teams AS home ON home.id = e.home_team_id LEFT JOIN teams AS away ON away.id = e.away_team_id JOIN event_links AS k ON k.event_id = e.event_id LEFT JOIN sources AS f ON f.source = k.source LEFT JOIN precedence AS p ON p.source = k.source JOIN results AS r ON r.source = k.source AND r.source_event_id = k.source_event_id) AS a) AS b WHERE place = 1;

CREATE VIEW coverage_intervals AS SELECT c.source, c.scope_kind, c.scope_id, c.state, c.reason, c.repaired_by, c.began_at AS began_at, c.ended_at AS ended_at, c.seen_until AS seen_until FROM coverage AS c;
