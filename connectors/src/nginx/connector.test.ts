import {
  createMockGateway,
  faultConformance,
  manifestConformance,
  routerConformance,
} from '@inthub/connector-sdk/testing';
import { describe, expect, it } from 'vitest';
import { createFakeAgent } from '../_families/router-agent/testing.ts';
import { nginx } from './connector.ts';

const config = { endpoint: 'https://router.test:9440', authMode: 'token' };
const gateway = (respond = createFakeAgent('nginx')) => createMockGateway({ connector: nginx, respond, config });

manifestConformance(nginx);

const before = gateway();
routerConformance({
  name: 'nginx before a fake agent',
  fixtures: () => ({
    upstream: 'app',
    backends: ['blue', 'green'],
    addition: { address: '10.0.0.9', port: 80 },
    invalidContent: 'nonsense',
  }),
  run: before.run,
});

const id = '0190a5b2-0000-7000-8000-000000000001';
faultConformance({
  connector: nginx,
  config,
  respond: () => createFakeAgent('nginx'),
  cases: [
    { action: 'upstream.list', input: {} },
    { action: 'upstream.get', input: { upstream: 'app' } },
    { action: 'weight.set', input: { upstream: 'app', weights: { blue: 1 } } },
    { action: 'backend.add', input: { upstream: 'app', address: '10.0.0.9', port: 80, weight: 1 } },
    { action: 'backend.remove', input: { upstream: 'app', backend: 'green' } },
    { action: 'config.validate', input: {} },
    { action: 'config.reload', input: {} },
    { action: 'rollback', input: {} },
    { action: 'nginx.shift.start', input: { upstream: 'app', weights: { green: 100 } } },
    { action: 'nginx.shift.get', input: { id } },
    { action: 'nginx.shift.abort', input: { id } },
  ],
});

describe('nginx', () => {
  it('is refused where the agent runs beside another product', async () => {
    const other = gateway(createFakeAgent('haproxy'));

    expect(await other.testConnection()).toMatchObject({
      success: false,
      message: expect.stringContaining('beside haproxy'),
    });
  });

  it('finds upstreams and their backends', async () => {
    expect((await gateway().discover('upstreams')).items).toMatchObject([{ id: 'app', attributes: { backends: 2 } }]);
    const found = await gateway().discover('backends', { parent: 'app' });
    expect(found.items.map(({ name }) => name)).toEqual(['blue', 'green']);
    await expect(gateway().discover('backends')).rejects.toMatchObject({ code: 'invalid_request' });
  });

  it('warns when other weights run than the files say, and when a backend is down', async () => {
    const drifted = await gateway(createFakeAgent('nginx', { liveWeight: 1 })).check('nginx.live');
    expect(drifted).toMatchObject({ status: 'warn', message: expect.stringContaining('app/blue') });
    const down = await gateway(createFakeAgent('nginx', { state: 'down' })).check('nginx.live');
    expect(down).toMatchObject({ status: 'warn', message: expect.stringContaining('down') });
  });
});
