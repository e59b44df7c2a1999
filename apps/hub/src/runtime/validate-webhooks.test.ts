import { describe, expect, it } from 'vitest';
import { webhooksOf } from './validate-webhooks.ts';

const sound = {
  id: 'acme.things',
  title: 'Things',
  events: ['acme.thing.made'],
  proof: 'signature',
  maxBodyBytes: 100,
  verify(this: { title: string }) {
    return this.title === 'Things' ? 'valid' : 'invalid';
  },
  translate: () => [],
  kind: () => 'made',
  registration: {
    targetTitle: 'owner/repository',
    register: async () => ({ externalId: '1' }),
    deregister: async () => {},
    renewal: { everyMs: 300_000, renew: async () => {} },
  },
};

describe('webhooks of a plugin', () => {
  it('are copied, their functions bound to what they came with', async () => {
    const faults: string[] = [];
    const [webhook] = webhooksOf([sound], faults);

    expect(faults).toEqual([]);
    expect(webhook).toMatchObject({ id: 'acme.things', proof: 'signature', maxBodyBytes: 100 });
    expect(webhook?.verify({} as never, [])).toBe('valid');
    expect(webhook?.registration?.targetTitle).toBe('owner/repository');
    expect(await webhook?.registration?.register({} as never, {} as never)).toEqual({ externalId: '1' });
    expect(webhook?.registration?.renewal?.everyMs).toBe(300_000);
    await expect(webhook?.registration?.renewal?.renew({} as never, {} as never)).resolves.toBeUndefined();
    expect(webhook?.handshake).toBeUndefined();
  });

  it.each([
    [{}, 'must be an array'],
    [[1], 'webhooks[0] is not an object'],
    [[{ ...sound, verify: true }], 'verify is not a function'],
    [[{ ...sound, translate: undefined }], 'translate is not a function'],
    [[{ ...sound, kind: 'x' }], 'kind is not a function'],
    [[{ ...sound, proof: 'trust' }], '/proof'],
    [[{ ...sound, maxBodyBytes: 1e9 }], '/maxBodyBytes'],
    [[{ ...sound, registration: { register: 1 } }], 'registration: register is not a function'],
    [[{ ...sound, registration: { ...sound.registration, renewal: { everyMs: 1 } } }], '/registration/renewal/everyMs'],
    [[{ ...sound, registration: { ...sound.registration, renewal: { everyMs: 300_000 } } }], 'renew is not a function'],
    [[{ ...sound, receipt: { status: 500, contentType: 'a/b', body: '' } }], '/receipt/status'],
    [[{ ...sound, events: 'all' }], '/events'],
  ])('%# that are wrong are named', (given, fault) => {
    const faults: string[] = [];
    webhooksOf(given, faults);

    expect(faults.join('\n')).toContain(fault);
  });
});
