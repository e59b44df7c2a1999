-- Room webhooks: deliveries that were given up, in the order of that. A parked one stays in the queue; its due_at says since when.
CREATE INDEX webhook_deliveries_dead ON inthub.webhook_deliveries (tenant_id, finished_at DESC, id DESC) WHERE status = 'exhausted';
-- A person who gives such a delivery up for good makes it `skipped`.
GRANT UPDATE (status) ON inthub.webhook_deliveries TO inthub_app;
