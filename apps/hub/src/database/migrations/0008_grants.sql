-- Room runtime: what a tenant's admin has allowed an integration (RUN-5). No row: everything that its connector declares.

CREATE TABLE inthub.integration_grants (
  tenant_id uuid NOT NULL REFERENCES inthub.tenants (id),
  id uuid NOT NULL,
  integration_id uuid NOT NULL,
  granted_capabilities text[] NOT NULL,
  denied_capabilities text[] NOT NULL,
  data_scope jsonb NOT NULL,
  network_scope jsonb NOT NULL,
  granted_by text NOT NULL,
  granted_at timestamptz NOT NULL,
  reviewed_at timestamptz,
  expires_at timestamptz,
  PRIMARY KEY (tenant_id, id),
  -- One grant per integration; changing it replaces it, and the audit keeps what it was.
  UNIQUE (tenant_id, integration_id),
  FOREIGN KEY (tenant_id, integration_id) REFERENCES inthub.integrations (tenant_id, id) ON DELETE CASCADE
);
SELECT inthub.protect_tenant_table('integration_grants', 'SELECT, INSERT, UPDATE');
