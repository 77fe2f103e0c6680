-- Queries of the SQLite store. A schema_N brings a ledger of version N-1 to version N and is never changed
-- once released: add the next one instead. STRICT is taken out by the store where SQLite is too old for it.

-- name: schema_1
CREATE TABLE records (
    id          INTEGER PRIMARY KEY,
    kind        TEXT NOT NULL,
    namespace   TEXT NOT NULL,
    value       TEXT NOT NULL,
    current     BLOB NOT NULL,
    revision    INTEGER NOT NULL CHECK (revision > 0),
    local       BLOB,
    digest      TEXT,
    updated     TEXT NOT NULL,
    UNIQUE (kind, namespace, value),
    CHECK ((local IS NULL) = (digest IS NULL))
) STRICT;

CREATE TABLE resources (
    server      TEXT NOT NULL,
    record      INTEGER NOT NULL REFERENCES records ON DELETE CASCADE,
    role        TEXT NOT NULL,
    reference   TEXT NOT NULL,
    etag        TEXT,
    agreed      BLOB,
    mapping     TEXT NOT NULL,
    linked      INTEGER NOT NULL CHECK (linked IN (0, 1)),
    updated     TEXT NOT NULL,
    PRIMARY KEY (server, record, role)
) STRICT;
CREATE INDEX resources_by_reference ON resources (server, reference);
CREATE INDEX resources_by_record ON resources (record);

CREATE TABLE deliveries (
    server      TEXT NOT NULL,
    record      INTEGER NOT NULL REFERENCES records ON DELETE CASCADE,
    state       TEXT NOT NULL,
    since       TEXT NOT NULL,
    updated     TEXT NOT NULL,
    wanted      INTEGER NOT NULL,
    sent        INTEGER NOT NULL,
    attempts    INTEGER NOT NULL CHECK (attempts >= 0),
    fence       INTEGER NOT NULL,
    unsure      INTEGER NOT NULL CHECK (unsure IN (0, 1)),
    not_before  TEXT,
    lease_until TEXT,
    owner       TEXT,
    code        TEXT NOT NULL,
    reason      TEXT NOT NULL,
    problems    TEXT NOT NULL,
    PRIMARY KEY (server, record),
    CHECK ((owner IS NULL) = (lease_until IS NULL))
) STRICT;
CREATE INDEX deliveries_by_state ON deliveries (state, server, since, record);
CREATE INDEX deliveries_by_record ON deliveries (record);

CREATE TABLE cursors (
    server      TEXT NOT NULL,
    name        TEXT NOT NULL,
    position    TEXT NOT NULL,
    updated     TEXT NOT NULL,
    PRIMARY KEY (server, name)
) STRICT;

CREATE TABLE links (
    server      TEXT NOT NULL,
    name        TEXT NOT NULL,
    reference   TEXT NOT NULL,
    updated     TEXT NOT NULL,
    PRIMARY KEY (server, name)
) STRICT;
CREATE INDEX links_by_reference ON links (server, reference);

CREATE TABLE changes (
    position    INTEGER PRIMARY KEY AUTOINCREMENT,
    id          TEXT NOT NULL UNIQUE,
    record      INTEGER NOT NULL REFERENCES records ON DELETE CASCADE,
    revision    INTEGER NOT NULL,
    happened    TEXT NOT NULL,
    source      TEXT NOT NULL,
    fields      TEXT NOT NULL
) STRICT;
CREATE INDEX changes_by_record ON changes (record);

-- name: schema_2
CREATE TABLE unread (
    id          INTEGER PRIMARY KEY,
    server      TEXT NOT NULL,
    kind        TEXT NOT NULL,
    namespace   TEXT NOT NULL,
    value       TEXT NOT NULL,
    mapping     TEXT NOT NULL,
    resources   BLOB NOT NULL,
    updated     TEXT NOT NULL,
    UNIQUE (server, kind, namespace, value)
) STRICT;

CREATE TABLE unknown_codes (
    unread      INTEGER NOT NULL REFERENCES unread ON DELETE CASCADE,
    code_table  TEXT NOT NULL,
    code        TEXT NOT NULL,
    place       TEXT NOT NULL,
    times       INTEGER NOT NULL CHECK (times > 0),
    since       TEXT NOT NULL,
    updated     TEXT NOT NULL,
    PRIMARY KEY (unread, code_table, code, place)
) STRICT;

