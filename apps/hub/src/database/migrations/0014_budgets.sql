-- Room gateway: budgets of a tenant and its integrations, and what was used of them (BEY-10).

CREATE TABLE inthub.budgets (
  tenant_id uuid NOT NULL REFERENCES inthub.tenants (id),
  id uuid NOT NULL,
  -- Null: all integrations of the tenant together.
  integration_id uuid,
  measure text NOT NULL CHECK (measure IN ('requests', 'tokens', 'money')),
  currency text CHECK (currency ~ '^[A-Z]{3}$'),
  period text NOT NULL CHECK (period IN ('day', 'month')),
  -- Requests, tokens, or millionths of the currency.
  amount bigint NOT NULL CHECK (amount BETWEEN 1 AND 1000000000000000),
  mode text NOT NULL CHECK (mode IN ('hard', 'warn')),
  created_at timestamptz NOT NULL,
  modified_at timestamptz NOT NULL,
  modified_by text NOT NULL,
  PRIMARY KEY (tenant_id, id),
  CHECK ((measure = 'money') = (currency IS NOT NULL))
);
CREATE UNIQUE INDEX budgets_one_of_each ON inthub.budgets (tenant_id, integration_id, measure, currency, period) NULLS NOT DISTINCT;
SELECT inthub.protect_tenant_table('budgets', 'SELECT, INSERT, DELETE');
GRANT UPDATE (amount, mode, modified_at, modified_by) ON inthub.budgets TO inthub_app;

-- The one authority of what is left. Replicas draw ahead in small parts (`charged`), and report what calls really used (`used`); what a
-- replica drew and died with stays charged until the window ends, for nobody knows what it had used of it.
CREATE TABLE inthub.budget_usage (
  tenant_id uuid NOT NULL,
  budget_id uuid NOT NULL,
  window_start timestamptz NOT NULL,
  charged bigint NOT NULL DEFAULT 0 CHECK (charged >= used),
  used bigint NOT NULL DEFAULT 0 CHECK (used >= 0),
  -- When 80 % was announced; null before.
  warned_at timestamptz,
  -- When 100 %, or the first refusal.
  reached_at timestamptz,
  PRIMARY KEY (tenant_id, budget_id, window_start),
  FOREIGN KEY (tenant_id, budget_id) REFERENCES inthub.budgets (tenant_id, id) ON DELETE CASCADE
) WITH (fillfactor = 70);
SELECT inthub.protect_tenant_table('budget_usage', 'SELECT, INSERT, DELETE');
GRANT UPDATE (charged, used, warned_at, reached_at) ON inthub.budget_usage TO inthub_app;

-- What replicas keep of a whole tenant is announced like integrations (0012), as `<tenant>/` without an integration.
CREATE FUNCTION inthub.announce_tenant() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM pg_notify('inthub_changed', NEW.id || '/');
  RETURN NULL;
END $$;
CREATE FUNCTION inthub.announce_budget() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  changed CONSTANT inthub.budgets := CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
BEGIN
  PERFORM pg_notify('inthub_changed', changed.tenant_id || '/' || coalesce(changed.integration_id::text, ''));
  RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION inthub.announce_tenant(), inthub.announce_budget() FROM PUBLIC;
CREATE TRIGGER tenants_announced AFTER UPDATE ON inthub.tenants FOR EACH ROW
  WHEN (OLD.offline <> NEW.offline OR OLD.egress_allow <> NEW.egress_allow) EXECUTE FUNCTION inthub.announce_tenant();
CREATE TRIGGER budgets_announced AFTER INSERT OR UPDATE OR DELETE ON inthub.budgets FOR EACH ROW
  EXECUTE FUNCTION inthub.announce_budget();
