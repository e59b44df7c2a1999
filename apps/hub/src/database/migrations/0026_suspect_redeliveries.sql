-- Room events: the few that may have ended a process, apart from the many that wait for a retry.
CREATE INDEX bus_redeliveries_suspects ON inthub.bus_redeliveries (consumer, starts, due_at) WHERE starts > 0;
