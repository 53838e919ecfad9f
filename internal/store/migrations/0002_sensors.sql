-- Sensors and enrolment tokens. Times are nanoseconds since 1970 UTC; 0: none.
CREATE TABLE sensor_tokens (
	hash    TEXT PRIMARY KEY, -- of the secret; the secret is kept nowhere
	tenant  TEXT NOT NULL,
	sensor  TEXT NOT NULL,
	made    INTEGER NOT NULL,
	expires INTEGER NOT NULL,
	by      TEXT NOT NULL,
	used_by TEXT NOT NULL DEFAULT '' -- fingerprint of the key that it let in; empty: not used
) STRICT, WITHOUT ROWID;

-- One row for each key that ever asked; rows are never removed, so that old blocks can be verified.
CREATE TABLE sensors (
	fingerprint TEXT PRIMARY KEY,
	key         BLOB NOT NULL,
	request     TEXT NOT NULL UNIQUE,
	tenant      TEXT NOT NULL,
	sensor      TEXT NOT NULL,
	state       TEXT NOT NULL CHECK (state IN ('pending', 'approved', 'refused', 'revoked')),
	again       INTEGER NOT NULL,
	source      TEXT NOT NULL,
	asked       INTEGER NOT NULL,
	decided     INTEGER NOT NULL,
	by          TEXT NOT NULL,
	reason      TEXT NOT NULL,
	due         INTEGER NOT NULL,
	certificate BLOB NOT NULL,
	until       INTEGER NOT NULL
) STRICT;
CREATE INDEX sensors_of_tenant ON sensors (tenant, sensor, asked);
