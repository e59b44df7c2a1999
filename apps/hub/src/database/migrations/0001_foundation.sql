-- Room database: the ground that every other migration stands on. Nothing here is granted to PUBLIC.

DO $$
BEGIN
  -- Not IF NOT EXISTS: that would demand CREATE on the database even where an administrator has made the schema already.
  IF to_regnamespace('inthub') IS NULL THEN
    CREATE SCHEMA inthub;
  END IF;
END $$;
REVOKE ALL ON SCHEMA inthub FROM PUBLIC;

-- Roles belong to the whole cluster and several hub databases may share it, so each is made only where it is missing. They cannot
-- log in: the hub logs in as the user of its URL and takes one of them on.
DO $$
DECLARE
  role_name text;
  -- PostgreSQL 16 told apart who may take a role on (SET) and who merely belongs to it.
  modern CONSTANT boolean := current_setting('server_version_num')::int >= 160000;
BEGIN
  FOREACH role_name IN ARRAY ARRAY['inthub_app', 'inthub_auth', 'inthub_scheduler', 'inthub_platform'] LOOP
    IF to_regrole(role_name) IS NULL THEN
      BEGIN
        EXECUTE format('CREATE ROLE %I NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS', role_name);
      EXCEPTION
        -- A hub that migrates another database of this cluster was faster.
        WHEN duplicate_object OR unique_violation THEN NULL;
        WHEN insufficient_privilege THEN
          RAISE EXCEPTION 'user % may not create the role %', current_user, role_name USING
            ERRCODE = 'insufficient_privilege',
            HINT = format('Give the user CREATEROLE, or have an administrator run: CREATE ROLE %I NOLOGIN; GRANT %I TO %I;',
              role_name, role_name, current_user);
      END;
    END IF;
    IF (SELECT rolsuper OR rolbypassrls OR rolcanlogin FROM pg_roles WHERE rolname = role_name) THEN
      RAISE EXCEPTION 'the role % exists already, with rights that it must not have', role_name USING
        HINT = format('Have an administrator run: ALTER ROLE %I NOLOGIN NOSUPERUSER NOBYPASSRLS;', role_name);
    END IF;
    IF NOT pg_has_role(current_user, role_name, CASE WHEN modern THEN 'SET' ELSE 'MEMBER' END) THEN
      BEGIN
        EXECUTE format('GRANT %I TO CURRENT_USER%s', role_name, CASE WHEN modern THEN ' WITH SET TRUE, INHERIT FALSE' ELSE '' END);
      EXCEPTION
        WHEN unique_violation THEN NULL;
        WHEN insufficient_privilege THEN
          RAISE EXCEPTION 'user % may not take on the role %', current_user, role_name USING
            ERRCODE = 'insufficient_privilege',
            HINT = format('Have an administrator run: GRANT %I TO %I;', role_name, current_user);
      END;
    END IF;
  END LOOP;
END $$;
GRANT USAGE ON SCHEMA inthub TO inthub_app, inthub_auth, inthub_scheduler, inthub_platform;

-- Written by migrator.ts. The application may read it, so that a hub whose user owns nothing can tell that all is in place.
CREATE TABLE inthub.schema_migrations (
  number integer PRIMARY KEY CHECK (number >= 1),
  name text NOT NULL,
  -- SHA-256 of the file, in hex.
  checksum text NOT NULL CHECK (checksum ~ '^[0-9a-f]{64}$'),
  applied_at timestamptz NOT NULL DEFAULT now()
);
GRANT SELECT ON inthub.schema_migrations TO inthub_app;

-- The tenant of this transaction; NULL when none is set, which no tenant_id equals. A plain SQL expression, so that the planner
-- inlines it and uses it as an index condition.
CREATE FUNCTION inthub.current_tenant() RETURNS uuid
  LANGUAGE sql STABLE PARALLEL SAFE
  RETURN nullif(current_setting('app.current_tenant', true), '')::uuid;
REVOKE ALL ON FUNCTION inthub.current_tenant() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION inthub.current_tenant() TO inthub_app, inthub_auth, inthub_scheduler, inthub_platform;

