-- Room catalog: settings that a tenant reuses for new integrations of one type.

CREATE TABLE inthub.connection_profiles (
  tenant_id uuid NOT NULL REFERENCES inthub.tenants (id),
  id uuid NOT NULL,
  -- Byte order, as for integrations.
  name text COLLATE "C" NOT NULL CHECK (char_length(name) BETWEEN 1 AND 128),
  type text NOT NULL CHECK (char_length(type) <= 128),
  default_config jsonb NOT NULL,
  auth_ref text CHECK (char_length(auth_ref) <= 1024),
  is_default boolean NOT NULL,
  last_used_at timestamptz,
  created_at timestamptz NOT NULL,
  created_by text NOT NULL,
  modified_at timestamptz NOT NULL,
  modified_by text NOT NULL,
  -- Counts what people change; use does not touch it.
  version integer NOT NULL DEFAULT 1 CHECK (version >= 1),
  PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX connection_profiles_name ON inthub.connection_profiles (tenant_id, name);
CREATE UNIQUE INDEX connection_profiles_default ON inthub.connection_profiles (tenant_id, type) WHERE is_default;
CREATE INDEX connection_profiles_by_type ON inthub.connection_profiles (tenant_id, type, name, id);
SELECT inthub.protect_tenant_table('connection_profiles', 'SELECT, INSERT, UPDATE, DELETE');

-- What a tenant used last for a type, which the wizard begins with.
CREATE INDEX integrations_by_age ON inthub.integrations (tenant_id, type, created_at DESC) WHERE status <> 'uninstalled';