CREATE TABLE remaps (
    server      TEXT NOT NULL,
    record      INTEGER NOT NULL REFERENCES records ON DELETE CASCADE,
    mapping     TEXT NOT NULL,
    text        BLOB NOT NULL,
    updated     TEXT NOT NULL,
    PRIMARY KEY (server, record)
) STRICT;
CREATE INDEX remaps_by_record ON remaps (record);

-- name: schema_3
CREATE TABLE facts (
    server      TEXT NOT NULL,
    name        TEXT NOT NULL,
    value       TEXT NOT NULL,
    updated     TEXT NOT NULL,
    PRIMARY KEY (server, name)
) STRICT;
CREATE INDEX records_by_digest ON records (digest, kind);

ALTER TABLE changes ADD COLUMN text BLOB;

CREATE TABLE conflicts (
    id          TEXT PRIMARY KEY,
    server      TEXT NOT NULL,
    record      INTEGER NOT NULL REFERENCES records ON DELETE CASCADE,
    path        TEXT NOT NULL,
    ours        BLOB,
    theirs      BLOB,
    base        BLOB,
    since       TEXT NOT NULL,
    said        TEXT,
    reference   TEXT NOT NULL,
    outcome     TEXT,
    ended       TEXT,
    CHECK ((outcome IS NULL) = (ended IS NULL))
) STRICT;
CREATE INDEX conflicts_by_record ON conflicts (record);
CREATE INDEX conflicts_open ON conflicts (server, since) WHERE outcome IS NULL;

-- A record in conflict waited as a whole, and the server's word stood; what we said was kept as what the local system
-- holds. If that stayed, the same input would be no news, and our word would be gone unasked: without it, they are
-- compared again when the local system says it next.
UPDATE records SET local = NULL, digest = NULL WHERE id IN (SELECT record FROM deliveries WHERE state = 'conflict');
UPDATE deliveries SET state = 'refused' WHERE state = 'conflict';

CREATE TABLE forgotten (
    digest      TEXT PRIMARY KEY,
    person      TEXT NOT NULL,
    updated     TEXT NOT NULL
) STRICT;

CREATE TABLE braked (
    id          INTEGER PRIMARY KEY,
    server      TEXT NOT NULL,
    kind        TEXT NOT NULL,
    namespace   TEXT NOT NULL,
    value       TEXT NOT NULL,
    text        BLOB NOT NULL,
    seen        TEXT NOT NULL,
    base        TEXT NOT NULL,
    updated     TEXT NOT NULL,
    UNIQUE (server, kind, namespace, value)
) STRICT;

-- name: keep
INSERT INTO records (kind, namespace, value, current, revision, local, digest, updated)
VALUES (:kind, :namespace, :value, :current, 1, :local, :digest, :now)
ON CONFLICT (kind, namespace, value) DO UPDATE SET
    revision = revision + (current <> excluded.current),
    current = excluded.current,
    local = coalesce(excluded.local, local),
    digest = coalesce(excluded.digest, digest),
    updated = excluded.updated;

-- name: record
SELECT id, kind, namespace, value, current, revision, local, digest
FROM records WHERE kind = ? AND namespace = ? AND value = ?;

-- name: identity
SELECT id, revision FROM records WHERE kind = ? AND namespace = ? AND value = ?;

-- name: digests
SELECT kind, namespace, records.value AS value, digest FROM json_each(?) AS asked CROSS JOIN records
WHERE kind = json_extract(asked.value, '$[0]') AND namespace = json_extract(asked.value, '$[1]')
    AND records.value = json_extract(asked.value, '$[2]') AND digest IS NOT NULL;

-- name: agreed
-- CROSS keeps SQLite from walking all deliveries: it knows nothing of how many digests are asked for.
SELECT records.digest FROM json_each(:digests) CROSS JOIN records ON records.digest = json_each.value
CROSS JOIN deliveries ON deliveries.server = :server AND deliveries.record = records.id
WHERE state = :state AND revision <= max(wanted, sent);

-- name: kinds
SELECT kind, count(*) AS records FROM records GROUP BY kind;

-- name: given_kinds
-- By itself SQLite reads the digests from the rows, and so all texts before them.
SELECT kind, count(*) AS records FROM records INDEXED BY records_by_digest WHERE digest > '' GROUP BY kind;

-- name: scan
SELECT id, kind, namespace, value, current, revision, local, digest FROM records
WHERE id > :after AND (:kind IS NULL OR kind = :kind) ORDER BY id LIMIT 500;