-- Every tenant table passes through here: inthub_app sees and writes the rows of the current tenant and nothing else.
-- `privileges` is a list such as 'SELECT, INSERT'; rights on single columns and policies of other roles follow in the migration.
CREATE FUNCTION inthub.protect_tenant_table(table_name text, privileges text) RETURNS void
  LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  target CONSTANT text := format('inthub.%I', table_name);
  privilege text;
BEGIN
  EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', target);
  EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', target);
  EXECUTE format('CREATE POLICY tenant_isolation ON %s TO inthub_app
    USING (tenant_id = inthub.current_tenant()) WITH CHECK (tenant_id = inthub.current_tenant())', target);
  FOREACH privilege IN ARRAY regexp_split_to_array(upper(btrim(privileges)), '\s*,\s*') LOOP
    IF privilege NOT IN ('SELECT', 'INSERT', 'UPDATE', 'DELETE') THEN
      RAISE EXCEPTION 'protect_tenant_table(%): "%" is not one of SELECT, INSERT, UPDATE, DELETE', table_name, privilege;
    END IF;
    EXECUTE format('GRANT %s ON %s TO inthub_app', privilege, target);
  END LOOP;
END $$;
REVOKE ALL ON FUNCTION inthub.protect_tenant_table(text, text) FROM PUBLIC;

-- Partitions by month (UTC) of a table `PARTITION BY RANGE (<a timestamptz column>)`: this month and `months_ahead` more, and a
-- default one, so that neither a clock that is off nor a job that did not run can make a write fail. Each has row-level security
-- of its own and no grants: rows are reached through the parent only. Runs with the owner's rights, so that the application
-- may ask for new months without owning a table. Returns how many months were added.
CREATE FUNCTION inthub.create_month_partitions(table_name text, months_ahead integer) RETURNS integer
  LANGUAGE plpgsql SECURITY DEFINER
  SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO' AS $$
DECLARE
  parent CONSTANT regclass := inthub.partitioned_table(table_name);
  first_month CONSTANT timestamptz := date_trunc('month', now());
  from_month timestamptz;
  to_month timestamptz;
  partition text;
  added integer := 0;
BEGIN
  IF months_ahead IS NULL OR months_ahead NOT BETWEEN 0 AND 24 THEN
    RAISE EXCEPTION 'create_month_partitions(%): months_ahead must be 0 to 24, not %', table_name, months_ahead;
  END IF;
  -- Replicas ask at the same time; the second finds the work done.
  PERFORM pg_advisory_xact_lock(hashtextextended('inthub.partitions.' || table_name, 0));

  IF to_regclass(format('inthub.%I', table_name || '_default')) IS NULL THEN
    PERFORM inthub.add_partition(parent, table_name || '_default', 'DEFAULT');
  END IF;
  FOR ahead IN 0..months_ahead LOOP
    from_month := first_month + make_interval(months => ahead);
    to_month := from_month + interval '1 month';
    partition := table_name || to_char(from_month, '"_"YYYY"_"MM');
    CONTINUE WHEN to_regclass(format('inthub.%I', partition)) IS NOT NULL;
    BEGIN
      PERFORM inthub.add_partition(parent, partition, format('FOR VALUES FROM (%L) TO (%L)', from_month, to_month));
    EXCEPTION WHEN check_violation THEN
      -- They stay there, and so do those that follow.
      RAISE WARNING 'no partition %: the default partition holds rows of that month already', partition;
      CONTINUE;
    END;
    added := added + 1;
  END LOOP;
  RETURN added;
END $$;

-- Retention: drops the partitions that hold nothing as young as `older_than`, rows and all. Never granted to inthub_app, which may
-- not remove what it has written. The default partition goes (and comes back empty) when its youngest row is old enough.
-- Returns how many were dropped.
CREATE FUNCTION inthub.drop_month_partitions(table_name text, older_than timestamptz) RETURNS integer
  LANGUAGE plpgsql SECURITY DEFINER
  SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO' AS $$
DECLARE
  parent CONSTANT regclass := inthub.partitioned_table(table_name);
  key_column CONSTANT text := inthub.partition_column(parent);
  partition name;
  youngest timestamptz;
  dropped integer := 0;
BEGIN
  IF older_than IS NULL OR older_than > now() THEN
    RAISE EXCEPTION 'drop_month_partitions(%): older_than must be a time in the past, not %', table_name, older_than;
  END IF;
  PERFORM pg_advisory_xact_lock(hashtextextended('inthub.partitions.' || table_name, 0));
  FOR partition IN
    SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = parent ORDER BY c.relname
  LOOP
    IF partition = table_name || '_default' THEN
      -- Forced row-level security would hide the rows from the owner too. Nobody else sees it lifted: the lock lasts until commit.
      EXECUTE format('ALTER TABLE inthub.%I NO FORCE ROW LEVEL SECURITY', partition);
      EXECUTE format('SELECT max(%I) FROM inthub.%I', key_column, partition) INTO youngest;
      EXECUTE format('ALTER TABLE inthub.%I FORCE ROW LEVEL SECURITY', partition);
      CONTINUE WHEN youngest IS NULL OR youngest >= older_than;
      EXECUTE format('DROP TABLE inthub.%I', partition);
      PERFORM inthub.add_partition(parent, partition, 'DEFAULT');
    ELSE
      CONTINUE WHEN to_timestamp(right(partition, 7), 'YYYY_MM') + interval '1 month' > older_than;
      EXECUTE format('DROP TABLE inthub.%I', partition);
    END IF;
    dropped := dropped + 1;
  END LOOP;
  RETURN dropped;
END $$;

-- The three below serve the two above; they are nobody else's to call.
CREATE FUNCTION inthub.partitioned_table(table_name text) RETURNS regclass
  LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  found regclass;
BEGIN
  SELECT p.partrelid::regclass INTO found
  FROM pg_partitioned_table p JOIN pg_class c ON c.oid = p.partrelid
  WHERE c.relnamespace = 'inthub'::regnamespace AND c.relname = table_name AND p.partstrat = 'r' AND p.partnatts = 1;
  IF found IS NULL THEN
    RAISE EXCEPTION 'inthub.% is no table partitioned by range of one column', table_name;
  END IF;
  RETURN found;
END $$;

CREATE FUNCTION inthub.partition_column(parent regclass) RETURNS text
  LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
  RETURN (SELECT a.attname FROM pg_partitioned_table p
    JOIN pg_attribute a ON a.attrelid = p.partrelid AND a.attnum = p.partattrs[0] WHERE p.partrelid = parent);

-- Made beside the parent and attached: CREATE TABLE … PARTITION OF would lock the parent against readers.
CREATE FUNCTION inthub.add_partition(parent regclass, partition text, bounds text) RETURNS void
  LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  EXECUTE format('CREATE TABLE inthub.%I (LIKE %s INCLUDING ALL)', partition, parent);
  EXECUTE format('ALTER TABLE inthub.%I ENABLE ROW LEVEL SECURITY', partition);
  EXECUTE format('ALTER TABLE inthub.%I FORCE ROW LEVEL SECURITY', partition);
  EXECUTE format('CREATE POLICY tenant_isolation ON inthub.%I TO inthub_app
    USING (tenant_id = inthub.current_tenant()) WITH CHECK (tenant_id = inthub.current_tenant())', partition);
  EXECUTE format('ALTER TABLE %s ATTACH PARTITION inthub.%I %s', parent, partition, bounds);
END $$;

REVOKE ALL ON FUNCTION inthub.create_month_partitions(text, integer), inthub.drop_month_partitions(text, timestamptz),
  inthub.partitioned_table(text), inthub.partition_column(regclass), inthub.add_partition(regclass, text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION inthub.create_month_partitions(text, integer) TO inthub_app, inthub_scheduler;
GRANT EXECUTE ON FUNCTION inthub.drop_month_partitions(text, timestamptz) TO inthub_scheduler;
