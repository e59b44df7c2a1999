import { createId, HubError } from '@inthub/contracts';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { newKeyEncryptionKey, openVaultRig, type VaultRig } from './testing.ts';

let rig: VaultRig;
beforeAll(async () => {
  rig = await openVaultRig();
});
afterAll(() => rig.close());
beforeEach(() => rig.reset());

const keyOne = newKeyEncryptionKey();
const keyTwo = newKeyEncryptionKey();
const bearer = (token: string) => ({ kind: 'bearer_token', token }) as const;

async function failure(work: Promise<unknown>, code = 'credential_unavailable'): Promise<HubError> {
  const error = await work.then(
    () => expect.unreachable('it did not fail'),
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(HubError);
  expect(error).toMatchObject({ code });
  return error as HubError;
}

describe('store', () => {
  it('seals what resolve opens, with event and audit, and nothing in clear anywhere', async () => {
    const vault = rig.vault([keyOne]);
    const info = await rig.store(vault, { kind: 'basic_auth', username: 'robot', password: 'canary-password' });

    const resolved = await rig.resolve(vault, info.authRef);

    expect(info).toMatchObject({ kind: 'basic_auth', version: 1, keyId: keyOne.id, rotatedAt: null });
    expect(info.authRef).toBe(`ref://integrations/oci/${info.integrationId}`);
    expect(resolved).toMatchObject({
      kind: 'basic_auth',
      material: { username: 'robot', password: 'canary-password' },
    });
    expect(rig.sent).toMatchObject([
      { type: 'credential.created', source: info.integrationId, correlationId: 'store-1' },
    ]);
    expect(rig.audited.map(({ action, outcome }) => [action, outcome])).toEqual([
      ['credential.create', 'success'],
      ['credential.access', 'success'],
    ]);
    expect(rig.learned).toContain('canary-password');
    const { rows } = await rig.sql('SELECT c::text AS text, sealed FROM inthub.credentials c');
    expect(rows).toHaveLength(1);
    expect(rows[0].text + rows[0].sealed.toString('latin1') + JSON.stringify([rig.sent, rig.audited])).not.toContain(
      'canary',
    );
  });

  it('rotates in place: a new version under the same reference, the old secret gone, other kinds too', async () => {
    const vault = rig.vault([keyOne]);
    const first = await rig.store(vault, bearer('first-token'));
    const before = await rig.resolve(vault, first.authRef);

    await rig.clock.advance(1000);
    const second = await rig.store(
      vault,
      { kind: 'api_key', key: 'second-key' },
      { integrationId: first.integrationId },
    );
    const after = await rig.resolve(vault, first.authRef);

    expect(second).toMatchObject({
      id: first.id,
      authRef: first.authRef,
      version: 2,
      createdAt: first.createdAt,
      rotatedAt: rig.clock.now().toISOString(),
    });
    expect(after.material).toEqual({ kind: 'api_key', key: 'second-key' });
    expect(after.fingerprint).not.toBe(before.fingerprint);
    expect(rig.sent.map(({ type }) => type)).toEqual(['credential.created', 'credential.rotated']);
    expect((await rig.sql('SELECT 1 FROM inthub.credentials')).rowCount).toBe(1);
  });

  it('keeps the webhook secret beside the credential that calls out', async () => {
    const vault = rig.vault([keyOne]);
    const access = await rig.store(vault, bearer('access-token'));
    await rig.store(
      vault,
      { kind: 'webhook_secret', secret: 'webhook-secret' },
      { integrationId: access.integrationId },
    );

    expect((await rig.resolve(vault, access.authRef)).material).toEqual(bearer('access-token'));
    expect((await rig.resolve(vault, access.authRef, { kind: 'webhook_secret' })).kind).toBe('webhook_secret');
    expect(await rig.inTenant((tx) => vault.find(tx, access.integrationId))).toEqual(access);
    expect(await rig.revoke(vault, access.integrationId)).toBe(2);
  });

  it('does not happen when the audit cannot be written', async () => {
    rig.failAudit(true);

    await failure(rig.store(rig.vault([keyOne]), bearer('never-stored')), 'unavailable');

    expect((await rig.sql('SELECT 1 FROM inthub.credentials')).rowCount).toBe(0);
  });

  it('by two at once gives one credential and tells the loser to try again', async () => {
    const vault = rig.vault([keyOne]);
    const integrationId = createId<string>();
    const outcomes = await Promise.allSettled(
      Array.from({ length: 4 }, (_, number) =>
        rig.store(vault, bearer(`token-number-${number}`), { integrationId: integrationId }),
      ),
    );

    const lost = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []));
    for (const reason of lost) expect(reason).toMatchObject({ code: 'conflict', retryable: true });
    const { rows } = await rig.sql('SELECT version FROM inthub.credentials');
    expect(rows).toEqual([{ version: outcomes.length - lost.length }]);
    expect((await rig.resolve(vault, `ref://integrations/oci/${integrationId}`)).kind).toBe('bearer_token');
  });
});

