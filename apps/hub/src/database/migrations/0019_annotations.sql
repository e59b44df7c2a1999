-- Room annotations: what was not posted because the hub was offline, until somebody posts or removes it.

CREATE TABLE inthub.kept_annotations (
  tenant_id uuid NOT NULL REFERENCES inthub.tenants (id),
  id uuid NOT NULL,
  integration_id uuid NOT NULL,
  operation text NOT NULL CHECK (operation IN ('comment', 'status', 'check_run')),
  payload jsonb NOT NULL,
  state text NOT NULL DEFAULT 'kept' CHECK (state IN ('kept', 'posted')),
  created_at timestamptz NOT NULL,
  created_by text NOT NULL CHECK (char_length(created_by) <= 256),
  posted_at timestamptz,
  last_error text CHECK (char_length(last_error) <= 2000),
  PRIMARY KEY (tenant_id, id)
);
CREATE INDEX kept_annotations_by_integration ON inthub.kept_annotations (tenant_id, integration_id, created_at DESC, id DESC);
SELECT inthub.protect_tenant_table('kept_annotations', 'SELECT, INSERT, UPDATE, DELETE');
