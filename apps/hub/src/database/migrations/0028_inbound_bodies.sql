-- Room webhooks: the bodies of deliveries, in pieces that each fit a page. Before, PostgreSQL cut them into pieces of 2 KB by itself
-- (TOAST), with a row and an index entry for each: a tenth of what storing a delivery of 10 KB cost.
CREATE TABLE inthub.inbound_bodies (
  tenant_id uuid NOT NULL,
  delivery_id uuid NOT NULL,
  -- From 0, without gaps; all but the last are 8000 bytes long.
  part integer NOT NULL,
  -- The delivery's own, so that both are in the partition of the same month.
  received_at timestamptz NOT NULL,
  bytes bytea NOT NULL CHECK (octet_length(bytes) <= 8000),
  PRIMARY KEY (tenant_id, delivery_id, part, received_at)
) PARTITION BY RANGE (received_at);
ALTER TABLE inthub.inbound_bodies ALTER COLUMN bytes SET STORAGE PLAIN;
SELECT inthub.protect_tenant_table('inbound_bodies', 'SELECT');
CREATE POLICY ingest_store ON inthub.inbound_bodies FOR INSERT TO inthub_ingest WITH CHECK (true);
GRANT INSERT ON inthub.inbound_bodies TO inthub_ingest;
SELECT inthub.create_month_partitions('inbound_bodies', 3);

-- Deliveries from before keep their bodies where they are, and have no length here.
ALTER TABLE inthub.inbound_deliveries
  ALTER COLUMN body DROP NOT NULL,
  ADD COLUMN body_bytes integer;

-- The same rows, in words that the planner does not take for an invitation: `status = 'pending'` in a query that names its deliveries
-- made it walk through all that are pending (inbound_deliveries_due) for each batch, as long as it believed them to be few.
ALTER POLICY ingest_claim ON inthub.inbound_deliveries USING (status NOT IN ('translated', 'untranslated', 'dead'));
ALTER POLICY ingest_lease ON inthub.inbound_deliveries USING (status NOT IN ('translated', 'untranslated', 'dead'));
