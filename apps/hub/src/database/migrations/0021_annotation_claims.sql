-- Room annotations: who writes which comment just now, so that of two calls that find none only one writes the first.

CREATE TABLE inthub.annotation_claims (
  tenant_id uuid NOT NULL REFERENCES inthub.tenants (id),
  integration_id uuid NOT NULL,
  -- SHA-256 of what is written: repository, pull request and key; or of the kept annotation that is posted.
  place bytea NOT NULL CHECK (octet_length(place) = 32),
  -- The call that writes: whoever is not it may neither prolong nor end the claim.
  owner uuid NOT NULL,
  -- A call that has not prolonged it by then has died.
  lease_until timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, integration_id, place)
) WITH (fillfactor = 80);
SELECT inthub.protect_tenant_table('annotation_claims', 'SELECT, INSERT, UPDATE, DELETE');
