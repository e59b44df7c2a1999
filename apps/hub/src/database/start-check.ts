import { HubError } from '@inthub/contracts';
import type pg from 'pg';
import { oldestServer, serverTooOld } from './server-version.ts';
import { systemRoles } from './tenant-scope.ts';

interface Identity {
  version_number: number;
  version: string;
  role: string;
  login: string;
  is_privileged: boolean;
  owned: string | null;
  above: string | null;
  missing: string | null;
  is_migrated: boolean;
}

const roles = ['inthub_app', ...systemRoles];

// A role "has" the rights of the roles that it is a member of, so those count too.
const question = `
  WITH narrow AS (
    SELECT oid, rolname, rolsuper OR rolbypassrls AS is_privileged FROM pg_roles
    WHERE rolname = ANY ($1)
  )
  SELECT
    current_setting('server_version_num')::int AS version_number,
    current_setting('server_version') AS version,
    current_user::text AS role,
    session_user::text AS login,
    (SELECT bool_or(is_privileged) FROM narrow) AS is_privileged,
    (SELECT min(c.relname) FROM pg_class c JOIN narrow n ON n.oid = c.relowner WHERE c.relnamespace = s.oid) AS owned,
    (SELECT min(r.rolname) FROM pg_auth_members m JOIN narrow n ON n.oid = m.member JOIN pg_roles r ON r.oid = m.roleid) AS above,
    (SELECT min(wanted) FROM unnest($1::text[]) wanted
      LEFT JOIN narrow n ON n.rolname = wanted
      WHERE n.oid IS NULL OR NOT pg_has_role(session_user, n.oid,
        CASE WHEN current_setting('server_version_num')::int >= 160000 THEN 'SET' ELSE 'MEMBER' END)) AS missing,
    s.oid IS NOT NULL AS is_migrated
  FROM (SELECT to_regnamespace('inthub') AS oid) s`;

/**
 * Proves that row-level security holds for what the pool hands out: the session is `inthub_app`, no role of the hub can bypass it,
 * owns a table or belongs to a role that could.
 * @throws HubError `internal` with the way out.
 */
export async function checkConnection(client: pg.ClientBase): Promise<void> {
  const { rows } = await client.query<Identity>(question, [roles]);
  const found = rows[0];
  if (found === undefined) throw refusal('the server did not say who we are');
  if (found.version_number < oldestServer * 10_000) throw serverTooOld(found.version);
  if (!found.is_migrated) throw refusal('it has no schema inthub. Run the migrations first');
  if (found.role !== 'inthub_app') {
    throw refusal(
      `sessions run as ${found.role} instead of inthub_app. A connection pooler in between must pass on the startup option "role" (session pooling), or be left out`,
    );
  }
  if (found.is_privileged) {
    throw refusal(
      `a role of the hub is superuser or may bypass row-level security. Run: ALTER ROLE … NOSUPERUSER NOBYPASSRLS for ${roles.join(', ')}`,
    );
  }
  if (found.owned !== null) {
    throw refusal(
      `the table inthub.${found.owned} belongs to a role of the hub, which could lift its row-level security. Give it to the user that runs the migrations: ALTER TABLE inthub.${found.owned} OWNER TO …`,
    );
  }
  if (found.above !== null) {
    throw refusal(
      `a role of the hub is a member of ${found.above} and has its rights. Run: REVOKE ${found.above} FROM it`,
    );
  }
  if (found.missing !== null) {
    throw refusal(
      `the user ${found.login} may not take on the role ${found.missing}. Run: GRANT ${found.missing} TO ${found.login}`,
    );
  }
}

function refusal(problem: string): HubError {
  return new HubError('internal', `The hub does not start on this database: ${problem}.`);
}
