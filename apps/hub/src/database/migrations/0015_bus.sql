-- Room events: the bus over the fact log: consumers, their positions, retries and dead letters.

-- Reads the log across tenants and keeps the consumers' books (see 0001 for why roles are made this way).
DO $$
DECLARE
  role_name CONSTANT text := 'inthub_relay';
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
GRANT USAGE ON SCHEMA inthub TO inthub_relay;
GRANT EXECUTE ON FUNCTION inthub.current_tenant() TO inthub_relay;

ALTER TABLE inthub.events ADD COLUMN original_webhook_id text CHECK (char_length(original_webhook_id) <= 200);

-- The order in which readers go through the log, over all tenants; see 0003 for why it is not `seq` alone.
CREATE INDEX events_in_order ON inthub.events (xact_id, seq);
CREATE POLICY relay_read ON inthub.events FOR SELECT TO inthub_relay USING (true);
GRANT SELECT ON inthub.events TO inthub_relay;

-- Durable consumers: parts of the hub, for all tenants. Everything up to and including (xact_id, seq) is handled, or stands in
-- bus_redeliveries or dead_letters.
CREATE TABLE inthub.bus_consumers (
  name text PRIMARY KEY CHECK (name ~ '^[a-z0-9_-]{1,64}$'),
  pattern text NOT NULL,
  ordered boolean NOT NULL,
  xact_id xid8 NOT NULL,
  seq bigint NOT NULL,
  -- Fences: who writes the position must name the lease that he was given.
  lease_id uuid,
  lease_until timestamptz,
  -- The advisory lock that the holder's process keeps while it lives: a dead holder is replaced at once, not when its time is up.
  holder integer,
  created_at timestamptz NOT NULL DEFAULT statement_timestamp()
) WITH (fillfactor = 50);
GRANT SELECT, INSERT, UPDATE, DELETE ON inthub.bus_consumers TO inthub_relay;
GRANT SELECT (name) ON inthub.bus_consumers TO inthub_app;

-- What this database is called on a NATS server, which several hubs may share. Made when it is first needed, so that a copy of an empty
-- database gets a name of its own.
CREATE TABLE inthub.bus_identity (
  is_only boolean PRIMARY KEY DEFAULT true CHECK (is_only),
  name text NOT NULL DEFAULT replace(gen_random_uuid()::text, '-', '')
);
GRANT SELECT, INSERT ON inthub.bus_identity TO inthub_relay;
GRANT SELECT (is_only) ON inthub.bus_identity TO inthub_app;

-- Events that wait for another attempt, each with a copy of itself: the log's retention may be shorter than its patience.
CREATE TABLE inthub.bus_redeliveries (
  tenant_id uuid NOT NULL REFERENCES inthub.tenants (id),
  consumer text NOT NULL,
  event_id uuid NOT NULL,
  event jsonb NOT NULL,
  source text NOT NULL,
  xact_id xid8 NOT NULL,
  seq bigint NOT NULL,
  -- Attempts made so far.
  attempts integer NOT NULL CHECK (attempts >= 0),
  error text CHECK (char_length(error) <= 2000),
  -- `infinity`: behind a failing event of its source, which calls it when it is done.
  due_at timestamptz NOT NULL,
  -- Whether later events of the source wait for it (ordered consumers; a re-driven one is out of order anyway).
  holds_source boolean NOT NULL DEFAULT false,
  redrives integer NOT NULL DEFAULT 0,
  PRIMARY KEY (tenant_id, consumer, event_id)
) WITH (fillfactor = 80);
CREATE INDEX bus_redeliveries_due ON inthub.bus_redeliveries (consumer, due_at) WHERE due_at < 'infinity';
CREATE INDEX bus_redeliveries_held ON inthub.bus_redeliveries (tenant_id, consumer, source, xact_id, seq) WHERE holds_source;
CREATE INDEX bus_redeliveries_by_consumer ON inthub.bus_redeliveries (consumer, tenant_id, source) WHERE holds_source;
SELECT inthub.protect_tenant_table('bus_redeliveries', 'SELECT, INSERT');
CREATE POLICY relay_work ON inthub.bus_redeliveries TO inthub_relay USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON inthub.bus_redeliveries TO inthub_relay;

CREATE TABLE inthub.dead_letters (
  tenant_id uuid NOT NULL REFERENCES inthub.tenants (id),
  id uuid NOT NULL,
  consumer text NOT NULL,
  event_id uuid NOT NULL,
  event_type text COLLATE "C" NOT NULL,
  source text NOT NULL,
  event jsonb NOT NULL,
  xact_id xid8 NOT NULL,
  seq bigint NOT NULL,
  attempts integer NOT NULL CHECK (attempts >= 0),
  error text NOT NULL CHECK (char_length(error) <= 2000),
  redrives integer NOT NULL DEFAULT 0,
  dead_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, id, dead_at)
) PARTITION BY RANGE (dead_at);
CREATE INDEX dead_letters_by_time ON inthub.dead_letters (tenant_id, dead_at DESC, id DESC);
CREATE INDEX dead_letters_by_consumer ON inthub.dead_letters (tenant_id, consumer, dead_at DESC, id DESC);
SELECT inthub.protect_tenant_table('dead_letters', 'SELECT, DELETE');
CREATE POLICY relay_write ON inthub.dead_letters FOR INSERT TO inthub_relay WITH CHECK (true);
CREATE POLICY relay_count ON inthub.dead_letters FOR SELECT TO inthub_relay USING (true);
GRANT INSERT ON inthub.dead_letters TO inthub_relay;
GRANT SELECT (tenant_id, consumer) ON inthub.dead_letters TO inthub_relay;
SELECT inthub.create_month_partitions('dead_letters', 3);
