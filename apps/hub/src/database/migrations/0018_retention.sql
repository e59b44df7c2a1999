-- how long things are kept, and the calendar of what expires
SELECT 1;
