-- Calendar of what expires: of webhook secrets only those that have an end, which is the secret before of an inbound endpoint, while its
-- product may still use it. The subject is the endpoint.
CREATE FUNCTION inthub.note_webhook_secret_expiry() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  connector text;
BEGIN
  DELETE FROM inthub.expiries e WHERE e.tenant_id = OLD.tenant_id AND e.kind = 'webhook_secret' AND e.subject_id = OLD.id;
  IF TG_OP = 'UPDATE' AND NEW.previous_until IS NOT NULL THEN
    SELECT i.connector_id INTO connector FROM inthub.integrations i WHERE i.tenant_id = NEW.tenant_id AND i.id = NEW.integration_id;
    IF connector IS NOT NULL THEN
      PERFORM inthub.note_expiry(NEW.tenant_id, 'webhook_secret', NEW.id, NEW.integration_id, connector, NEW.previous_until);
    END IF;
  END IF;
  RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION inthub.note_webhook_secret_expiry() FROM PUBLIC;
CREATE TRIGGER inbound_endpoints_expiry_noted AFTER UPDATE OF previous_until ON inthub.inbound_endpoints FOR EACH ROW
  WHEN (OLD.previous_until IS DISTINCT FROM NEW.previous_until) EXECUTE FUNCTION inthub.note_webhook_secret_expiry();
CREATE TRIGGER inbound_endpoints_expiry_forgotten AFTER DELETE ON inthub.inbound_endpoints FOR EACH ROW
  WHEN (OLD.previous_until IS NOT NULL) EXECUTE FUNCTION inthub.note_webhook_secret_expiry();
