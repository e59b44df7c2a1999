-- Room webhooks: outgoing webhooks, their deliveries and attempts.

-- Matching, claiming and recording the outcome go across tenants. The same care as in migration 0001: roles belong to the cluster.
DO $$
DECLARE
  role_name CONSTANT text := 'inthub_dispatcher';
  modern CONSTANT boolean := current_setting('server_version_num')::int >= 160000;
BEGIN
  IF to_regrole(role_name) IS NULL THEN
    BEGIN
      EXECUTE format('CREATE ROLE %I NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS', role_name);
    EXCEPTION
      WHEN duplicate_object OR unique_violation THEN NULL;
      WHEN insufficient_privilege THEN
        RAISE EXCEPTION 'user % may not create the role %', current_user, role_name USING
          ERRCODE = 'insufficient_privilege',
          HINT = format('Give the user CREATEROLE, or have an administrator run: CREATE ROLE %I NOLOGIN; GRANT %I TO %I;',
            role_name, role_name, current_user);
    END;
  END IF;
  IF (SELECT rolsuper OR rolbypassrls OR rolcanlogin FROM pg_roles WHERE rolname = role_name) THEN
    RAISE EXCEPTION 'the role % exists already, with rights that it must not have', role_name USING
      HINT = format('Have an administrator run: ALTER ROLE %I NOLOGIN NOSUPERUSER NOBYPASSRLS;', role_name);
  END IF;
  IF NOT pg_has_role(current_user, role_name, CASE WHEN modern THEN 'SET' ELSE 'MEMBER' END) THEN
    BEGIN
      EXECUTE format('GRANT %I TO CURRENT_USER%s', role_name, CASE WHEN modern THEN ' WITH SET TRUE, INHERIT FALSE' ELSE '' END);
    EXCEPTION
      WHEN unique_violation THEN NULL;
      WHEN insufficient_privilege THEN
        RAISE EXCEPTION 'user % may not take on the role %', current_user, role_name USING
          ERRCODE = 'insufficient_privilege',
          HINT = format('Have an administrator run: GRANT %I TO %I;', role_name, current_user);
    END;
  END IF;
END $$;
GRANT USAGE ON SCHEMA inthub TO inthub_dispatcher;
GRANT EXECUTE ON FUNCTION inthub.current_tenant() TO inthub_dispatcher;

CREATE TABLE inthub.webhook_subscriptions (
  tenant_id uuid NOT NULL REFERENCES inthub.tenants (id),
  id uuid NOT NULL,
  name text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 128),
  -- What deliveries are made by; a copy of the present revision's.
  settings jsonb NOT NULL,
  -- Counts the changes of what is sent or where; deliveries are pinned to it.
  revision integer NOT NULL CHECK (revision >= 1),
  -- Counts every change by people; the ETag.
  version integer NOT NULL CHECK (version >= 1),
  active boolean NOT NULL,
  disabled_reason text CHECK (disabled_reason IN ('manual', 'failure_rate', 'gone')),
  -- When events begin to be missed, for recovery.
  disabled_at timestamptz,
  -- Signing keys without their secrets: [{id, scheme, createdAt, expiresAt, publicKey}].
  keys jsonb NOT NULL,
  created_at timestamptz NOT NULL,
  created_by text NOT NULL,
  modified_at timestamptz NOT NULL,
  modified_by text NOT NULL,
  PRIMARY KEY (tenant_id, id),
  CHECK (NOT active OR disabled_reason IS NULL)
);
SELECT inthub.protect_tenant_table('webhook_subscriptions', 'SELECT, INSERT, DELETE');
GRANT UPDATE (name, settings, revision, version, active, disabled_reason, disabled_at, keys, modified_at, modified_by)
  ON inthub.webhook_subscriptions TO inthub_app;

-- Settings of each revision that queued deliveries may still be pinned to.
CREATE TABLE inthub.webhook_revisions (
  tenant_id uuid NOT NULL REFERENCES inthub.tenants (id),
  subscription_id uuid NOT NULL,
  revision integer NOT NULL,
  settings jsonb NOT NULL,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, subscription_id, revision)
);
SELECT inthub.protect_tenant_table('webhook_revisions', 'SELECT, INSERT, DELETE');

