/** Ends that material tells itself: kept beside the credential in clear, and in the calendar of what runs out. */
import { createId } from '@inthub/contracts';
import { createAuthority, type IssuedCertificate } from '@inthub/testing';
import { UnsecuredJWT } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { newKeyEncryptionKey, openVaultRig, type TestVault, type VaultRig } from './testing.ts';

const end = new Date('2027-02-03T04:05:06.000Z');
const later = new Date('2028-02-03T04:05:06.000Z');
const key = newKeyEncryptionKey();
let rig: VaultRig;
let vault: TestVault;
let issue: (notAfter: Date) => Promise<IssuedCertificate>;

beforeAll(async () => {
  rig = await openVaultRig();
  const authority = await createAuthority();
  issue = (notAfter) => authority.issue({ hosts: [], usage: 'client', notAfter });
});
afterAll(() => rig.close());
beforeEach(async () => {
  await rig.reset();
  vault = rig.vault([key]);
});

const seconds = (date: Date) => date.getTime() / 1_000;
const token = (exp: Date, iat?: Date) =>
  new UnsecuredJWT({ exp: seconds(exp), ...(iat === undefined ? {} : { iat: seconds(iat) }) }).encode();
const bearer = (text: string) => ({ kind: 'bearer_token', token: text }) as const;
const calendar = async () =>
  (
    await rig.sql(
      'SELECT kind, subject_id AS subject, connector_id AS connector, expires_at AS "expiresAt" FROM inthub.expiries WHERE tenant_id = $1',
      [rig.acme],
    )
  ).rows;

describe('a stored credential', () => {
  it('brings the end of its certificate, and another one when it is rotated', async () => {
    const { certPem, keyPem } = await issue(end);
    const material = { kind: 'mtls_cert', certificate: certPem, privateKey: keyPem } as const;

    const info = await rig.store(vault, material);
    expect(info.expiresAt).toBe(end.toISOString());
    expect(rig.sent).toMatchObject([{ type: 'credential.created', data: { expiresAt: end.toISOString() } }]);
    expect(await calendar()).toEqual([
      { kind: 'client_certificate', subject: info.id, connector: 'oci', expiresAt: end },
    ]);

    await rig.store(vault, bearer(token(later)), info);
    expect(await calendar()).toEqual([{ kind: 'credential', subject: info.id, connector: 'oci', expiresAt: later }]);
    await rig.store(vault, bearer('opaque'), info);
    expect(await calendar()).toEqual([]);
  });

  it('that is older than this gets its date when it is opened, once, and never that of another version', async () => {
    const info = await rig.store(vault, bearer(token(end)));
    const forget = () => rig.sql('UPDATE inthub.credentials SET expires_at = NULL WHERE id = $1', [info.id]);
    await forget();
    expect(await calendar()).toEqual([]);

    await rig.resolve(vault, info.authRef);
    expect(await calendar()).toMatchObject([{ kind: 'credential', subject: info.id, expiresAt: end }]);

    await rig.sql('UPDATE inthub.credentials SET expires_at = $2 WHERE id = $1', [info.id, later]);
    await rig.resolve(vault, info.authRef);
    expect(await calendar()).toMatchObject([{ expiresAt: later }]);
  });

  it('opens also when its date cannot be written down', async () => {
    const info = await rig.store(vault, bearer(token(end)));
    await rig.sql('UPDATE inthub.credentials SET expires_at = NULL WHERE id = $1', [info.id]);
    await rig.sql('REVOKE UPDATE (expires_at) ON inthub.credentials FROM inthub_app');

    const opened = await rig
      .resolve(vault, info.authRef)
      .finally(() => rig.sql('GRANT UPDATE (expires_at) ON inthub.credentials TO inthub_app'));

    expect(opened.kind).toBe('bearer_token');
    expect(await calendar()).toEqual([]);
  });
});

describe('a credential that is only referred to', () => {
  const dayMs = 86_400_000;
  let integrationId: string;
  let authRef: string;
  beforeEach(async () => {
    integrationId = createId();
    authRef = `ref://env/t-${rig.acme}/TOKEN`;
    await rig.sql(
      `INSERT INTO inthub.integrations (tenant_id, id, name, type, category, connector_id, connector_version, status, config, features, rate_limits,
        auth_ref, created_at, created_by, modified_at, modified_by, version)
        VALUES ($1, $2, 'acme', 'custom.acme', 'custom', 'acme', '1.0.0', 'active', '{}', '{}', '{}', $3, now(), 'me', now(), 'me', 1)`,
      [rig.acme, integrationId, authRef],
    );
  });
  async function open(text: string, kind: 'bearer_token' | 'mtls_cert' = 'bearer_token'): Promise<void> {
    const name = `HUB_SECRET_T_${rig.acme.toUpperCase().replaceAll('-', '_')}__TOKEN`;
    rig.secretEnvironment.set(name, text);
    // Each as another replica, which has seen nothing yet.
    await rig.resolve(rig.vault([key]), authRef, { integrationId, kind });
  }
  const line = (kind: string, expiresAt: Date) => [{ kind, subject: integrationId, connector: 'acme', expiresAt }];

  it('is in the calendar under its integration since it was opened, with the end of what is there now', async () => {
    const { certPem, keyPem } = await issue(end);

    await open(certPem + keyPem, 'mtls_cert');
    expect(await calendar()).toEqual(line('client_certificate', end));
    await open(token(later));
    expect(await calendar()).toEqual(line('credential', later));
    await open('opaque');
    expect(await calendar()).toEqual([]);
  });

  it('is left out when it was issued for hours, and does not move with every reading', async () => {
    await open(token(end, new Date(end.getTime() - dayMs)));
    expect(await calendar()).toEqual([]);

    await open(token(end, new Date(end.getTime() - 7 * dayMs)));
    await open(token(new Date(end.getTime() + dayMs / 2)));
    expect(await calendar()).toEqual(line('credential', end));
    await open(token(new Date(end.getTime() + dayMs)));
    expect(await calendar()).toEqual(line('credential', new Date(end.getTime() + dayMs)));
  });

  it('is forgotten with its reference', async () => {
    await open(token(end));
    await rig.sql('UPDATE inthub.integrations SET auth_ref = NULL WHERE id = $1', [integrationId]);

    expect(await calendar()).toEqual([]);
  });
});
