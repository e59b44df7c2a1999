-- Room webhooks: where outside products send to, and what arrived there.

DO $$
DECLARE
  modern CONSTANT boolean := current_setting('server_version_num')::int >= 160000;
BEGIN
  -- As in 0001: roles belong to the cluster, and another database of it may have been faster.
  IF to_regrole('inthub_ingest') IS NULL THEN
    BEGIN
      CREATE ROLE inthub_ingest NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS;
    EXCEPTION
      WHEN duplicate_object OR unique_violation THEN NULL;
      WHEN insufficient_privilege THEN
        RAISE EXCEPTION 'user % may not create the role inthub_ingest', current_user USING
          ERRCODE = 'insufficient_privilege',
          HINT = format('Give the user CREATEROLE, or have an administrator run: CREATE ROLE inthub_ingest NOLOGIN; GRANT inthub_ingest TO %I;',
            current_user);
    END;
  END IF;
  IF (SELECT rolsuper OR rolbypassrls OR rolcanlogin FROM pg_roles WHERE rolname = 'inthub_ingest') THEN
    RAISE EXCEPTION 'the role inthub_ingest exists already, with rights that it must not have' USING
      HINT = 'Have an administrator run: ALTER ROLE inthub_ingest NOLOGIN NOSUPERUSER NOBYPASSRLS;';
  END IF;
  IF NOT pg_has_role(current_user, 'inthub_ingest', CASE WHEN modern THEN 'SET' ELSE 'MEMBER' END) THEN
    BEGIN
      EXECUTE format('GRANT inthub_ingest TO CURRENT_USER%s', CASE WHEN modern THEN ' WITH SET TRUE, INHERIT FALSE' ELSE '' END);
    EXCEPTION
      WHEN unique_violation THEN NULL;
      WHEN insufficient_privilege THEN
        RAISE EXCEPTION 'user % may not take on the role inthub_ingest', current_user USING
          ERRCODE = 'insufficient_privilege',
          HINT = format('Have an administrator run: GRANT inthub_ingest TO %I;', current_user);
    END;
  END IF;
END $$;
GRANT USAGE ON SCHEMA inthub TO inthub_ingest;
GRANT EXECUTE ON FUNCTION inthub.current_tenant() TO inthub_ingest;

-- Room vault: each endpoint has a secret of its own, two while one is rotated; `slot` tells them apart. The credential that calls
-- out has the empty slot.
ALTER TABLE inthub.credentials
  ADD COLUMN slot text NOT NULL DEFAULT '' CHECK (char_length(slot) <= 64),
  DROP CONSTRAINT credentials_tenant_id_integration_id_purpose_key,
  ADD CONSTRAINT credentials_slot UNIQUE (tenant_id, integration_id, purpose, slot);

-- An address of an integration with the secret that deliveries to it are proved with.
CREATE TABLE inthub.inbound_endpoints (
  tenant_id uuid NOT NULL REFERENCES inthub.tenants (id),
  integration_id uuid NOT NULL,
  id uuid NOT NULL,
  -- Id of the connector's webhook definition: `github.repository`.
  webhook_id text NOT NULL CHECK (char_length(webhook_id) BETWEEN 1 AND 128),
  -- Slots of the vault. The one before is good until `previous_until`.
  secret_slot uuid NOT NULL,
  previous_slot uuid,
  previous_until timestamptz,
  -- What the webhook at the product hangs on and is wanted for, and its id there once the hub has registered it.
  target text CHECK (char_length(target) BETWEEN 1 AND 512),
  event_types text[] NOT NULL CHECK (cardinality(event_types) <= 200),
  external_id text CHECK (char_length(external_id) BETWEEN 1 AND 1024),
  created_at timestamptz NOT NULL,
  created_by text NOT NULL CHECK (char_length(created_by) <= 256),
  rotated_at timestamptz,
  PRIMARY KEY (tenant_id, integration_id, id),
  CHECK ((previous_slot IS NULL) = (previous_until IS NULL))
);
-- A delivery names its integration before anybody knows the tenant.
CREATE INDEX inbound_endpoints_by_integration ON inthub.inbound_endpoints (integration_id);
SELECT inthub.protect_tenant_table('inbound_endpoints', 'SELECT, INSERT, DELETE');
GRANT UPDATE (secret_slot, previous_slot, previous_until, external_id, rotated_at) ON inthub.inbound_endpoints TO inthub_app;
CREATE POLICY ingest_lookup ON inthub.inbound_endpoints FOR SELECT TO inthub_ingest USING (true);
GRANT SELECT (tenant_id, integration_id) ON inthub.inbound_endpoints TO inthub_ingest;
CREATE TRIGGER inbound_endpoints_announced AFTER INSERT OR UPDATE OR DELETE ON inthub.inbound_endpoints FOR EACH ROW
  EXECUTE FUNCTION inthub.announce_part_of_integration();

