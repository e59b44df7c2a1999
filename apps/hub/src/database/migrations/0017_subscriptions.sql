-- outgoing webhooks, their deliveries and attempts
SELECT 1;