-- name: resources
SELECT server, kind, namespace, records.value AS value, role, reference, etag, agreed, mapping, linked
FROM json_each(?) AS asked CROSS JOIN records CROSS JOIN resources ON record = records.id
WHERE server = ? AND kind = json_extract(asked.value, '$[0]') AND namespace = json_extract(asked.value, '$[1]')
    AND records.value = json_extract(asked.value, '$[2]');

-- name: holders
SELECT server, kind, namespace, records.value AS value, role, reference, etag, agreed, mapping, linked
FROM json_each(?) AS asked CROSS JOIN resources ON reference = asked.value CROSS JOIN records ON records.id = record
WHERE server = ?;

-- name: meant
SELECT reference, kind, namespace, records.value AS value
FROM json_each(?) AS asked CROSS JOIN resources ON reference = asked.value CROSS JOIN records ON records.id = record
WHERE server = ? AND linked = 0 AND instr(role, ':') = 0;

-- name: held
SELECT DISTINCT reference FROM resources
WHERE server = :server AND reference > :after AND linked = 0 ORDER BY reference LIMIT :limit;

-- name: keep_resource
INSERT INTO resources (server, record, role, reference, etag, agreed, mapping, linked, updated)
VALUES (:server, :record, :role, :reference, :etag, :agreed, :mapping, :linked, :now)
ON CONFLICT (server, record, role) DO UPDATE SET
    reference = excluded.reference, etag = excluded.etag, agreed = excluded.agreed,
    mapping = excluded.mapping, linked = excluded.linked, updated = excluded.updated;

-- name: drop_resource
DELETE FROM resources WHERE server = :server AND role = :role AND record =
    (SELECT id FROM records WHERE kind = :kind AND namespace = :namespace AND value = :value);

-- name: deliveries
SELECT deliveries.*, kind, namespace, records.value AS value
FROM json_each(?) AS asked CROSS JOIN records CROSS JOIN deliveries ON record = records.id
WHERE server = ? AND kind = json_extract(asked.value, '$[0]') AND namespace = json_extract(asked.value, '$[1]')
    AND records.value = json_extract(asked.value, '$[2]');

-- name: delivery
SELECT id, revision, deliveries.*, kind, namespace, value
FROM records LEFT JOIN deliveries ON server = ? AND record = id
WHERE kind = ? AND namespace = ? AND value = ?;

-- name: due
SELECT deliveries.*, kind, namespace, value FROM deliveries JOIN records ON id = record
WHERE state = :state AND server = :server AND (not_before IS NULL OR not_before <= :now)
ORDER BY since, record LIMIT :limit;

-- name: in_state
SELECT deliveries.*, kind, namespace, value FROM deliveries JOIN records ON id = record
WHERE state = :state AND (:server IS NULL OR server = :server)
ORDER BY since, server, record LIMIT :limit;

-- name: keep_delivery
INSERT INTO deliveries (server, record, state, since, updated, wanted, sent, attempts, fence, unsure,
                        not_before, lease_until, owner, code, reason, problems)
VALUES (:server, :record, :state, :since, :updated, :wanted, :sent, :attempts, :fence, :unsure,
        :not_before, :lease_until, :owner, :code, :reason, :problems)
ON CONFLICT (server, record) DO UPDATE SET
    state = excluded.state, since = excluded.since, updated = excluded.updated,
    wanted = excluded.wanted, sent = excluded.sent, attempts = excluded.attempts,
    fence = excluded.fence, unsure = excluded.unsure, not_before = excluded.not_before,
    lease_until = excluded.lease_until, owner = excluded.owner, code = excluded.code,
    reason = excluded.reason, problems = excluded.problems;

-- name: owners
SELECT DISTINCT owner FROM deliveries WHERE state = ? AND owner IS NOT NULL;

-- name: traffic
SELECT server, sum(state IN (:owed, :sending)) AS owed, sum(state = :sending) AS sending,
    min(CASE WHEN state IN (:owed, :sending) THEN since END) AS oldest,
    min(CASE WHEN state = :owed THEN coalesce(not_before, '') END) AS due,
    sum(state = :agreed AND updated >= :moment) AS settled
FROM deliveries GROUP BY server ORDER BY server;

-- name: trouble
SELECT code, reason, max(updated) AS happened FROM deliveries
WHERE server = :server AND code <> '' AND state <> :agreed HAVING happened IS NOT NULL;

-- name: counts
SELECT server, state, count(*) AS records FROM deliveries GROUP BY server, state ORDER BY server;

