-- Room events: an event whose handling ends the process leaves no outcome. Starts are counted instead, once processes end without a word.
ALTER TABLE inthub.bus_consumers ADD COLUMN unclean_stops integer NOT NULL DEFAULT 0;
-- Attempts that were begun and that nobody saw the end of; an outcome sets it back.
ALTER TABLE inthub.bus_redeliveries ADD COLUMN starts integer NOT NULL DEFAULT 0;

-- Room webhooks: a delivery whose translation ends the process leaves a lease that runs out. Counted where the next worker takes it over,
-- so that it costs nothing while all is well; an outcome sets it back.
ALTER TABLE inthub.inbound_deliveries ADD COLUMN lost_leases smallint NOT NULL DEFAULT 0;
GRANT UPDATE (lost_leases) ON inthub.inbound_deliveries TO inthub_app;
CREATE FUNCTION inthub.count_lost_lease() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  NEW.lost_leases := least(OLD.lost_leases + 1, 1000);
  RETURN NEW;
END $$;
REVOKE ALL ON FUNCTION inthub.count_lost_lease() FROM PUBLIC;
CREATE TRIGGER inbound_deliveries_lost_lease BEFORE UPDATE OF lease_id ON inthub.inbound_deliveries FOR EACH ROW
  WHEN (OLD.lease_id IS NOT NULL AND NEW.lease_id IS NOT NULL AND NEW.lease_id <> OLD.lease_id)
  EXECUTE FUNCTION inthub.count_lost_lease();