-- Moves with every change of a tenant's subscriptions, so that no worker ever matches an event against old ones.
CREATE TABLE inthub.webhook_generations (
  tenant_id uuid NOT NULL REFERENCES inthub.tenants (id),
  generation bigint NOT NULL,
  PRIMARY KEY (tenant_id)
);
SELECT inthub.protect_tenant_table('webhook_generations', 'SELECT, INSERT, UPDATE');

-- How each endpoint is doing; written with every batch of outcomes.
CREATE TABLE inthub.webhook_endpoints (
  tenant_id uuid NOT NULL REFERENCES inthub.tenants (id),
  subscription_id uuid NOT NULL,
  failing boolean NOT NULL DEFAULT false,
  consecutive_failures integer NOT NULL DEFAULT 0,
  -- Times in a row that the circuit was opened.
  openings integer NOT NULL DEFAULT 0,
  -- Nothing is sent before this.
  blocked_until timestamptz,
  -- Attempts and the endpoint's own faults by slice of the window: [[start in ms, attempts, faults], …].
  slices jsonb NOT NULL DEFAULT '[]',
  total_deliveries bigint NOT NULL DEFAULT 0,
  total_failures bigint NOT NULL DEFAULT 0,
  last_delivery_at timestamptz,
  last_success_at timestamptz,
  last_error text CHECK (char_length(last_error) <= 1000),
  PRIMARY KEY (tenant_id, subscription_id)
) WITH (fillfactor = 50);
SELECT inthub.protect_tenant_table('webhook_endpoints', 'SELECT, INSERT, UPDATE, DELETE');

-- Whoever claims deliveries of a subscription holds its row here meanwhile, so that limits hold over all workers together.
CREATE TABLE inthub.webhook_pacing (
  tenant_id uuid NOT NULL REFERENCES inthub.tenants (id),
  subscription_id uuid NOT NULL,
  tokens double precision NOT NULL DEFAULT 0,
  refilled_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, subscription_id)
) WITH (fillfactor = 50);
SELECT inthub.protect_tenant_table('webhook_pacing', 'SELECT, INSERT, UPDATE, DELETE');

-- What is still to be delivered. Small rows: the payload is the event's. A delivery is either here or in webhook_deliveries.
-- No foreign keys: at thousands of rows a second they would cost more than the rest, and the rows name only what exists.
CREATE SEQUENCE inthub.webhook_queue_seq AS bigint;
CREATE TABLE inthub.webhook_queue (
  tenant_id uuid NOT NULL,
  subscription_id uuid NOT NULL,
  -- Made from event and subscription: the same event is queued once, and its duplicates carry the same webhook-id.
  id uuid NOT NULL,
  event_id uuid NOT NULL,
  event_at timestamptz NOT NULL,
  event_type text COLLATE "C" NOT NULL,
  revision integer NOT NULL,
  -- `blocked` waits for an earlier one of its key, `parked` for a person.
  state text NOT NULL CHECK (state IN ('due', 'blocked', 'parked')),
  -- When to send, or when the lease of the worker that is sending it ends.
  due_at timestamptz NOT NULL,
  lease_id uuid,
  attempts smallint NOT NULL DEFAULT 0,
  -- Attempts before the last resend: retries are counted from there.
  attempts_before smallint NOT NULL DEFAULT 0,
  -- Ordered subscriptions: digest of the key, and its beginning for people.
  order_key text CHECK (char_length(order_key) = 32),
  order_text text CHECK (char_length(order_text) <= 200),
  seq bigint NOT NULL DEFAULT nextval('inthub.webhook_queue_seq'),
  PRIMARY KEY (tenant_id, subscription_id, id)
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 5000,
  autovacuum_analyze_scale_factor = 0.1, autovacuum_vacuum_cost_delay = 0);
CREATE INDEX webhook_queue_due ON inthub.webhook_queue (tenant_id, subscription_id, due_at) WHERE state = 'due';
CREATE INDEX webhook_queue_leased ON inthub.webhook_queue (tenant_id, subscription_id) WHERE lease_id IS NOT NULL;
CREATE INDEX webhook_queue_ordered ON inthub.webhook_queue (tenant_id, subscription_id, order_key, seq)
  WHERE order_key IS NOT NULL;
CREATE INDEX webhook_queue_parked ON inthub.webhook_queue (tenant_id, subscription_id, id) WHERE state = 'parked';
SELECT inthub.protect_tenant_table('webhook_queue', 'SELECT, INSERT, UPDATE, DELETE');
GRANT USAGE ON SEQUENCE inthub.webhook_queue_seq TO inthub_app, inthub_dispatcher;

