-- Room access: who may come in. Tenants, users and API keys.

-- A tenant's own row is its only row, so the isolation policy compares `id`. Creating and changing a tenant happens in a
-- transaction scoped to that tenant, so that the audit entry lands in the same transaction and in the tenant's own chain.
CREATE TABLE inthub.tenants (
  id uuid PRIMARY KEY,
  slug text NOT NULL UNIQUE CHECK (slug ~ '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$'),
  name text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 200),
  approval_required boolean NOT NULL DEFAULT false,
  created_at timestamptz NOT NULL DEFAULT now()
);
ALTER TABLE inthub.tenants ENABLE ROW LEVEL SECURITY;
ALTER TABLE inthub.tenants FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_isolation ON inthub.tenants TO inthub_app
  USING (id = inthub.current_tenant()) WITH CHECK (id = inthub.current_tenant());
GRANT SELECT, INSERT ON inthub.tenants TO inthub_app;
GRANT UPDATE (name, approval_required) ON inthub.tenants TO inthub_app;
CREATE POLICY platform_all ON inthub.tenants TO inthub_platform USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE ON inthub.tenants TO inthub_platform;
CREATE POLICY auth_lookup ON inthub.tenants FOR SELECT TO inthub_auth USING (true);
GRANT SELECT (id, slug, name) ON inthub.tenants TO inthub_auth;

CREATE TABLE inthub.users (
  tenant_id uuid NOT NULL REFERENCES inthub.tenants (id),
  id uuid NOT NULL,
  -- `sub` of the identity provider; a user without one cannot sign in yet.
  subject text CHECK (char_length(subject) BETWEEN 1 AND 255),
  email text CHECK (char_length(email) BETWEEN 3 AND 320),
  name text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 200),
  roles text[] NOT NULL,
  active boolean NOT NULL DEFAULT true,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, subject)
);
SELECT inthub.protect_tenant_table('users', 'SELECT, INSERT');
GRANT UPDATE (name, roles, active) ON inthub.users TO inthub_app;
CREATE POLICY auth_lookup ON inthub.users FOR SELECT TO inthub_auth USING (true);
GRANT SELECT (tenant_id, id, subject, name, roles, active) ON inthub.users TO inthub_auth;

CREATE TABLE inthub.api_keys (
  tenant_id uuid NOT NULL REFERENCES inthub.tenants (id),
  id uuid NOT NULL,
  name text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 200),
  prefix text NOT NULL CHECK (char_length(prefix) = 12),
  -- SHA-256 of the whole key. Keys carry 256 random bits, so there is nothing for a slow hash to slow down.
  key_hash bytea NOT NULL CHECK (octet_length(key_hash) = 32),
  scopes text[] NOT NULL,
  expires_at timestamptz,
  last_used_at timestamptz,
  revoked_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  created_by text NOT NULL,
  PRIMARY KEY (tenant_id, id)
);
-- The one index of a tenant table that does not lead with tenant_id: a key is presented before anybody knows its tenant.
-- Not unique: two keys may share a prefix, the hash decides.
CREATE INDEX api_keys_by_prefix ON inthub.api_keys (prefix);
-- The hash is for inthub_auth's eyes only; nothing but revocation ever changes a key.
SELECT inthub.protect_tenant_table('api_keys', 'INSERT');
GRANT SELECT (tenant_id, id, name, prefix, scopes, expires_at, last_used_at, revoked_at, created_at, created_by)
  ON inthub.api_keys TO inthub_app;
GRANT UPDATE (revoked_at) ON inthub.api_keys TO inthub_app;
CREATE POLICY auth_lookup ON inthub.api_keys FOR SELECT TO inthub_auth USING (true);
GRANT SELECT (tenant_id, id, name, prefix, key_hash, scopes, expires_at, revoked_at, last_used_at) ON inthub.api_keys TO inthub_auth;
CREATE POLICY auth_last_used ON inthub.api_keys FOR UPDATE TO inthub_auth USING (true) WITH CHECK (true);
GRANT UPDATE (last_used_at) ON inthub.api_keys TO inthub_auth;
