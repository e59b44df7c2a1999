-- budgets and the rest of the gateway's own tables
SELECT 1;
