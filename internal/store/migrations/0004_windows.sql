-- Under which revision of the agreement each sensor's blocks are judged, and since which epoch; and what people were told.
CREATE TABLE windows (
  tenant   TEXT NOT NULL,
  sensor   TEXT NOT NULL,
  revision INTEGER NOT NULL,           -- of agreements; 0: none
  epoch    INTEGER NOT NULL,           -- the first epoch measured under it
  PRIMARY KEY (tenant, sensor)
) STRICT;

CREATE TABLE told (
  tenant  TEXT NOT NULL,
  sensor  TEXT NOT NULL,
  code    TEXT NOT NULL,
  subject TEXT NOT NULL,
  PRIMARY KEY (tenant, sensor, code, subject)
) STRICT;

CREATE TABLE heard (                   -- when each sensor's last heartbeat came
  tenant TEXT NOT NULL,
  sensor TEXT NOT NULL,
  at     INTEGER NOT NULL,
  PRIMARY KEY (tenant, sensor)
) STRICT;
