-- Room gateway: idempotency keys with their first results, for a day (GW-5).

CREATE TABLE inthub.idempotency_keys (
  tenant_id uuid NOT NULL REFERENCES inthub.tenants (id),
  -- <integration>/<action>/<the caller's key>
  key text COLLATE "C" NOT NULL CHECK (char_length(key) <= 700),
  -- Of the request's body: the same key with another body is refused.
  fingerprint text NOT NULL,
  -- The call that runs under it: whoever is not it may not end it.
  owner uuid NOT NULL,
  -- It may run again when its process died: it changes nothing.
  safe boolean NOT NULL,
  state text NOT NULL CHECK (state IN ('running', 'finished', 'unkept')),
  -- A running call that has not ended by then has died.
  lease_until timestamptz NOT NULL,
  -- JSON text, which may hold characters that jsonb refuses; null while it runs and where it was too large to keep.
  outcome text CHECK (octet_length(outcome) <= 262144),
  expires_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, key)
) WITH (fillfactor = 80);
SELECT inthub.protect_tenant_table('idempotency_keys', 'SELECT, INSERT, UPDATE, DELETE');
-- What has expired is removed for all tenants together.
CREATE INDEX idempotency_keys_expiry ON inthub.idempotency_keys (expires_at);
CREATE POLICY scheduler_sweep ON inthub.idempotency_keys FOR ALL TO inthub_scheduler
  USING (expires_at <= statement_timestamp()) WITH CHECK (false);
GRANT SELECT (tenant_id, key, expires_at), DELETE ON inthub.idempotency_keys TO inthub_scheduler;
