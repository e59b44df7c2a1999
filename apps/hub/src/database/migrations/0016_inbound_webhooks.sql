-- webhook endpoints of integrations and what arrived there
SELECT 1;