-- What has been delivered or given up. Ids sort by the time of the event.
CREATE TABLE inthub.webhook_deliveries (
  tenant_id uuid NOT NULL,
  subscription_id uuid NOT NULL,
  id uuid NOT NULL,
  event_id uuid NOT NULL,
  event_at timestamptz NOT NULL,
  event_type text COLLATE "C" NOT NULL,
  revision integer NOT NULL,
  status text NOT NULL CHECK (status IN ('delivered', 'exhausted', 'dropped', 'skipped')),
  attempts smallint NOT NULL,
  url text NOT NULL,
  response_status integer,
  error_code text,
  order_text text,
  finished_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, id, event_at)
) PARTITION BY RANGE (event_at);
CREATE INDEX webhook_deliveries_by_subscription ON inthub.webhook_deliveries (tenant_id, subscription_id, id DESC);
CREATE INDEX webhook_deliveries_given_up ON inthub.webhook_deliveries (tenant_id, id DESC) WHERE status <> 'delivered';
SELECT inthub.protect_tenant_table('webhook_deliveries', 'SELECT, INSERT, DELETE');
SELECT inthub.create_month_partitions('webhook_deliveries', 3);

CREATE TABLE inthub.webhook_attempts (
  tenant_id uuid NOT NULL,
  delivery_id uuid NOT NULL,
  number smallint NOT NULL,
  started_at timestamptz NOT NULL,
  duration_ms double precision NOT NULL,
  url text NOT NULL,
  -- Bodies are cut at 16 KiB; what is secret is redacted.
  request_headers jsonb NOT NULL,
  request_body text NOT NULL,
  response_status integer,
  response_headers jsonb,
  response_body text,
  error_code text,
  error text CHECK (char_length(error) <= 1000),
  blame text,
  PRIMARY KEY (tenant_id, delivery_id, started_at)
) PARTITION BY RANGE (started_at);
SELECT inthub.protect_tenant_table('webhook_attempts', 'SELECT, INSERT');
SELECT inthub.create_month_partitions('webhook_attempts', 3);

CREATE POLICY dispatcher_read ON inthub.events FOR SELECT TO inthub_dispatcher USING (true);
CREATE POLICY dispatcher_read ON inthub.webhook_subscriptions FOR SELECT TO inthub_dispatcher USING (true);
CREATE POLICY dispatcher_read ON inthub.webhook_revisions FOR SELECT TO inthub_dispatcher USING (true);
CREATE POLICY dispatcher_read ON inthub.webhook_generations FOR SELECT TO inthub_dispatcher USING (true);
CREATE POLICY dispatcher_work ON inthub.webhook_endpoints TO inthub_dispatcher USING (true) WITH CHECK (true);
CREATE POLICY dispatcher_work ON inthub.webhook_pacing TO inthub_dispatcher USING (true) WITH CHECK (true);
CREATE POLICY dispatcher_work ON inthub.webhook_queue TO inthub_dispatcher USING (true) WITH CHECK (true);
CREATE POLICY dispatcher_work ON inthub.webhook_deliveries TO inthub_dispatcher USING (true) WITH CHECK (true);
CREATE POLICY dispatcher_work ON inthub.webhook_attempts TO inthub_dispatcher USING (true) WITH CHECK (true);
-- It tells of what it sees itself, in the transaction of the outcome.
CREATE POLICY dispatcher_report ON inthub.events FOR INSERT TO inthub_dispatcher
  WITH CHECK (source = 'hub' AND type IN ('subscription.failing', 'subscription.recovered', 'delivery.exhausted'));
GRANT INSERT ON inthub.events TO inthub_dispatcher;
GRANT USAGE ON SEQUENCE inthub.events_seq TO inthub_dispatcher;
GRANT SELECT ON inthub.events, inthub.webhook_subscriptions, inthub.webhook_revisions, inthub.webhook_generations
  TO inthub_dispatcher;
GRANT SELECT, UPDATE ON inthub.webhook_endpoints, inthub.webhook_pacing TO inthub_dispatcher;
GRANT SELECT, INSERT, UPDATE, DELETE ON inthub.webhook_queue TO inthub_dispatcher;
GRANT SELECT, INSERT, UPDATE ON inthub.webhook_deliveries TO inthub_dispatcher;
GRANT INSERT ON inthub.webhook_attempts TO inthub_dispatcher;
