-- Room webhooks: deliveries that are made while the log still keeps their event, without ever standing in the queue.

-- The worker that may send to a subscription so, until when; other workers leave it half of the places meanwhile.
ALTER TABLE inthub.webhook_pacing ADD COLUMN direct_by uuid;
ALTER TABLE inthub.webhook_pacing ADD COLUMN direct_until timestamptz;

-- The only attempt of a delivery that succeeded at once; every other attempt is a row in webhook_attempts. Headers are json: nobody searches them.
ALTER TABLE inthub.webhook_deliveries ADD COLUMN started_at timestamptz;
ALTER TABLE inthub.webhook_deliveries ADD COLUMN duration_ms double precision;
ALTER TABLE inthub.webhook_deliveries ADD COLUMN request_headers json;
ALTER TABLE inthub.webhook_deliveries ADD COLUMN request_body text;
ALTER TABLE inthub.webhook_deliveries ADD COLUMN response_headers json;
ALTER TABLE inthub.webhook_deliveries ADD COLUMN response_body text;

-- By the id too: where a lease is asked for, the planner takes the index for the primary key's equal, and read all that its subscription had in
-- hand for each delivery.
DROP INDEX inthub.webhook_queue_leased;
CREATE INDEX webhook_queue_leased ON inthub.webhook_queue (tenant_id, subscription_id, id) WHERE lease_id IS NOT NULL;
