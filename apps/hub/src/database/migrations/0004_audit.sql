-- Room audit: who did what. Append-only and hash-chained per tenant.

-- `body` is the entry: its canonical JSON (RFC 8785) is what `hash` = SHA-256(previous hash || body) seals. The other columns are
-- copies to search by; verification compares them with the body.
CREATE TABLE inthub.audit_entries (
  tenant_id uuid NOT NULL REFERENCES inthub.tenants (id),
  seq bigint NOT NULL CHECK (seq >= 1),
  id uuid NOT NULL,
  at timestamptz NOT NULL,
  action text NOT NULL,
  actor_id text NOT NULL,
  target_id text NOT NULL,
  outcome text NOT NULL CHECK (outcome IN ('success', 'failure', 'denied')),
  request_id text NOT NULL,
  body text NOT NULL CHECK (octet_length(body) <= 65536),
  hash bytea NOT NULL CHECK (octet_length(hash) = 32),
  PRIMARY KEY (tenant_id, seq, at)
) PARTITION BY RANGE (at);
CREATE INDEX audit_entries_by_target ON inthub.audit_entries (tenant_id, target_id, seq);
CREATE INDEX audit_entries_by_actor ON inthub.audit_entries (tenant_id, actor_id, seq);
CREATE INDEX audit_entries_by_action ON inthub.audit_entries (tenant_id, action, seq);
SELECT inthub.protect_tenant_table('audit_entries', 'SELECT, INSERT');

-- A grant given by mistake must not be enough to rewrite history.
CREATE FUNCTION inthub.refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'audit entries are append-only' USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER audit_entries_append_only BEFORE UPDATE OR DELETE ON inthub.audit_entries
  FOR EACH ROW EXECUTE FUNCTION inthub.refuse_audit_change();
SELECT inthub.create_month_partitions('audit_entries', 3);

-- The end of each tenant's chain, and the lock that puts its writers in a row. `mac` is made with a key that the database does not
-- have, so that cutting off the tail or rewriting the whole chain shows.
CREATE TABLE inthub.audit_heads (
  tenant_id uuid PRIMARY KEY REFERENCES inthub.tenants (id),
  seq bigint NOT NULL CHECK (seq >= 0),
  hash bytea NOT NULL CHECK (octet_length(hash) = 32),
  mac bytea NOT NULL CHECK (octet_length(mac) = 32)
) WITH (fillfactor = 50);
SELECT inthub.protect_tenant_table('audit_heads', 'SELECT, INSERT');
GRANT UPDATE (seq, hash, mac) ON inthub.audit_heads TO inthub_app;
