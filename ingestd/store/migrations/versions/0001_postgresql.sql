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

CREATE TABLE odds_history_before PARTITION OF odds_history FOR VALUES FROM (MINVALUE) TO ('1990-01-01 00:00:00+00');

CREATE TABLE odds_history_after PARTITION OF odds_history FOR VALUES FROM ('2100-01-01 00:00:00+00') TO (MAXVALUE);

CREATE INDEX odds_history_journal_offset_idx ON odds_history USING brin (journal_offset);

CREATE VIEW current_odds AS SELECT s.selection_id, s.source, b.name AS bookmaker, b.kind AS bookmaker_kind, e.sport, coalesce(l.name, '') AS league, k.event_id, s.source_event_id, s.source_market_id, e.name AS event, coalesce(home.name, '') AS home, coalesce(away.name, '') AS away, e.starts_at AS starts_at, e.status AS event_status, s.market, s.period, CASE WHEN k.flipped = 1 AND s.outcome = 'home' THEN 'away' WHEN k.flipped = 1 AND s.outcome = 'away' THEN 'home' ELSE s.outcome END AS outcome, s.participant, s.side, CAST(k.event_id AS TEXT) || '|' || s.market || '|' || s.period || '|' || CASE WHEN k.flipped = 1 AND s.outcome = 'home' THEN 'away' WHEN k.flipped = 1 AND s.outcome = 'away' THEN 'home' ELSE s.outcome END || '|' || s.participant || '|' || s.side || '|' || CASE WHEN o.line IS NULL THEN '' ELSE (o.line + 0.0)::text END AS outcome_key, o.price, o.line, CASE WHEN o.price <= 1 THEN NULL WHEN o.price < 2 THEN round((-100.0 / (o.price - 1))::numeric)::int8 ELSE round(((o.price - 1) * 100)::numeric)::int8 END AS american, 1.0 / o.price AS probability, o.size, CASE WHEN CASE o.own_status WHEN 'open' THEN 0 WHEN 'suspended' THEN 1 WHEN 'withdrawn' THEN 2 WHEN 'settled' THEN 3 WHEN 'void' THEN 4 END >= CASE m.status WHEN 'open' THEN 0 WHEN 'suspended' THEN 1 WHEN 'withdrawn' THEN 2 WHEN 'settled' THEN 3 WHEN 'void' THEN 4 END THEN o.own_status ELSE m.status END AS status, o.own_status, o.result, o.changed_at AS changed_at, o.received_at AS received_at, extract(epoch FROM statement_timestamp() - o.changed_at)::float8 AS age_seconds, coalesce(f.state, '') AS feed_state, coalesce(f.state = 'live' AND CASE WHEN CASE o.own_status WHEN 'open' THEN 0 WHEN 'suspended' THEN 1 WHEN 'withdrawn' THEN 2 WHEN 'settled' THEN 3 WHEN 'void' THEN 4 END >= CASE m.status WHEN 'open' THEN 0 WHEN 'suspended' THEN 1 WHEN 'withdrawn' THEN 2 WHEN 'settled' THEN 3 WHEN 'void' THEN 4 END THEN o.own_status ELSE m.status END = 'open' AND o.price IS NOT NULL AND coalesce((SELECT c.state = 'complete' AND statement_timestamp() < c.seen_until + f.silence_limit * interval '1 microsecond' FROM coverage AS c WHERE c.source = s.source AND c.scope_kind = 'market' AND c.scope_id = s.source_market_id AND c.ended_at IS NULL ORDER BY c.began_at DESC LIMIT 1), (SELECT c.state = 'complete' AND statement_timestamp() < c.seen_until + f.silence_limit * interval '1 microsecond' FROM coverage AS c WHERE c.source = s.source AND c.scope_kind = 'event' AND c.scope_id = s.source_event_id AND c.ended_at IS NULL ORDER BY c.began_at DESC LIMIT 1), (SELECT c.state = 'complete' AND statement_timestamp() < c.seen_until + f.silence_limit * interval '1 microsecond' FROM coverage AS c WHERE c.source = s.source AND c.scope_kind = 'query' AND s.scope_kind = 'query' AND c.scope_id = s.scope_id AND c.ended_at IS NULL ORDER BY c.began_at DESC LIMIT 1), (SELECT c.state = 'complete' AND statement_timestamp() < c.seen_until + f.silence_limit * interval '1 microsecond' FROM coverage AS c WHERE c.source = s.source AND c.scope_kind = 'source' AND c.scope_id = '' AND c.ended_at IS NULL ORDER BY c.began_at DESC LIMIT 1)), false) AS live FROM odds AS o JOIN selections AS s ON s.selection_id = o.selection_id JOIN bookmakers AS b ON b.id = s.bookmaker_id JOIN event_links AS k ON k.source = s.source AND k.source_event_id = s.source_event_id JOIN events AS e ON e.event_id = k.event_id JOIN markets AS m ON m.source = s.source AND m.source_market_id = s.source_market_id LEFT JOIN leagues AS l ON l.id = e.league_id LEFT JOIN teams AS home ON home.id = e.home_team_id LEFT JOIN teams AS away ON away.id = e.away_team_id LEFT JOIN sources AS f ON f.source = s.source;

