-- Room health: when each integration is checked next, and what the checks found.

CREATE TABLE inthub.health_schedule (
  tenant_id uuid NOT NULL REFERENCES inthub.tenants (id),
  integration_id uuid NOT NULL,
  due_at timestamptz NOT NULL,
  -- Set while a worker holds the row; a worker that dies loses it when the lease runs out.
  lease_until timestamptz,
  lease_id uuid,
  -- Counts the requests for an immediate check, so that one made while a check runs is not lost when that check ends.
  requests integer NOT NULL DEFAULT 0,
  -- Set when the last turn was skipped because the hub is offline.
  skipped_offline boolean NOT NULL DEFAULT false,
  PRIMARY KEY (tenant_id, integration_id)
) WITH (fillfactor = 70);
-- A queue over all tenants: the scheduler asks what is due before it knows whose it is.
CREATE INDEX health_schedule_due ON inthub.health_schedule (due_at);
SELECT inthub.protect_tenant_table('health_schedule', 'SELECT, INSERT, UPDATE, DELETE');
CREATE POLICY scheduler_claim ON inthub.health_schedule FOR SELECT TO inthub_scheduler USING (true);
CREATE POLICY scheduler_lease ON inthub.health_schedule FOR UPDATE TO inthub_scheduler USING (true) WITH CHECK (true);
GRANT SELECT ON inthub.health_schedule TO inthub_scheduler;
GRANT UPDATE (due_at, lease_until, lease_id, skipped_offline) ON inthub.health_schedule TO inthub_scheduler;

CREATE TABLE inthub.health_samples (
  tenant_id uuid NOT NULL REFERENCES inthub.tenants (id),
  integration_id uuid NOT NULL,
  id uuid NOT NULL,
  checked_at timestamptz NOT NULL,
  success boolean NOT NULL,
  latency_ms double precision NOT NULL CHECK (latency_ms >= 0),
  error_code text,
  message text NOT NULL CHECK (char_length(message) <= 1000),
  PRIMARY KEY (tenant_id, integration_id, checked_at, id)
) PARTITION BY RANGE (checked_at);
SELECT inthub.protect_tenant_table('health_samples', 'SELECT, INSERT');
SELECT inthub.create_month_partitions('health_samples', 3);
