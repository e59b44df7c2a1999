import { HubError } from '@inthub/contracts';
import { createFakeClock } from '@inthub/testing';
import { describe, expect, it } from 'vitest';
import { createSampleConnector } from '../runtime/testing.ts';
import type { UsageDelta } from './gateway.ts';
import { createRig } from './testing.ts';

function setUp() {
  const clock = createFakeClock();
  const written: UsageDelta[][] = [];
  let broken = false;
  let ill = false;
  const rig = createRig({
    clock,
    connector: createSampleConnector(),
    provider: async () => {
      await clock.sleep(10);
      if (ill) throw new HubError('provider_not_found');
      return {};
    },
    deps: {
      onUsage: async (batch) => {
        if (broken) throw new Error('database is away');
        written.push([...batch]);
      },
    },
  });
  const deploy = async () => {
    const running = rig.gateway.execute({ ...rig.call, action: 'tag.deploy', params: { tag: 'v1' } });
    await clock.advance(10);
    await running;
  };
  return {
    clock,
    rig,
    written,
    deploy,
    breakSink: (state: boolean) => {
      broken = state;
    },
    makeIll: (state: boolean) => {
      ill = state;
    },
  };
}

describe('usage', () => {
  it('is summed up and written every five seconds', async () => {
    const { clock, rig, written, deploy, makeIll } = setUp();
    await deploy();
    makeIll(true);
    await deploy();
    expect(written).toEqual([]);

    await clock.advance(5_000);

    expect(written).toEqual([
      [
        {
          tenantId: rig.integration.tenantId,
          integrationId: rig.integration.id,
          requests: 2,
          errors: 1,
          totalLatencyMs: 20,
          apiCalls: 2,
          tokensUsed: 0,
          lastActivityAt: '2026-01-01T00:00:00.020Z',
        },
      ],
    ]);
  });

  it('counts neither refused calls nor connection tests', async () => {
    const { clock, rig, written } = setUp();
    await rig.gateway.execute({ ...rig.call, action: 'tag.unknown', params: {} });
    const test = rig.gateway.testConnection(rig.call);
    await clock.advance(10);
    await test;
    await rig.gateway.close();

    expect(written).toEqual([]);
  });

  it('is kept while it cannot be written', async () => {
    const { clock, rig, written, deploy, breakSink } = setUp();
    breakSink(true);
    await deploy();
    await clock.advance(5_000);
    await deploy();
    breakSink(false);

    await clock.advance(5_000);

    expect(written).toMatchObject([[{ requests: 2, totalLatencyMs: 20 }]]);
    expect(rig.logged).toContainEqual(expect.objectContaining({ level: 'warn', integrations: 1 }));
  });

  it('is written on close', async () => {
    const { rig, written, deploy } = setUp();
    await deploy();

    await rig.gateway.close();

    expect(written).toMatchObject([[{ requests: 1 }]]);
  });
});
