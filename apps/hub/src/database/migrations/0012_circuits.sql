-- Room gateway: circuit breakers that have ever seen trouble, shared by all replicas and kept through restarts.

CREATE TABLE inthub.circuit_states (
  tenant_id uuid NOT NULL REFERENCES inthub.tenants (id),
  integration_id uuid NOT NULL,
  -- Counts the writes: each replaces exactly the one that it has seen.
  version bigint NOT NULL CHECK (version >= 1),
  state text NOT NULL CHECK (state IN ('closed', 'open', 'half_open')),
  failure_count integer NOT NULL CHECK (failure_count >= 0),
  success_count integer NOT NULL CHECK (success_count >= 0),
  last_failure_at timestamptz,
  last_success_at timestamptz,
  opened_at timestamptz,
  next_retry_at timestamptz,
  -- Counts the changes of state.
  generation bigint NOT NULL CHECK (generation >= 0),
  forced_reason text,
  -- Half-open calls under way: [{id, untilMs}].
  probes jsonb NOT NULL,
  changed_at timestamptz NOT NULL DEFAULT statement_timestamp(),
  PRIMARY KEY (tenant_id, integration_id)
) WITH (fillfactor = 70);
SELECT inthub.protect_tenant_table('circuit_states', 'SELECT, INSERT, UPDATE');
-- Replicas read the breakers in use of all tenants in one go; and remove those that have long been closed.
CREATE POLICY scheduler_read ON inthub.circuit_states FOR SELECT TO inthub_scheduler USING (true);
CREATE POLICY scheduler_sweep ON inthub.circuit_states FOR DELETE TO inthub_scheduler
  USING (state = 'closed' AND changed_at < statement_timestamp() - interval '1 day');
GRANT SELECT, DELETE ON inthub.circuit_states TO inthub_scheduler;

-- Replicas keep integrations, grants, opened credentials and answers in memory. Each commit that makes them stale says so on the
-- channel inthub_changed, as `<tenant>/<integration>`; what a check alone writes does not.
CREATE FUNCTION inthub.announce_integration() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM pg_notify('inthub_changed', NEW.tenant_id || '/' || NEW.id);
  RETURN NULL;
END $$;
CREATE FUNCTION inthub.announce_part_of_integration() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    PERFORM pg_notify('inthub_changed', OLD.tenant_id || '/' || OLD.integration_id);
  ELSE
    PERFORM pg_notify('inthub_changed', NEW.tenant_id || '/' || NEW.integration_id);
  END IF;
  RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION inthub.announce_integration(), inthub.announce_part_of_integration() FROM PUBLIC;
CREATE TRIGGER integrations_announced AFTER UPDATE ON inthub.integrations FOR EACH ROW
  WHEN (OLD.version <> NEW.version OR OLD.status <> NEW.status OR OLD.connector_version <> NEW.connector_version)
  EXECUTE FUNCTION inthub.announce_integration();
CREATE TRIGGER integration_grants_announced AFTER INSERT OR UPDATE OR DELETE ON inthub.integration_grants FOR EACH ROW
  EXECUTE FUNCTION inthub.announce_part_of_integration();
CREATE TRIGGER credentials_announced AFTER INSERT OR DELETE ON inthub.credentials FOR EACH ROW
  EXECUTE FUNCTION inthub.announce_part_of_integration();
CREATE TRIGGER credentials_rotation_announced AFTER UPDATE ON inthub.credentials FOR EACH ROW
  WHEN (OLD.version <> NEW.version) EXECUTE FUNCTION inthub.announce_part_of_integration();
