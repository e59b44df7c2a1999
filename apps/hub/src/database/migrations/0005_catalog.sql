-- Room catalog: integrations, what they were used for, and which connector types were last seen.

CREATE TABLE inthub.integrations (
  tenant_id uuid NOT NULL REFERENCES inthub.tenants (id),
  id uuid NOT NULL,
  type text NOT NULL CHECK (char_length(type) <= 128),
  category text NOT NULL,
  connector_id text NOT NULL,
  connector_version text NOT NULL,
  -- Byte order: the listing is the same on every server, whatever its locale.
  name text COLLATE "C" NOT NULL CHECK (char_length(name) BETWEEN 1 AND 128),
  description text CHECK (char_length(description) <= 2000),
  config jsonb NOT NULL,
  auth_ref text CHECK (char_length(auth_ref) <= 1024),
  credential_kind text,
  environment text CHECK (char_length(environment) BETWEEN 1 AND 64),
  tags text[] NOT NULL DEFAULT '{}' CHECK (cardinality(tags) <= 50),
  owner_id text CHECK (char_length(owner_id) BETWEEN 1 AND 256),
  status text NOT NULL CHECK (status IN ('draft', 'pending_verification', 'active', 'degraded', 'failed', 'paused',
    'uninstalling', 'uninstalled')),
  status_reason text CHECK (status_reason IN ('check_failures', 'connector_unavailable')),
  pause_reason text CHECK (char_length(pause_reason) <= 1000),
  pause_ticket text CHECK (char_length(pause_ticket) <= 256),
  approved_by text,
  health text NOT NULL DEFAULT 'unknown' CHECK (health IN ('unknown', 'healthy', 'degraded', 'unhealthy')),
  last_tested_at timestamptz,
  last_test_success boolean,
  last_error text CHECK (char_length(last_error) <= 2000),
  consecutive_failures integer NOT NULL DEFAULT 0 CHECK (consecutive_failures >= 0),
  features jsonb NOT NULL,
  rate_limits jsonb NOT NULL,
  created_at timestamptz NOT NULL,
  created_by text NOT NULL,
  modified_at timestamptz NOT NULL,
  modified_by text NOT NULL,
  -- Counts what people change; checks do not touch it, so that an ETag lives longer than a minute.
  version integer NOT NULL DEFAULT 1 CHECK (version >= 1),
  PRIMARY KEY (tenant_id, id),
  CHECK (status <> 'active' OR consecutive_failures < 3)
) WITH (fillfactor = 85); -- Room on the page for the update that follows every check.

-- A name is free again after uninstall.
CREATE UNIQUE INDEX integrations_name ON inthub.integrations (tenant_id, name) WHERE status <> 'uninstalled';
-- The listing goes by (name, id); each filter has the same order below it, so that a page costs the same wherever it is.
CREATE INDEX integrations_by_name ON inthub.integrations (tenant_id, name, id) WHERE status <> 'uninstalled';
CREATE INDEX integrations_by_type ON inthub.integrations (tenant_id, type, name, id) WHERE status <> 'uninstalled';
CREATE INDEX integrations_by_category ON inthub.integrations (tenant_id, category, name, id) WHERE status <> 'uninstalled';
CREATE INDEX integrations_by_connector ON inthub.integrations (tenant_id, connector_id, name, id)
  WHERE status <> 'uninstalled';
CREATE INDEX integrations_by_environment ON inthub.integrations (tenant_id, environment, name, id)
  WHERE status <> 'uninstalled' AND environment IS NOT NULL;
CREATE INDEX integrations_by_owner ON inthub.integrations (tenant_id, owner_id, name, id)
  WHERE status <> 'uninstalled' AND owner_id IS NOT NULL;
CREATE INDEX integrations_by_health ON inthub.integrations (tenant_id, health, name, id) WHERE status <> 'uninstalled';
CREATE INDEX integrations_by_status ON inthub.integrations (tenant_id, status, name, id);
SELECT inthub.protect_tenant_table('integrations', 'SELECT, INSERT, UPDATE');
-- Finds the tenants that a vanished or returned connector concerns.
CREATE POLICY scheduler_lookup ON inthub.integrations FOR SELECT TO inthub_scheduler USING (true);
GRANT SELECT (tenant_id, type, status) ON inthub.integrations TO inthub_scheduler;

-- An index of integrations.tags in listing order, kept by the trigger below.
CREATE TABLE inthub.integration_tags (
  tenant_id uuid NOT NULL REFERENCES inthub.tenants (id),
  tag text NOT NULL,
  name text COLLATE "C" NOT NULL,
  integration_id uuid NOT NULL,
  PRIMARY KEY (tenant_id, tag, name, integration_id)
);
CREATE INDEX integration_tags_by_integration ON inthub.integration_tags (tenant_id, integration_id);
SELECT inthub.protect_tenant_table('integration_tags', 'SELECT, INSERT, DELETE');

CREATE FUNCTION inthub.index_integration_tags() RETURNS trigger LANGUAGE plpgsql SET search_path = inthub AS $$
BEGIN
  IF TG_OP = 'UPDATE' THEN
    DELETE FROM integration_tags WHERE tenant_id = OLD.tenant_id AND integration_id = OLD.id;
  END IF;
  INSERT INTO integration_tags (tenant_id, tag, name, integration_id)
    SELECT DISTINCT NEW.tenant_id, tag, NEW.name, NEW.id FROM unnest(NEW.tags) AS tag;
  RETURN NULL;
END $$;
CREATE TRIGGER integrations_tags_inserted AFTER INSERT ON inthub.integrations
  FOR EACH ROW WHEN (cardinality(NEW.tags) > 0) EXECUTE FUNCTION inthub.index_integration_tags();
CREATE TRIGGER integrations_tags_changed AFTER UPDATE OF tags, name ON inthub.integrations
  FOR EACH ROW WHEN (OLD.tags IS DISTINCT FROM NEW.tags OR OLD.name <> NEW.name)
  EXECUTE FUNCTION inthub.index_integration_tags();

-- Counters live apart from the integration: they change with every call.
CREATE TABLE inthub.integration_usage (
  tenant_id uuid NOT NULL REFERENCES inthub.tenants (id),
  integration_id uuid NOT NULL,
  total_requests bigint NOT NULL,
  total_errors bigint NOT NULL,
  total_latency_ms double precision NOT NULL,
  last_activity_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, integration_id)
) WITH (fillfactor = 70);
SELECT inthub.protect_tenant_table('integration_usage', 'SELECT, INSERT, UPDATE, DELETE');

CREATE TABLE inthub.integration_usage_hours (
  tenant_id uuid NOT NULL REFERENCES inthub.tenants (id),
  integration_id uuid NOT NULL,
  -- Start of the hour, UTC.
  hour timestamptz NOT NULL,
  requests bigint NOT NULL,
  errors bigint NOT NULL,
  latency_ms double precision NOT NULL,
  PRIMARY KEY (tenant_id, integration_id, hour)
) WITH (fillfactor = 70);
SELECT inthub.protect_tenant_table('integration_usage_hours', 'SELECT, INSERT, UPDATE, DELETE');

-- The types that the connectors offered when they were last compared, for all tenants. `applied` is false while integrations of the
-- type still have to be told.
CREATE TABLE inthub.catalog_types (
  type_id text PRIMARY KEY,
  connector_id text NOT NULL,
  connector_version text NOT NULL,
  present boolean NOT NULL,
  applied boolean NOT NULL,
  changed_at timestamptz NOT NULL
);
GRANT SELECT, INSERT, UPDATE ON inthub.catalog_types TO inthub_scheduler;