CREATE VIEW best_odds AS SELECT outcome_key, event, starts_at, market, period, outcome, participant, line, price, american, probability, size, bookmaker, source, selection_id, event_id, changed_at, age_seconds, feed_state, books FROM (SELECT c.*, row_number() OVER (PARTITION BY outcome_key ORDER BY price DESC, changed_at, selection_id) AS place, count(*) OVER (PARTITION BY outcome_key) AS books FROM current_odds AS c WHERE live = true AND side = 'back' AND bookmaker_kind <> 'aggregate') AS ranked WHERE place = 1;

CREATE VIEW price_history AS SELECT s.selection_id, s.source, b.name AS bookmaker, b.kind AS bookmaker_kind, e.sport, coalesce(l.name, '') AS league, k.event_id, s.source_event_id, s.source_market_id, e.name AS event, coalesce(home.name, '') AS home, coalesce(away.name, '') AS away, e.starts_at AS starts_at, e.status AS event_status, s.market, s.period, CASE WHEN k.flipped = 1 AND s.outcome = 'home' THEN 'away' WHEN k.flipped = 1 AND s.outcome = 'away' THEN 'home' ELSE s.outcome END AS outcome, s.participant, s.side, CAST(k.event_id AS TEXT) || '|' || s.market || '|' || s.period || '|' || CASE WHEN k.flipped = 1 AND s.outcome = 'home' THEN 'away' WHEN k.flipped = 1 AND s.outcome = 'away' THEN 'home' ELSE s.outcome END || '|' || s.participant || '|' || s.side || '|' || CASE WHEN h.line IS NULL THEN '' ELSE (h.line + 0.0)::text END AS outcome_key, h.price, h.line, CASE WHEN h.price <= 1 THEN NULL WHEN h.price < 2 THEN round((-100.0 / (h.price - 1))::numeric)::int8 ELSE round(((h.price - 1) * 100)::numeric)::int8 END AS american, 1.0 / h.price AS probability, h.size, h.status, h.result, h.seq, h.changed_at AS valid_from, h.valid_to AS valid_to, h.committed_at AS known_from, h.received_at AS received_at, h.time_basis, h.journal_offset, coalesce(f.state, '') AS feed_state FROM (SELECT o.*, lead(o.changed_at) OVER (PARTITION BY o.selection_id ORDER BY o.changed_at, o.seq) AS valid_to FROM odds_history AS o) AS h JOIN selections AS s ON s.selection_id = h.selection_id JOIN bookmakers AS b ON b.id = s.bookmaker_id JOIN event_links AS k ON k.source = s.source AND k.source_event_id = s.source_event_id JOIN events AS e ON e.event_id = k.event_id JOIN markets AS m ON m.source = s.source AND m.source_market_id = s.source_market_id LEFT JOIN leagues AS l ON l.id = e.league_id LEFT JOIN teams AS home ON home.id = e.home_team_id LEFT JOIN teams AS away ON away.id = e.away_team_id LEFT JOIN sources AS f ON f.source = s.source;

