-- How long things are kept, and the calendar of what expires.

-- What an operator has set, for the whole platform; a kind without a row goes by its default (monthly-tables.ts).
CREATE TABLE inthub.retention_settings (
  kind text PRIMARY KEY CHECK (char_length(kind) BETWEEN 1 AND 64),
  -- NULL: for ever.
  keep_days integer CHECK (keep_days BETWEEN 1 AND 36500),
  changed_at timestamptz NOT NULL,
  changed_by text NOT NULL CHECK (char_length(changed_by) BETWEEN 1 AND 256)
);
GRANT SELECT, INSERT, UPDATE ON inthub.retention_settings TO inthub_platform;
GRANT SELECT ON inthub.retention_settings TO inthub_scheduler;

-- Room audit: where a tenant's chain begins since its oldest months were dropped: the last entry that went. `mac` is made with the key
-- that the database does not have, so that nobody can pass off a deletion as retention.
CREATE TABLE inthub.audit_cuts (
  tenant_id uuid PRIMARY KEY REFERENCES inthub.tenants (id),
  seq bigint NOT NULL CHECK (seq >= 1),
  hash bytea NOT NULL CHECK (octet_length(hash) = 32),
  mac bytea NOT NULL CHECK (octet_length(mac) = 32),
  cut_at timestamptz NOT NULL
);
SELECT inthub.protect_tenant_table('audit_cuts', 'SELECT, INSERT');
GRANT UPDATE (seq, hash, mac, cut_at) ON inthub.audit_cuts TO inthub_app;

-- Room events: what runs out when. Kept up to date by the triggers below, in the transaction of the change.
CREATE TABLE inthub.expiries (
  tenant_id uuid NOT NULL REFERENCES inthub.tenants (id),
  kind text NOT NULL CHECK (kind IN ('credential', 'app_key', 'client_certificate', 'webhook_secret', 'tls_certificate')),
  -- The credential, or for a provider's certificate the integration.
  subject_id uuid NOT NULL,
  integration_id uuid NOT NULL,
  connector_id text NOT NULL,
  expires_at timestamptz NOT NULL,
  -- Days of the last warning: 30, 7, 1, 0 (expired); NULL before the first.
  warned_days integer,
  PRIMARY KEY (tenant_id, kind, subject_id)
);
CREATE INDEX expiries_by_time ON inthub.expiries (tenant_id, expires_at, kind, subject_id);
CREATE INDEX expiries_due ON inthub.expiries (expires_at);
CREATE INDEX expiries_by_integration ON inthub.expiries (tenant_id, integration_id);
SELECT inthub.protect_tenant_table('expiries', 'SELECT, INSERT, UPDATE, DELETE');
CREATE POLICY scheduler_scan ON inthub.expiries FOR SELECT TO inthub_scheduler USING (true);
GRANT SELECT ON inthub.expiries TO inthub_scheduler;

CREATE FUNCTION inthub.note_expiry(tenant uuid, what text, subject uuid, integration uuid, connector text, at timestamptz) RETURNS void
  LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
  INSERT INTO inthub.expiries (tenant_id, kind, subject_id, integration_id, connector_id, expires_at)
  VALUES (tenant, what, subject, integration, connector, at)
  ON CONFLICT (tenant_id, kind, subject_id) DO UPDATE SET expires_at = excluded.expires_at, connector_id = excluded.connector_id,
    -- A new time is warned of anew.
    warned_days = CASE WHEN expiries.expires_at = excluded.expires_at THEN expiries.warned_days END
$$;
REVOKE ALL ON FUNCTION inthub.note_expiry(uuid, text, uuid, uuid, text, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION inthub.note_expiry(uuid, text, uuid, uuid, text, timestamptz) TO inthub_app;

CREATE FUNCTION inthub.note_credential_expiry() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  what text;
BEGIN
  IF TG_OP = 'DELETE' THEN
    DELETE FROM inthub.expiries e WHERE e.tenant_id = OLD.tenant_id AND e.subject_id = OLD.id;
    RETURN NULL;
  END IF;
  what := CASE WHEN NEW.purpose = 'webhook' THEN 'webhook_secret' WHEN NEW.kind = 'github_app' THEN 'app_key'
    WHEN NEW.kind = 'mtls_cert' THEN 'client_certificate' ELSE 'credential' END;
  DELETE FROM inthub.expiries e WHERE e.tenant_id = NEW.tenant_id AND e.subject_id = NEW.id
    AND (e.kind <> what OR NEW.expires_at IS NULL);
  -- An access token of hours is renewed by the hub itself; a calendar of those would be noise.
  IF NEW.expires_at IS NULL OR (NEW.kind = 'oauth2_token'
      AND NEW.expires_at < COALESCE(NEW.rotated_at, NEW.created_at) + interval '2 days') THEN
    DELETE FROM inthub.expiries e WHERE e.tenant_id = NEW.tenant_id AND e.subject_id = NEW.id;
  ELSE
    PERFORM inthub.note_expiry(NEW.tenant_id, what, NEW.id, NEW.integration_id, NEW.connector_id, NEW.expires_at);
  END IF;
  RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION inthub.note_credential_expiry() FROM PUBLIC;
CREATE TRIGGER credentials_expiry_noted AFTER INSERT OR DELETE OR UPDATE OF expires_at, kind ON inthub.credentials
  FOR EACH ROW EXECUTE FUNCTION inthub.note_credential_expiry();

-- The certificate that the doctor saw. The report is JSON; a check without a date says nothing.
CREATE FUNCTION inthub.note_certificate_expiry() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  valid_to text := jsonb_path_query_first(to_jsonb(NEW.checks), '$[*] ? (@.checkType == "tls").details.validTo') #>> '{}';
  connector text;
BEGIN
  IF valid_to IS NULL THEN RETURN NULL; END IF;
  SELECT i.connector_id INTO connector FROM inthub.integrations i WHERE i.tenant_id = NEW.tenant_id AND i.id = NEW.integration_id;
  IF connector IS NOT NULL THEN
    PERFORM inthub.note_expiry(NEW.tenant_id, 'tls_certificate', NEW.integration_id, NEW.integration_id, connector, valid_to::timestamptz);
  END IF;
  RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION inthub.note_certificate_expiry() FROM PUBLIC;
CREATE TRIGGER doctor_reports_expiry_noted AFTER INSERT ON inthub.doctor_reports
  FOR EACH ROW EXECUTE FUNCTION inthub.note_certificate_expiry();

-- An uninstalled integration has nothing that could run out.
CREATE FUNCTION inthub.forget_expiries() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  DELETE FROM inthub.expiries e WHERE e.tenant_id = NEW.tenant_id AND e.integration_id = NEW.id;
  RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION inthub.forget_expiries() FROM PUBLIC;
CREATE TRIGGER integrations_expiries_forgotten AFTER UPDATE OF status ON inthub.integrations
  FOR EACH ROW WHEN (NEW.status = 'uninstalled') EXECUTE FUNCTION inthub.forget_expiries();
