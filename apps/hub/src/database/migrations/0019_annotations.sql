-- annotations kept while offline
SELECT 1;