describe('resolve', () => {
  it('opens a reference once for ten seconds, and each real opening is audited', async () => {
    const vault = rig.vault([keyOne]);
    const { authRef, integrationId } = await rig.store(vault, bearer('a-token'));
    rig.audited.length = 0;

    await Promise.all(Array.from({ length: 10 }, () => rig.resolve(vault, authRef, { integrationId })));
    await rig.clock.advance(10_001);
    await rig.resolve(vault, authRef, { integrationId });

    expect(
      rig.audited.map(({ action, target, requestId, actor }) => [action, target.id, requestId, actor.name]),
    ).toEqual(Array(2).fill(['credential.access', integrationId, 'use-1', 'Ada']));
  });

  it('shows rotation, revocation and forgetting at once', async () => {
    const vault = rig.vault([keyOne]);
    const { authRef, integrationId } = await rig.store(vault, bearer('old-token'));
    await rig.resolve(vault, authRef, { integrationId });

    await rig.store(vault, bearer('new-token'), { integrationId: integrationId });
    expect((await rig.resolve(vault, authRef, { integrationId })).material).toEqual(bearer('new-token'));
    await rig.revoke(vault, integrationId);
    await failure(rig.resolve(vault, authRef, { integrationId }));
    expect(rig.sent.at(-1)).toMatchObject({ type: 'credential.revoked', source: integrationId });
    expect(rig.audited.map(({ action, outcome }) => `${action} ${outcome}`).slice(-2)).toEqual([
      'credential.revoke success',
      'credential.access failure',
    ]);
  });

  it('keeps the secret closed when the access cannot be audited', async () => {
    const vault = rig.vault([keyOne]);
    const { authRef } = await rig.store(vault, bearer('a-token'));
    rig.learned.length = 0;
    rig.failAudit(true);

    await failure(rig.resolve(vault, authRef), 'unavailable');
    expect(rig.learned).toEqual([]);
    rig.failAudit(false);
    expect((await rig.resolve(vault, authRef)).kind).toBe('bearer_token');
  });

  it('lets an integration borrow within its tenant, and the audit says from whom', async () => {
    const vault = rig.vault([keyOne]);
    const { authRef, integrationId } = await rig.store(vault, bearer('a-token'));

    await rig.resolve(vault, authRef);

    expect(rig.audited.at(-1)?.details).toMatchObject({ authRef, borrowedFrom: integrationId });
  });

  it('knows nothing of another tenant’s credentials', async () => {
    const vault = rig.vault([keyOne]);
    const theirs = await rig.store(vault, bearer('their-token'), { tenantId: rig.other });
    const unknown = `ref://integrations/oci/${createId()}`;

    const foreign = await failure(rig.resolve(vault, theirs.authRef));
    const missing = await failure(rig.resolve(vault, unknown));

    expect(foreign.message.replace(theirs.authRef, '')).toBe(missing.message.replace(unknown, ''));
    expect(await rig.inTenant((tx) => vault.find(tx, theirs.integrationId))).toBeUndefined();
    expect(await rig.revoke(vault, theirs.integrationId)).toBe(0);
    await failure(
      rig.inTenant((tx) => vault.checkReference(tx, theirs.authRef, '/authRef')),
      'invalid_request',
    );
    expect((await rig.resolve(vault, theirs.authRef, { tenantId: rig.other })).kind).toBe('bearer_token');
  });

  it('refuses references that point nowhere, and says which and what to do', async () => {
    const vault = rig.vault([keyOne]);
    const { integrationId, authRef } = await rig.store(vault, bearer('a-token'));
    const refs = [
      `ref://integrations/other-connector/${integrationId}`,
      'ref://integrations/oci/no-id',
      `${authRef}#token`,
      'ref://vaults/hashi/path#field',
      'not a reference',
    ];

    for (const ref of refs) {
      const error = await failure(rig.resolve(vault, ref));
      if (ref.startsWith('ref:'))
        expect(error).toMatchObject({ message: expect.stringContaining(ref), details: { authRef: ref } });
    }
  });
});

