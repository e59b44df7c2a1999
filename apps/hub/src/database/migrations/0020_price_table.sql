-- prices of models
SELECT 1;
