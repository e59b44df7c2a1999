-- consumers, their positions, redeliveries and dead letters
SELECT 1;
