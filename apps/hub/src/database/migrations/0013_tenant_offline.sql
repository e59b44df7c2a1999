-- Room access: what a platform admin sets for one tenant's traffic to outside hosts.

-- offline: nothing is sent for the tenant. egress_allow: exceptions beside HUB_EGRESS_ALLOW, in its form, for this tenant only; each
-- was read by the parser of that list before it was stored.
ALTER TABLE inthub.tenants
  ADD COLUMN offline boolean NOT NULL DEFAULT false,
  ADD COLUMN egress_allow text[] NOT NULL DEFAULT '{}' CHECK (cardinality(egress_allow) <= 100);
GRANT UPDATE (offline, egress_allow) ON inthub.tenants TO inthub_app;
