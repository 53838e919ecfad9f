-- Tenants, what was agreed with them, programs' tokens, and who did what.
CREATE TABLE tenants (
  id       TEXT PRIMARY KEY,
  name     TEXT NOT NULL,
  made     INTEGER NOT NULL,           -- nanoseconds since 1970, UTC, as all times here
  keep_days  INTEGER NOT NULL DEFAULT 0, -- 0: no bound
  keep_bytes INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE agreements (
  tenant   TEXT NOT NULL REFERENCES tenants(id),
  revision INTEGER NOT NULL,           -- counts up from 1 with every change of the text
  text     BLOB NOT NULL,
  sha256   BLOB NOT NULL,
  since    INTEGER NOT NULL,
  by       TEXT NOT NULL,
  PRIMARY KEY (tenant, revision)
) STRICT;

CREATE TABLE tokens (
  id      TEXT PRIMARY KEY,
  hash    BLOB NOT NULL UNIQUE,
  name    TEXT NOT NULL,
  grants  TEXT NOT NULL,               -- JSON
  scopes  TEXT NOT NULL,               -- JSON
  made    INTEGER NOT NULL,
  made_by TEXT NOT NULL,
  expires INTEGER NOT NULL,
  revoked INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE audit (
  id      INTEGER PRIMARY KEY AUTOINCREMENT,
  at      INTEGER NOT NULL,
  who     TEXT NOT NULL,
  name    TEXT NOT NULL,
  action  TEXT NOT NULL,
  tenant  TEXT NOT NULL,
  object  TEXT NOT NULL,
  allowed INTEGER NOT NULL
) STRICT;
CREATE INDEX audit_tenant ON audit (tenant, id);