CREATE VIEW opening_odds AS SELECT s.selection_id, s.source, b.name AS bookmaker, b.kind AS bookmaker_kind, e.sport, coalesce(l.name, '') AS league, k.event_id, s.source_event_id, s.source_market_id, e.name AS event, coalesce(home.name, '') AS home, coalesce(away.name, '') AS away, e.starts_at AS starts_at, e.status AS event_status, s.market, s.period, CASE WHEN k.flipped = 1 AND s.outcome = 'home' THEN 'away' WHEN k.flipped = 1 AND s.outcome = 'away' THEN 'home' ELSE s.outcome END AS outcome, s.participant, s.side, CAST(k.event_id AS TEXT) || '|' || s.market || '|' || s.period || '|' || CASE WHEN k.flipped = 1 AND s.outcome = 'home' THEN 'away' WHEN k.flipped = 1 AND s.outcome = 'away' THEN 'home' ELSE s.outcome END || '|' || s.participant || '|' || s.side || '|' || CASE WHEN h.line IS NULL THEN '' ELSE (h.line + 0.0)::text END AS outcome_key, h.price, h.line, CASE WHEN h.price <= 1 THEN NULL WHEN h.price < 2 THEN round((-100.0 / (h.price - 1))::numeric)::int8 ELSE round(((h.price - 1) * 100)::numeric)::int8 END AS american, 1.0 / h.price AS probability, h.size, h.changed_at AS changed_at, h.seq, h.time_basis, coalesce(f.state, '') AS feed_state FROM (SELECT o.*, row_number() OVER (PARTITION BY o.selection_id ORDER BY o.changed_at, o.seq) AS place FROM odds_history AS o WHERE o.status = 'open' AND o.price IS NOT NULL) AS h JOIN selections AS s ON s.selection_id = h.selection_id JOIN bookmakers AS b ON b.id = s.bookmaker_id JOIN event_links AS k ON k.source = s.source AND k.source_event_id = s.source_event_id JOIN events AS e ON e.event_id = k.event_id JOIN markets AS m ON m.source = s.source AND m.source_market_id = s.source_market_id LEFT JOIN leagues AS l ON l.id = e.league_id LEFT JOIN teams AS home ON home.id = e.home_team_id LEFT JOIN teams AS away ON away.id = e.away_team_id LEFT JOIN sources AS f ON f.source = s.source WHERE h.place = 1;

CREATE VIEW closing_odds AS SELECT s.selection_id, s.source, b.name AS bookmaker, b.kind AS bookmaker_kind, e.sport, coalesce(l.name, '') AS league, k.event_id, s.source_event_id, s.source_market_id, e.name AS event, coalesce(home.name, '') AS home, coalesce(away.name, '') AS away, e.starts_at AS starts_at, e.status AS event_status, s.market, s.period, CASE WHEN k.flipped = 1 AND s.outcome = 'home' THEN 'away' WHEN k.flipped = 1 AND s.outcome = 'away' THEN 'home' ELSE s.outcome END AS outcome, s.participant, s.side, CAST(k.event_id AS TEXT) || '|' || s.market || '|' || s.period || '|' || CASE WHEN k.flipped = 1 AND s.outcome = 'home' THEN 'away' WHEN k.flipped = 1 AND s.outcome = 'away' THEN 'home' ELSE s.outcome END || '|' || s.participant || '|' || s.side || '|' || CASE WHEN h.line IS NULL THEN '' ELSE (h.line + 0.0)::text END AS outcome_key, h.price, h.line, CASE WHEN h.price <= 1 THEN NULL WHEN h.price < 2 THEN round((-100.0 / (h.price - 1))::numeric)::int8 ELSE round(((h.price - 1) * 100)::numeric)::int8 END AS american, 1.0 / h.price AS probability, h.size, h.changed_at AS changed_at, h.seq, h.time_basis, coalesce(f.state, '') AS feed_state, coalesce(e.started_at, e.starts_at) AS began_at, CASE WHEN e.started_at IS NULL THEN 'schedule' ELSE e.started_by END AS started_by, (coalesce((SELECT c.state FROM coverage AS c WHERE c.source = s.source AND c.scope_kind = 'market' AND c.scope_id = s.source_market_id AND c.began_at <= coalesce(e.started_at, e.starts_at) AND (c.ended_at IS NULL OR c.ended_at >= coalesce(e.started_at, e.starts_at)) ORDER BY c.began_at DESC LIMIT 1), (SELECT c.state FROM coverage AS c WHERE c.source = s.source AND c.scope_kind = 'event' AND c.scope_id = s.source_event_id AND c.began_at <= coalesce(e.started_at, e.starts_at) AND (c.ended_at IS NULL OR c.ended_at >= coalesce(e.started_at, e.starts_at)) ORDER BY c.began_at DESC LIMIT 1), (SELECT c.state FROM coverage AS c WHERE c.source = s.source AND c.scope_kind = 'query' AND s.scope_kind = 'query' AND c.scope_id = s.scope_id AND c.began_at <= coalesce(e.started_at, e.starts_at) AND (c.ended_at IS NULL OR c.ended_at >= coalesce(e.started_at, e.starts_at)) ORDER BY c.began_at DESC LIMIT 1), (SELECT c.state FROM coverage AS c WHERE c.source = s.source AND c.scope_kind = 'source' AND c.scope_id = '' AND c.began_at <= coalesce(e.started_at, e.starts_at) AND (c.ended_at IS NULL OR c.ended_at >= coalesce(e.started_at, e.starts_at)) ORDER BY c.began_at DESC LIMIT 1), 'unknown')) = 'complete' AS coverage_complete FROM (SELECT o.*, row_number() OVER (PARTITION BY o.selection_id ORDER BY o.changed_at DESC, o.seq DESC) AS place FROM odds_history AS o JOIN selections AS p ON p.selection_id = o.selection_id JOIN event_links AS k ON k.source = p.source AND k.source_event_id = p.source_event_id JOIN events AS v ON v.event_id = k.event_id WHERE o.status = 'open' AND o.price IS NOT NULL AND o.changed_at < coalesce(v.started_at, v.starts_at)) AS h JOIN selections AS s ON s.selection_id = h.selection_id JOIN bookmakers AS b ON b.id = s.bookmaker_id JOIN event_links AS k ON k.source = s.source AND k.source_event_id = s.source_event_id JOIN events AS e ON e.event_id = k.event_id JOIN markets AS m ON m.source = s.source AND m.source_market_id = s.source_market_id LEFT JOIN leagues AS l ON l.id = e.league_id LEFT JOIN teams AS home ON home.id = e.home_team_id LEFT JOIN teams AS away ON away.id = e.away_team_id LEFT JOIN sources AS f ON f.source = s.source WHERE h.place = 1;

