-- Room vault: sealed credentials.

-- `integration_id` names a row of the catalog; there is no foreign key, because the vault stores a credential before the catalog
-- has written the integration (one transaction), and removes it itself on uninstall.
CREATE TABLE inthub.credentials (
  tenant_id uuid NOT NULL REFERENCES inthub.tenants (id),
  id uuid NOT NULL,
  integration_id uuid NOT NULL,
  connector_id text NOT NULL,
  -- What it is for: an integration has one credential that calls out and, beside it, one that checks incoming webhooks.
  purpose text NOT NULL CHECK (purpose IN ('access', 'webhook')),
  kind text NOT NULL CHECK (kind IN ('oauth2_token', 'api_key', 'bearer_token', 'basic_auth', 'service_account', 'mtls_cert',
    'webhook_secret', 'github_app')),
  -- AES-256-GCM: 12 bytes nonce, 16 bytes tag, ciphertext. The data key beside it is wrapped the same way under the key `key_id`.
  sealed bytea NOT NULL CHECK (octet_length(sealed) >= 28),
  wrapped_key bytea NOT NULL CHECK (octet_length(wrapped_key) BETWEEN 32 AND 4096),
  key_id text NOT NULL CHECK (char_length(key_id) BETWEEN 1 AND 256),
  version integer NOT NULL CHECK (version >= 1),
  expires_at timestamptz,
  created_at timestamptz NOT NULL,
  rotated_at timestamptz,
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, integration_id, purpose)
);
-- Re-keying pages through what is not yet under the newest key.
CREATE INDEX credentials_by_key ON inthub.credentials (tenant_id, key_id, id);
SELECT inthub.protect_tenant_table('credentials', 'SELECT, INSERT, DELETE');
GRANT UPDATE (connector_id, kind, sealed, wrapped_key, key_id, version, expires_at, rotated_at) ON inthub.credentials TO inthub_app;