-- What arrived, byte for byte. Written in batches of all tenants by inthub_ingest before the sender is answered; afterwards only the
-- columns that say what became of it change. No foreign key to tenants: the tenant comes from an endpoint, which has one, and checking
-- it again for every row would be a good part of the cost of storing it.
CREATE TABLE inthub.inbound_deliveries (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  integration_id uuid NOT NULL,
  endpoint_id uuid NOT NULL,
  webhook_id text NOT NULL,
  -- The product's own id, where it sends one, and its name of what happened.
  external_id text CHECK (char_length(external_id) <= 256),
  kind text CHECK (char_length(kind) <= 128),
  received_at timestamptz NOT NULL,
  -- [[name, value], …] without what could hold a secret.
  headers json NOT NULL,
  body bytea NOT NULL,
  -- pending: not looked at yet, or to be looked at again. translated: its events are in the log. untranslated: the connector has no
  -- event for it. dead: it cannot be translated; see `error`.
  status text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'translated', 'untranslated', 'dead')),
  attempts smallint NOT NULL DEFAULT 0,
  due_at timestamptz NOT NULL,
  -- A worker that dies loses its deliveries when the lease runs out.
  lease_id uuid,
  event_types text[],
  error text CHECK (char_length(error) <= 1000),
  settled_at timestamptz,
  PRIMARY KEY (tenant_id, id, received_at)
) PARTITION BY RANGE (received_at);
-- Signed bodies are mostly JSON that nobody searches; compressing each before the sender is answered would cost more than the disk.
ALTER TABLE inthub.inbound_deliveries ALTER COLUMN body SET STORAGE EXTERNAL;
CREATE INDEX inbound_deliveries_by_integration ON inthub.inbound_deliveries (tenant_id, integration_id, received_at DESC, id DESC);
-- A queue over all tenants.
CREATE INDEX inbound_deliveries_due ON inthub.inbound_deliveries (due_at) WHERE status = 'pending';
SELECT inthub.protect_tenant_table('inbound_deliveries', 'SELECT');
GRANT UPDATE (status, attempts, due_at, lease_id, event_types, error, settled_at) ON inthub.inbound_deliveries TO inthub_app;
CREATE POLICY ingest_store ON inthub.inbound_deliveries FOR INSERT TO inthub_ingest WITH CHECK (true);
CREATE POLICY ingest_claim ON inthub.inbound_deliveries FOR SELECT TO inthub_ingest USING (status = 'pending');
CREATE POLICY ingest_lease ON inthub.inbound_deliveries FOR UPDATE TO inthub_ingest
  USING (status = 'pending') WITH CHECK (status = 'pending');
GRANT INSERT ON inthub.inbound_deliveries TO inthub_ingest;
GRANT SELECT (tenant_id, id, received_at, status, due_at, lease_id), UPDATE (due_at, lease_id)
  ON inthub.inbound_deliveries TO inthub_ingest;
SELECT inthub.create_month_partitions('inbound_deliveries', 3);

-- Which deliveries were stored already: SHA-256 of the product's id, or of the body where it sends none. Beside the deliveries,
-- because a unique index of a partitioned table would have to contain the time. Kept for 7 days.
CREATE TABLE inthub.inbound_delivery_keys (
  tenant_id uuid NOT NULL,
  integration_id uuid NOT NULL,
  key bytea NOT NULL CHECK (octet_length(key) = 32),
  delivery_id uuid NOT NULL,
  received_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, integration_id, key)
);
CREATE INDEX inbound_delivery_keys_expiry ON inthub.inbound_delivery_keys (received_at);
SELECT inthub.protect_tenant_table('inbound_delivery_keys', 'SELECT');
CREATE POLICY ingest_store ON inthub.inbound_delivery_keys FOR INSERT TO inthub_ingest WITH CHECK (true);
CREATE POLICY ingest_find ON inthub.inbound_delivery_keys FOR SELECT TO inthub_ingest USING (true);
CREATE POLICY ingest_sweep ON inthub.inbound_delivery_keys FOR DELETE TO inthub_ingest
  USING (received_at < statement_timestamp() - interval '7 days');
GRANT SELECT, INSERT, DELETE ON inthub.inbound_delivery_keys TO inthub_ingest;
