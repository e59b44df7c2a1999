-- Calendar of what runs out: a credential that is only referred to (`ref://file`, `env`, `vaults`) has no row of its own, so its end is noted
-- under the integration, when it is opened. NULL: what is there now tells no end.
CREATE FUNCTION inthub.note_referenced_expiry(tenant uuid, integration uuid, what text, at timestamptz) RETURNS void
  LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  connector text;
BEGIN
  DELETE FROM inthub.expiries e WHERE e.tenant_id = tenant AND e.subject_id = integration AND e.kind IN ('credential', 'client_certificate')
    AND (at IS NULL OR e.kind <> what);
  -- Made anew at each reading, it would never be the same: then the date moves once a day, and warnings are as rare.
  IF at IS NULL OR EXISTS (SELECT FROM inthub.expiries e WHERE e.tenant_id = tenant AND e.subject_id = integration AND e.kind = what
      AND at >= e.expires_at AND at < e.expires_at + interval '1 day') THEN
    RETURN;
  END IF;
  SELECT i.connector_id INTO connector FROM inthub.integrations i WHERE i.tenant_id = tenant AND i.id = integration;
  IF connector IS NOT NULL THEN
    PERFORM inthub.note_expiry(tenant, what, integration, integration, connector, at);
  END IF;
END $$;
REVOKE ALL ON FUNCTION inthub.note_referenced_expiry(uuid, uuid, text, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION inthub.note_referenced_expiry(uuid, uuid, text, timestamptz) TO inthub_app;

-- Another reference: what was noted of the one before is no longer in use.
CREATE FUNCTION inthub.forget_referenced_expiry() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  DELETE FROM inthub.expiries e WHERE e.tenant_id = NEW.tenant_id AND e.subject_id = NEW.id AND e.kind IN ('credential', 'client_certificate');
  RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION inthub.forget_referenced_expiry() FROM PUBLIC;
CREATE TRIGGER integrations_reference_changed AFTER UPDATE OF auth_ref ON inthub.integrations
  FOR EACH ROW WHEN (OLD.auth_ref IS DISTINCT FROM NEW.auth_ref) EXECUTE FUNCTION inthub.forget_referenced_expiry();

-- Room webhooks: a lease may also run out because the database was slow or the process late, which says nothing of the delivery. Which process
-- holds it (the second key of its advisory lock, see `holder` of bus_consumers), and which have lost it without a word since the last outcome:
-- those of them that are gone are deaths.
ALTER TABLE inthub.inbound_deliveries ADD COLUMN holder integer, ADD COLUMN lost_by integer[] NOT NULL DEFAULT '{}';
GRANT UPDATE (lost_by) ON inthub.inbound_deliveries TO inthub_app;
GRANT SELECT (lost_leases, holder, lost_by), UPDATE (holder, lost_by) ON inthub.inbound_deliveries TO inthub_ingest;

-- Room events: who made the last start that was written down.
ALTER TABLE inthub.bus_redeliveries ADD COLUMN started_by integer;
