-- Every block that was ever acknowledged, by its identity: never deleted. folder is NULL once its data was dropped.
CREATE TABLE blocks (
    tenant   TEXT    NOT NULL,
    sensor   TEXT    NOT NULL,
    epoch    INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    feed     TEXT    NOT NULL,
    from_ns  INTEGER NOT NULL, -- span of its packets or lines; the time of sealing where it has none
    to_ns    INTEGER NOT NULL,
    counts   TEXT    NOT NULL, -- rows by kind, JSON
    hash     BLOB    NOT NULL, -- SHA-256 of its manifest
    arrived  INTEGER NOT NULL,
    folder   INTEGER,
    PRIMARY KEY (tenant, sensor, epoch, sequence)
) WITHOUT ROWID;
CREATE INDEX blocks_folder ON blocks (folder);

-- The folders on disk that hold blocks: one each when they arrive, many in one after compaction.
CREATE TABLE folders (
    id       INTEGER PRIMARY KEY,
    tenant   TEXT    NOT NULL,
    sensor   TEXT    NOT NULL,
    feed     TEXT    NOT NULL,
    epoch    INTEGER NOT NULL,
    first    INTEGER NOT NULL, -- sequences, both included; between them some may be elsewhere
    last     INTEGER NOT NULL,
    day      TEXT    NOT NULL, -- 2006-01-02, the folder above it
    name     TEXT    NOT NULL,
    from_ns  INTEGER NOT NULL,
    to_ns    INTEGER NOT NULL,
    conn     INTEGER NOT NULL,
    dns      INTEGER NOT NULL,
    tls      INTEGER NOT NULL,
    http     INTEGER NOT NULL,
    dhcp     INTEGER NOT NULL,
    log      INTEGER NOT NULL,
    alert    INTEGER NOT NULL,
    sight    INTEGER NOT NULL,
    bytes    INTEGER NOT NULL,
    hash     BLOB    NOT NULL,
    arrived  INTEGER NOT NULL, -- of the newest block in it
    sources  INTEGER NOT NULL, -- blocks in it
    missing  TEXT    NOT NULL DEFAULT '', -- why it cannot be read; empty: it can
    wide     INTEGER NOT NULL DEFAULT 0,  -- 1: its records begin in more hours than reach tells
    UNIQUE (tenant, day, name)
);
CREATE INDEX folders_span ON folders (tenant, to_ns);

-- Hours (since 1970) before its own span in which records of a folder begin: long connections.
CREATE TABLE reach (
    folder INTEGER NOT NULL REFERENCES folders (id) ON DELETE CASCADE,
    hour   INTEGER NOT NULL,
    PRIMARY KEY (folder, hour)
) WITHOUT ROWID;

CREATE INDEX reach_hour ON reach (hour);

-- Sequences that never arrived; kept beside blocks so that nobody counts through all of them.
CREATE TABLE holes (
    tenant  TEXT    NOT NULL,
    sensor  TEXT    NOT NULL,
    epoch   INTEGER NOT NULL,
    first   INTEGER NOT NULL,
    last    INTEGER NOT NULL,
    from_ns INTEGER NOT NULL,
    to_ns   INTEGER NOT NULL,
    PRIMARY KEY (tenant, sensor, epoch, first)
) WITHOUT ROWID;

-- Blocks that came under an identity that another block already has. They were not stored as data.
CREATE TABLE conflicts (
    tenant   TEXT    NOT NULL,
    sensor   TEXT    NOT NULL,
    epoch    INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    hash     BLOB    NOT NULL,
    from_ns  INTEGER NOT NULL,
    to_ns    INTEGER NOT NULL,
    arrived  INTEGER NOT NULL,
    kept     TEXT    NOT NULL, -- its folder below aside/; empty: not kept
    times    INTEGER NOT NULL DEFAULT 1,
    PRIMARY KEY (tenant, sensor, epoch, sequence, hash)
) WITHOUT ROWID;

-- What retention dropped, for ever.
CREATE TABLE dropped (
    tenant  TEXT    NOT NULL,
    sensor  TEXT    NOT NULL,
    day     TEXT    NOT NULL,
    at      INTEGER NOT NULL,
    from_ns INTEGER NOT NULL,
    to_ns   INTEGER NOT NULL,
    blocks  INTEGER NOT NULL,
    counts  INTEGER NOT NULL, -- rows
    bytes   INTEGER NOT NULL,
    why     TEXT    NOT NULL,
    PRIMARY KEY (tenant, sensor, day, at)
) WITHOUT ROWID;

-- Days that somebody was warned about before they are dropped.
CREATE TABLE warned (
    tenant TEXT    NOT NULL,
    day    TEXT    NOT NULL,
    at     INTEGER NOT NULL,
    PRIMARY KEY (tenant, day)
) WITHOUT ROWID;

-- Frozen states of judges.
CREATE TABLE snapshots (
    id       INTEGER PRIMARY KEY,
    tenant   TEXT    NOT NULL,
    sensor   TEXT    NOT NULL,
    epoch    INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    version  TEXT    NOT NULL,
    bytes    INTEGER NOT NULL,
    sha256   BLOB    NOT NULL,
    made     INTEGER NOT NULL
);
CREATE INDEX snapshots_newest ON snapshots (tenant, sensor, epoch, sequence);

-- Roll-ups by hour, kept for ever: rows by kind.
CREATE TABLE hours (
    tenant TEXT    NOT NULL,
    sensor TEXT    NOT NULL,
    hour   INTEGER NOT NULL, -- hours since 1970 of the blocks' beginning
    kind   TEXT    NOT NULL,
    counts INTEGER NOT NULL,
    PRIMARY KEY (tenant, sensor, hour, kind)
) WITHOUT ROWID;