-- name: keep_conflict
INSERT INTO conflicts (id, server, record, path, ours, theirs, base, since, said, reference)
VALUES (:id, :server, :record, :path, :ours, :theirs, :base, :since, :said, :reference)
ON CONFLICT (id) DO UPDATE SET
    ours = excluded.ours, theirs = excluded.theirs, base = excluded.base, since = excluded.since,
    said = excluded.said, reference = excluded.reference, outcome = NULL, ended = NULL
WHERE outcome IS NOT NULL;

-- name: conflicts
SELECT conflicts.*, kind, namespace, value FROM conflicts JOIN records ON records.id = record
WHERE outcome IS NULL AND (:server IS NULL OR server = :server) ORDER BY since, conflicts.rowid;

-- name: conflicts_of
SELECT conflicts.*, kind, namespace, value FROM records JOIN conflicts ON record = records.id
WHERE outcome IS NULL AND (:server IS NULL OR server = :server)
    AND kind = :kind AND namespace = :namespace AND value = :value ORDER BY since, conflicts.rowid;

-- name: conflict
SELECT conflicts.*, kind, namespace, value FROM conflicts JOIN records ON records.id = record WHERE conflicts.id = ?;

-- name: end_conflict
UPDATE conflicts SET outcome = :outcome, ended = :now, ours = NULL, theirs = NULL, base = NULL
WHERE id = :id AND outcome IS NULL;

-- name: open_conflicts
SELECT server, count(*) AS conflicts FROM conflicts WHERE outcome IS NULL GROUP BY server ORDER BY server;

-- name: cursor
SELECT position FROM cursors WHERE server = ? AND name = ?;

-- name: move_cursor
INSERT INTO cursors (server, name, position, updated) VALUES (:server, :name, :position, :now)
ON CONFLICT (server, name) DO UPDATE SET position = excluded.position, updated = excluded.updated;

-- name: facts
SELECT name, value FROM facts WHERE server = ? ORDER BY name;

-- name: keep_fact
INSERT INTO facts (server, name, value, updated) VALUES (:server, :name, :value, :now)
ON CONFLICT (server, name) DO UPDATE SET value = excluded.value, updated = excluded.updated;

-- name: drop_fact
DELETE FROM facts WHERE server = ? AND name = ?;

-- name: link
INSERT INTO links (server, name, reference, updated) VALUES (:server, :name, :reference, :now)
ON CONFLICT (server, name) DO UPDATE SET reference = excluded.reference, updated = excluded.updated;

-- name: links
SELECT reference FROM links WHERE server = ? AND name = ?;

-- name: named
SELECT name FROM links WHERE server = ? AND reference = ? ORDER BY name;

-- name: unlink
DELETE FROM links WHERE server = ? AND name = ?;

-- name: keep_unread
INSERT INTO unread (server, kind, namespace, value, mapping, resources, updated)
VALUES (:server, :kind, :namespace, :value, :mapping, :resources, :now)
ON CONFLICT (server, kind, namespace, value) DO UPDATE SET
    mapping = excluded.mapping, resources = excluded.resources, updated = excluded.updated;

-- name: unread_identity
SELECT id FROM unread WHERE server = ? AND kind = ? AND namespace = ? AND value = ?;

-- name: keep_unknown_code
INSERT INTO unknown_codes (unread, code_table, code, place, times, since, updated)
VALUES (:unread, :code_table, :code, :place, :times, :now, :now)
ON CONFLICT (unread, code_table, code, place) DO UPDATE SET times = excluded.times, updated = excluded.updated;

-- name: unknown_codes
SELECT code_table, code, place, times FROM unknown_codes WHERE unread = ? ORDER BY rowid;

-- name: drop_unknown_code
DELETE FROM unknown_codes WHERE unread = ? AND code_table = ? AND code = ? AND place = ?;

-- name: unread
SELECT id, server, kind, namespace, value, mapping, resources FROM unread WHERE server = ? ORDER BY id;

-- name: drop_unread
DELETE FROM unread WHERE server = ? AND kind = ? AND namespace = ? AND value = ?;

-- name: missing
SELECT server, code_table, code, place, count(*) AS records, sum(times) AS times, min(since) AS since
FROM unknown_codes JOIN unread ON id = unread
GROUP BY server, code_table, code, place ORDER BY records DESC, times DESC, server, code_table, code, place;

-- name: waiting_for
SELECT kind, namespace, value FROM unknown_codes JOIN unread ON id = unread
WHERE server = :server AND code_table = :code_table AND code = :code AND place = :place ORDER BY id LIMIT 3;

-- name: keep_remap
INSERT INTO remaps (server, record, mapping, text, updated) VALUES (:server, :record, :mapping, :text, :now)
ON CONFLICT (server, record) DO UPDATE SET
    mapping = excluded.mapping, text = excluded.text, updated = excluded.updated;

