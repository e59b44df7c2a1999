import { type Counterpart, createMockGateway, routerConformance } from '@inthub/connector-sdk/testing';
import { peersOrSkip } from '@inthub/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { nginx } from './connector.ts';
import { startCounterpart } from './counterpart.ts';

// The connector, the real agent, a real nginx.
const peers = await peersOrSkip(['nginx']);
let counterpart: Counterpart;

interface Listed {
  readonly items: readonly { readonly backends: readonly { readonly name: string; readonly port: number }[] }[];
}

describe.skipIf(peers.skip)(peers.label('nginx behind the router agent'), () => {
  beforeAll(async () => {
    counterpart = await startCounterpart();
  });
  afterAll(() => counterpart?.stop());
  const gateway = (token?: string) =>
    createMockGateway({
      ...counterpart,
      connector: nginx,
      ...(token === undefined ? {} : { credential: { kind: 'bearer_token', token } }),
    });
  const backends = async () => ((await gateway().run('upstream.list')) as Listed).items[0]?.backends ?? [];

  routerConformance({
    name: 'a real nginx',
    fixtures: async () => {
      const [one, other] = await backends();
      return {
        upstream: 'app',
        backends: [one?.name ?? '', other?.name ?? ''],
        addition: { address: '127.0.0.2', port: one?.port ?? 0 },
        invalidContent: 'nonsense on;\n',
      };
    },
    run: (action, input) => gateway().run(action, input),
  });

  it('passes its connection test and every check', async () => {
    expect(await gateway().testConnection()).toMatchObject({ success: true, details: { upstreams: 2 } });
    for (const { id } of nginx.checks) expect(await gateway().check(id), id).toMatchObject({ status: 'pass' });
  });

  it('says that the token is wrong', async () => {
    expect(await gateway('another-token-0123456789abcdef0123456789').testConnection()).toMatchObject({
      success: false,
      details: { code: 'provider_unauthenticated' },
    });
  });

  it('shifts step by step', async () => {
    const name = (await backends())[1]?.name ?? '';
    const shift = { upstream: 'app', weights: { [name]: 100 }, steps: [50, 100], pauseSeconds: 0 };
    const { id } = (await gateway().run('nginx.shift.start', shift)) as { id: string };

    const get = async () => (await gateway().run('nginx.shift.get', { id })) as { state: string };
    await expect.poll(async () => (await get()).state, { timeout: 20_000 }).toBe('done');
    expect(await get()).toMatchObject({ step: 2, weights: { [name]: 100 } });
  });
});
