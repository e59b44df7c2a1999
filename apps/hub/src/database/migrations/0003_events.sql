-- Room events: the fact log. A row is written in the transaction of the change that it reports, and never changed.

-- Numbers are handed out at insert but become visible at commit, so a reader that only remembers the last `seq` would skip a
-- transaction that commits late. A reader therefore goes by (xact_id, seq) and stops before the oldest transaction still running
-- (pg_snapshot_xmin). A sequence, not an identity column: PostgreSQL 15 and 16 do not pass identity on to partitions.
CREATE SEQUENCE inthub.events_seq AS bigint;
CREATE TABLE inthub.events (
  tenant_id uuid NOT NULL REFERENCES inthub.tenants (id),
  id uuid NOT NULL,
  type text COLLATE "C" NOT NULL CHECK (type ~ '^[a-z0-9_]+([.][a-z0-9_]+)+$' AND char_length(type) <= 128),
  -- Integration id, or `hub`.
  source text NOT NULL CHECK (char_length(source) BETWEEN 1 AND 64),
  data jsonb NOT NULL,
  correlation_id text NOT NULL CHECK (char_length(correlation_id) <= 200),
  connector_id text,
  connector_version text,
  created_at timestamptz NOT NULL,
  xact_id xid8 NOT NULL DEFAULT pg_current_xact_id(),
  seq bigint NOT NULL DEFAULT nextval('inthub.events_seq'),
  PRIMARY KEY (tenant_id, id, created_at)
) PARTITION BY RANGE (created_at);
CREATE INDEX events_by_time ON inthub.events (tenant_id, created_at DESC, id DESC);
CREATE INDEX events_by_source ON inthub.events (tenant_id, source, created_at DESC, id DESC);
CREATE INDEX events_by_type ON inthub.events (tenant_id, type, created_at DESC, id DESC);
SELECT inthub.protect_tenant_table('events', 'SELECT, INSERT');
GRANT USAGE ON SEQUENCE inthub.events_seq TO inthub_app;
SELECT inthub.create_month_partitions('events', 3);