CREATE VIEW trusted_history AS SELECT s.selection_id, s.source, b.name AS bookmaker, b.kind AS bookmaker_kind, e.sport, coalesce(l.name, '') AS league, k.event_id, s.source_event_id, s.source_market_id, e.name AS event, coalesce(home.name, '') AS home, coalesce(away.name, '') AS away, e.starts_at AS starts_at, e.status AS event_status, s.market, s.period, CASE WHEN k.flipped = 1 AND s.outcome = 'home' THEN 'away' WHEN k.flipped = 1 AND s.outcome = 'away' THEN 'home' ELSE s.outcome END AS outcome, s.participant, s.side, CAST(k.event_id AS TEXT) || '|' || s.market || '|' || s.period || '|' || CASE WHEN k.flipped = 1 AND s.outcome = 'home' THEN 'away' WHEN k.flipped = 1 AND s.outcome = 'away' THEN 'home' ELSE s.outcome END || '|' || s.participant || '|' || s.side || '|' || CASE WHEN h.line IS NULL THEN '' ELSE (h.line + 0.0)::text END AS outcome_key, h.price, h.line, CASE WHEN h.price <= 1 THEN NULL WHEN h.price < 2 THEN round((-100.0 / (h.price - 1))::numeric)::int8 ELSE round(((h.price - 1) * 100)::numeric)::int8 END AS american, 1.0 / h.price AS probability, h.size, h.status, h.result, h.seq, h.changed_at AS valid_from, h.valid_to AS valid_to, h.committed_at AS known_from, h.received_at AS received_at, h.time_basis, h.journal_offset, coalesce(f.state, '') AS feed_state, coalesce((SELECT c.state FROM coverage AS c WHERE c.source = s.source AND c.scope_kind = 'market' AND c.scope_id = s.source_market_id AND c.began_at <= h.changed_at AND (c.ended_at IS NULL OR c.ended_at >= h.changed_at) ORDER BY c.began_at DESC LIMIT 1), (SELECT c.state FROM coverage AS c WHERE c.source = s.source AND c.scope_kind = 'event' AND c.scope_id = s.source_event_id AND c.began_at <= h.changed_at AND (c.ended_at IS NULL OR c.ended_at >= h.changed_at) ORDER BY c.began_at DESC LIMIT 1), (SELECT c.state FROM coverage AS c WHERE c.source = s.source AND c.scope_kind = 'query' AND s.scope_kind = 'query' AND c.scope_id = s.scope_id AND c.began_at <= h.changed_at AND (c.ended_at IS NULL OR c.ended_at >= h.changed_at) ORDER BY c.began_at DESC LIMIT 1), (SELECT c.state FROM coverage AS c WHERE c.source = s.source AND c.scope_kind = 'source' AND c.scope_id = '' AND c.began_at <= h.changed_at AND (c.ended_at IS NULL OR c.ended_at >= h.changed_at) ORDER BY c.began_at DESC LIMIT 1), 'unknown') AS coverage_state FROM (SELECT o.*, lead(o.changed_at) OVER (PARTITION BY o.selection_id ORDER BY o.changed_at, o.seq) AS valid_to FROM odds_history AS o) AS h JOIN selections AS s ON s.selection_id = h.selection_id JOIN bookmakers AS b ON b.id = s.bookmaker_id JOIN event_links AS k ON k.source = s.source AND k.source_event_id = s.source_event_id JOIN events AS e ON e.event_id = k.event_id JOIN markets AS m ON m.source = s.source AND m.source_market_id = s.source_market_id LEFT JOIN leagues AS l ON l.id = e.league_id LEFT JOIN teams AS home ON home.id = e.home_team_id LEFT JOIN teams AS away ON away.id = e.away_team_id LEFT JOIN sources AS f ON f.source = s.source;
