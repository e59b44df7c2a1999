-- Room models: what models cost, where that differs from what connectors ship, and routes by which models are named.

-- The operator's own prices, for every tenant.
CREATE TABLE inthub.platform_model_prices (
  connector_id text NOT NULL CHECK (char_length(connector_id) <= 64),
  model text COLLATE "C" NOT NULL CHECK (char_length(model) BETWEEN 1 AND 256),
  price jsonb NOT NULL,
  modified_at timestamptz NOT NULL,
  modified_by text NOT NULL,
  PRIMARY KEY (connector_id, model)
);
GRANT SELECT ON inthub.platform_model_prices TO inthub_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON inthub.platform_model_prices TO inthub_platform;

CREATE TABLE inthub.model_prices (
  tenant_id uuid NOT NULL REFERENCES inthub.tenants (id),
  connector_id text NOT NULL CHECK (char_length(connector_id) <= 64),
  model text COLLATE "C" NOT NULL CHECK (char_length(model) BETWEEN 1 AND 256),
  price jsonb NOT NULL,
  modified_at timestamptz NOT NULL,
  modified_by text NOT NULL,
  PRIMARY KEY (tenant_id, connector_id, model)
);
SELECT inthub.protect_tenant_table('model_prices', 'SELECT, INSERT, UPDATE, DELETE');

-- A name of the tenant's own for models of its integrations, tried one after the other.
CREATE TABLE inthub.model_routes (
  tenant_id uuid NOT NULL REFERENCES inthub.tenants (id),
  id uuid NOT NULL,
  alias text COLLATE "C" NOT NULL CHECK (char_length(alias) BETWEEN 1 AND 128),
  description text CHECK (char_length(description) <= 2000),
  -- [{integration, model}, …], by the integration's name: it may be replaced by another of that name.
  targets jsonb NOT NULL,
  -- Error codes after which the next target is tried.
  fail_over_on text[] NOT NULL CHECK (cardinality(fail_over_on) <= 50),
  created_at timestamptz NOT NULL,
  created_by text NOT NULL,
  modified_at timestamptz NOT NULL,
  modified_by text NOT NULL,
  version integer NOT NULL DEFAULT 1 CHECK (version >= 1),
  PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX model_routes_alias ON inthub.model_routes (tenant_id, alias);
SELECT inthub.protect_tenant_table('model_routes', 'SELECT, INSERT, UPDATE, DELETE');

-- Replicas keep both for a moment; changes are announced as those of the whole tenant (0014).
CREATE FUNCTION inthub.announce_models() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM pg_notify('inthub_changed', (CASE WHEN TG_OP = 'DELETE' THEN OLD.tenant_id ELSE NEW.tenant_id END) || '/');
  RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION inthub.announce_models() FROM PUBLIC;
CREATE TRIGGER model_prices_announced AFTER INSERT OR UPDATE OR DELETE ON inthub.model_prices FOR EACH ROW
  EXECUTE FUNCTION inthub.announce_models();
CREATE TRIGGER model_routes_announced AFTER INSERT OR UPDATE OR DELETE ON inthub.model_routes FOR EACH ROW
  EXECUTE FUNCTION inthub.announce_models();
