-- Room doctor: the reports of an integration, the newest 100 of each.

CREATE TABLE inthub.doctor_reports (
  tenant_id uuid NOT NULL REFERENCES inthub.tenants (id),
  id uuid NOT NULL,
  integration_id uuid NOT NULL,
  generated_at timestamptz NOT NULL,
  overall_status text NOT NULL CHECK (overall_status IN ('healthy', 'degraded', 'unhealthy')),
  checks jsonb NOT NULL,
  PRIMARY KEY (tenant_id, id)
);
CREATE INDEX doctor_reports_by_integration ON inthub.doctor_reports (tenant_id, integration_id, generated_at DESC, id DESC);
SELECT inthub.protect_tenant_table('doctor_reports', 'SELECT, INSERT, DELETE');