-- name: remaps
SELECT server, kind, namespace, value, mapping, text FROM remaps JOIN records ON id = record
WHERE server = ? ORDER BY record;

-- name: drop_remap
DELETE FROM remaps WHERE server = :server AND record =
    (SELECT id FROM records WHERE kind = :kind AND namespace = :namespace AND value = :value);

-- name: announce
INSERT INTO changes (id, record, revision, happened, source, fields, text)
VALUES (:id, :record, :revision, :happened, :source, :fields, :text) ON CONFLICT (id) DO NOTHING;

-- name: changes
SELECT position, changes.id, kind, namespace, value, changes.revision, happened, source, fields, text
FROM changes JOIN records ON records.id = record
WHERE position > :after ORDER BY position LIMIT :limit;

-- name: changes_of
SELECT position, changes.id, kind, namespace, value, changes.revision, happened, source, fields, text
FROM records CROSS JOIN changes INDEXED BY changes_by_record ON record = records.id
WHERE kind = :kind AND namespace = :namespace AND value = :value AND position > :after
ORDER BY position LIMIT :limit;

-- name: drop_texts
UPDATE changes SET text = NULL WHERE position <= ? AND text IS NOT NULL;
-- name: put_by
INSERT INTO braked (server, kind, namespace, value, text, seen, base, updated)
VALUES (:server, :kind, :namespace, :value, :text, :seen, :base, :now)
ON CONFLICT (server, kind, namespace, value) DO UPDATE SET
    text = excluded.text, seen = excluded.seen, base = excluded.base, updated = excluded.updated;

-- name: put_by_for
SELECT id, server, kind, namespace, value, text, seen, base FROM braked
WHERE server = :server AND id > :after ORDER BY id LIMIT 500;

-- name: put_by_one
SELECT id, server, kind, namespace, value, text, seen, base FROM braked
WHERE server = ? AND kind = ? AND namespace = ? AND value = ?;

-- name: drop_put_by
DELETE FROM braked WHERE server = ?;

-- name: drop_put_by_one
DELETE FROM braked WHERE server = ? AND kind = ? AND namespace = ? AND value = ?;

-- name: count_put_by
SELECT server, count(*) AS records FROM braked GROUP BY server ORDER BY server;

-- name: tables
SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY rowid;

-- name: last_position
SELECT coalesce(max(seq), 0) AS position FROM sqlite_sequence WHERE name = 'changes';

-- name: forget_last_position
DELETE FROM sqlite_sequence WHERE name = 'changes';

-- name: keep_last_position
INSERT INTO sqlite_sequence (name, seq) VALUES ('changes', ?);

-- name: doubt
-- A claim made before must never be taken for one made after, so fences start far beyond.
UPDATE deliveries SET unsure = 1, fence = fence + 1000000;

-- name: idle
SELECT kind, namespace, value FROM records WHERE updated < :before AND NOT EXISTS (
    SELECT 1 FROM deliveries WHERE record = id AND (updated >= :before OR state <> 'agreed'))
ORDER BY id;

-- name: thin_changes
UPDATE changes SET text = NULL WHERE text IS NOT NULL AND record =
    (SELECT id FROM records WHERE kind = :kind AND namespace = :namespace AND value = :value);

-- name: thin_conflicts
DELETE FROM conflicts WHERE outcome IS NOT NULL AND record =
    (SELECT id FROM records WHERE kind = :kind AND namespace = :namespace AND value = :value);

-- name: thin_remaps
DELETE FROM remaps WHERE record =
    (SELECT id FROM records WHERE kind = :kind AND namespace = :namespace AND value = :value);

-- name: thin_unread
DELETE FROM unread WHERE kind = :kind AND namespace = :namespace AND value = :value;

-- name: forget_record
DELETE FROM records WHERE kind = :kind AND namespace = :namespace AND value = :value;

-- name: forget_unread
DELETE FROM unread WHERE kind = :kind AND namespace = :namespace AND value = :value;

-- name: forget_braked
DELETE FROM braked WHERE kind = :kind AND namespace = :namespace AND value = :value;

-- name: keep_forgotten
INSERT INTO forgotten (digest, person, updated) VALUES (?, ?, ?) ON CONFLICT (digest) DO NOTHING;

-- name: forgotten
SELECT digest FROM forgotten;

-- name: drop_forgotten
DELETE FROM forgotten WHERE person IN (SELECT person FROM forgotten WHERE digest = ?);