describe('a sealed row', () => {
  it('does not open after it was moved, changed or brought back in an old version', async () => {
    const vault = rig.vault([keyOne]);
    const mine = await rig.store(vault, bearer('my-token'));
    const victim = await rig.store(vault, bearer('victim-token'));
    const theirs = await rig.store(vault, bearer('their-token'), { tenantId: rig.other });
    const sealedBefore = await rig.sql('SELECT sealed, wrapped_key FROM inthub.credentials WHERE id = $1', [victim.id]);
    await rig.store(vault, bearer('rotated-token'), { integrationId: victim.integrationId });
    const swap = (from: string) =>
      rig.sql(
        'UPDATE inthub.credentials c SET sealed = s.sealed, wrapped_key = s.wrapped_key FROM inthub.credentials s WHERE c.id = $1 AND s.id = $2',
        [mine.id, from],
      );
    const attacks = [
      () => swap(victim.id),
      () => swap(theirs.id),
      () =>
        rig.sql('UPDATE inthub.credentials SET sealed = set_byte(sealed, 30, get_byte(sealed, 30) # 1) WHERE id = $1', [
          mine.id,
        ]),
      () => rig.sql('UPDATE inthub.credentials SET sealed = substring(sealed FROM 1 FOR 28) WHERE id = $1', [mine.id]),
      () => rig.sql('UPDATE inthub.credentials SET version = version + 1 WHERE id = $1', [mine.id]),
      () => rig.sql("UPDATE inthub.credentials SET key_id = 'k_unknown' WHERE id = $1", [mine.id]),
      () => rig.sql("UPDATE inthub.credentials SET kind = 'api_key' WHERE id = $1", [mine.id]),
    ];

    for (const attack of attacks) {
      const {
        rows: [kept],
      } = await rig.sql('SELECT * FROM inthub.credentials WHERE id = $1', [mine.id]);
      await attack();
      const error = await failure(rig.resolve(rig.vault([keyOne]), mine.authRef));
      expect(rig.audited.at(-1)).toMatchObject({ action: 'credential.access', outcome: 'failure' });
      expect(JSON.stringify([error, error.message])).not.toMatch(/my-token|victim-token|their-token/);
      await rig.sql(
        'UPDATE inthub.credentials SET sealed = $2, wrapped_key = $3, version = $4, key_id = $5, kind = $6 WHERE id = $1',
        [mine.id, kept.sealed, kept.wrapped_key, kept.version, kept.key_id, kept.kind],
      );
      expect((await rig.resolve(rig.vault([keyOne]), mine.authRef)).material).toEqual(bearer('my-token'));
    }
    const old = sealedBefore.rows[0];
    await rig.sql('UPDATE inthub.credentials SET sealed = $2, wrapped_key = $3 WHERE id = $1', [
      victim.id,
      old.sealed,
      old.wrapped_key,
    ]);
    await failure(rig.resolve(rig.vault([keyOne]), victim.authRef));
  });

  it('stays closed to a hub with another key-encryption key', async () => {
    const { authRef } = await rig.store(rig.vault([keyOne]), bearer('a-token'));

    const error = await failure(rig.resolve(rig.vault([keyTwo]), authRef));

    expect(error.message).toContain(keyOne.id);
  });
});
