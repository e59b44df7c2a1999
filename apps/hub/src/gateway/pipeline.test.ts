import { defineAction } from '@inthub/connector-sdk';
import { createId, expandScopes, HubError, type Principal, type TenantId } from '@inthub/contracts';
import { createFakeClock } from '@inthub/testing';
import fc from 'fast-check';
import Type from 'typebox';
import { describe, expect, it } from 'vitest';
import { createSampleConnector, deployTag, listTags } from '../runtime/testing.ts';
import { createRig, type RigOptions } from './testing.ts';

const allStages = [
  'authorise',
  'idempotency',
  'circuit',
  'limit',
  'cache',
  'budget',
  'credentials',
  'transform_request',
  'execute',
  'transform_response',
  'record_outcome',
  'meter_and_audit',
];
const settling = allStages.slice(-3);
const upTo = (stage: string) => [...allStages.slice(0, allStages.indexOf(stage) + 1), ...settling];

function setUp(options: Partial<RigOptions> = {}) {
  const clock = createFakeClock();
  const stages: string[] = [];
  const rig = createRig({
    clock,
    connector: createSampleConnector(),
    provider: async () => ({ tags: ['latest'] }),
    ...options,
    deps: { observeStage: (name) => stages.push(name), ...options.deps },
  });
  return { clock, rig, stages };
}

const list = { action: 'tag.list', params: { repository: 'app' } };

describe('the stages', () => {
  it('run in the order of the requirements', async () => {
    const { rig, stages } = setUp();

    await rig.gateway.execute({ ...rig.call, ...list });

    expect(stages).toEqual(allStages);
  });

  it('run in the same order for a stream, a connection test and discovery', async () => {
    const { rig, stages } = setUp();
    for await (const _ of rig.gateway.stream({ ...rig.call, ...list })) expect(stages).toContain('execute');
    expect(stages.splice(0)).toEqual(allStages);
    await rig.gateway.testConnection(rig.call);
    expect(stages.splice(0)).toEqual(allStages);
    await rig.gateway.discover({ ...rig.call, resourceType: 'tags', limit: 10 });
    expect(stages).toEqual(allStages);
  });

  const denied = { ...setUp().rig.call.principal, scopes: expandScopes(['events.read']) };
  const refusals: [stage: string, code: string, act: () => Promise<ReturnType<typeof setUp>>][] = [
    [
      'authorise',
      'forbidden',
      async () => {
        const it = setUp();
        await it.rig.gateway.execute({ ...it.rig.call, ...list, principal: denied });
        return it;
      },
    ],
    [
      'idempotency',
      'idempotency_key_reused',
      async () => {
        const it = setUp();
        await it.rig.gateway.execute({ ...it.rig.call, ...list, idempotencyKey: 'k' });
        it.stages.length = 0;
        await it.rig.gateway.execute({ ...it.rig.call, ...list, params: { repository: 'other' }, idempotencyKey: 'k' });
        return it;
      },
    ],
    [
      'circuit',
      'circuit_open',
      async () => {
        const it = setUp();
        await it.rig.gateway.forceCircuit(it.rig.call, it.rig.integration.id, { state: 'open', reason: 'test' });
        it.rig.audit.length = 0;
        await it.rig.gateway.execute({ ...it.rig.call, ...list });
        return it;
      },
    ],
    [
      'limit',
      'rate_limited',
      async () => {
        const it = setUp({ integration: { rateLimits: { requestsPerMinute: 1 } } });
        await it.rig.gateway.execute({ ...it.rig.call, ...list });
        it.stages.length = 0;
        await it.rig.gateway.execute({ ...it.rig.call, ...list });
        return it;
      },
    ],
    [
      'credentials',
      'credential_unavailable',
      async () => {
        const it = setUp({ integration: { config: { endpoint: 'https://registry.example.com', authMode: 'token' } } });
        await it.rig.gateway.execute({ ...it.rig.call, ...list });
        return it;
      },
    ],
    [
      'transform_request',
      'invalid_request',
      async () => {
        const it = setUp();
        await it.rig.gateway.execute({ ...it.rig.call, action: 'tag.list', params: { repo: 'app' } });
        return it;
      },
    ],
    [
      'execute',
      'provider_unavailable',
      async () => {
        const it = setUp({ provider: async () => Promise.reject(new HubError('provider_unavailable')) });
        await it.rig.gateway.execute({ ...it.rig.call, ...list });
        return it;
      },
    ],
  ];
  it.each(refusals)('a refusal in %s (%s) still reaches record, metrics and audit', async (stage, code, act) => {
    const { rig, stages } = await act();

    await rig.gateway.close();

    expect(stages).toEqual(upTo(stage));
    expect(rig.audit.at(-1)).toMatchObject({ details: { code } });
    expect(await rig.scrape('connector_errors_total')).toContainEqual(expect.stringContaining(`error_code="${code}"`));
  });

  it('an answer from the cache skips to settling', async () => {
    const { rig, stages } = setUp();
    await rig.gateway.execute({ ...rig.call, ...list });
    stages.length = 0;

    await rig.gateway.execute({ ...rig.call, ...list });

    expect(stages).toEqual(upTo('cache'));
  });
});

describe('one call', () => {
  it('leaves one audit record, one count and its slots, whichever stage ends it', async () => {
    const slow = defineAction({
      ...listTags,
      id: 'tag.slow',
      run: async (_, ctx) => {
        await ctx.clock.sleep(60_000, ctx.signal);
        return { tags: [] };
      },
    });
    const broken = defineAction({
      id: 'tag.broken',
      title: 'Broken',
      description: 'Breaks.',
      input: Type.Unknown(),
      output: Type.Object({ ok: Type.Boolean() }),
      safe: true,
      run: async () => ({ ok: 'no' }) as never,
    });
    const call = fc.record({
      action: fc.constantFrom('tag.list', 'tag.deploy', 'tag.slow', 'tag.broken', 'tag.unknown'),
      params: fc.constantFrom<unknown>({ repository: 'app' }, { tag: 'v1' }, {}, null, 5, { repository: '\ud800' }),
      kind: fc.constantFrom('execute' as const, 'stream' as const, 'test' as const, 'discover' as const),
      key: fc.constantFrom(undefined, undefined, 'k1', 'k2', 'ü'),
      leave: fc.boolean(),
      foreign: fc.integer({ max: 9, min: 0 }),
      answer: fc.constantFrom('fine', 'provider_unavailable', 'provider_not_found', 'bug'),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(call, { minLength: 1, maxLength: 25 }), async (calls) => {
        let answer = 'fine';
        const { clock, rig } = setUp({
          connector: createSampleConnector({ actions: [listTags, deployTag, slow, broken] }),
          integration: { rateLimits: { requestsPerMinute: 20, concurrentRequests: 4 } },
          provider: async () => {
            if (answer === 'bug') throw new TypeError('bug');
            if (answer !== 'fine') throw new HubError(answer as 'provider_unavailable');
            return { tags: ['latest'] };
          },
        });
        const running: Promise<unknown>[] = [];
        for (const { action, params, kind, key, leave, foreign, answer: next } of calls) {
          answer = next;
          const caller = new AbortController();
          const who: Principal = foreign === 0 ? { ...rig.call.principal, scopes: new Set() } : rig.call.principal;
          const base = {
            ...rig.call,
            principal: who,
            signal: caller.signal,
            ...(foreign === 1 ? { integrationId: createId() } : {}),
          };
          const asked = { ...base, action, params, ...(key === undefined ? {} : { idempotencyKey: key }) };
          running.push(
            (async () => {
              if (kind === 'execute') await rig.gateway.execute(asked);
              else if (kind === 'test') await rig.gateway.testConnection(base);
              else if (kind === 'discover') await rig.gateway.discover({ ...base, resourceType: 'tags', limit: 5 });
              else for await (const _ of rig.gateway.stream(asked)) if (leave) break;
            })().catch((error: unknown) => expect(error).toBeInstanceOf(HubError)),
          );
          if (leave) caller.abort();
          if (foreign === 2) await clock.advance(1_000);
        }
        await clock.advance(40_000);
        await Promise.all(running);
        await rig.gateway.close();

        expect(rig.audit).toHaveLength(calls.length);
        const counts = await rig.scrape('connector_requests_total');
        expect(counts.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0)).toBe(calls.length);
        expect(rig.logged.filter((line) => 'stage' in line || JSON.stringify(line).includes('not recorded'))).toEqual(
          [],
        );
        expect(clock.sleeping).toBe(0);
        // Every slot is back: as many calls as the limit allows run at once again.
        await clock.advance(3_600_000);
        await rig.gateway.forceCircuit(rig.call, rig.integration.id, { state: 'closed' });
        answer = 'fine';
        const again = Array.from({ length: 4 }, () =>
          rig.gateway.execute({ ...rig.call, action: 'tag.deploy', params: { tag: 'x' } }),
        );
        for (const { result } of await Promise.all(again)) expect(result.success).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  it('is refused while the audit cannot be written and its queue is full, and counted', async () => {
    const { clock, rig } = setUp({
      deps: {
        writeAudit: async () => Promise.reject(new Error('database is away')),
        auditQueue: { maxPerTenant: 2, max: 10 },
      },
    });
    for (let i = 0; i < 2; i += 1)
      expect((await rig.gateway.execute({ ...rig.call, ...list })).result.success).toBe(true);
    await clock.advance(100);

    const { result, error } = await rig.gateway.execute({ ...rig.call, ...list });

    expect(result).toMatchObject({
      success: false,
      error: { code: 'unavailable', retryable: true, retryAfterMs: 1_000 },
    });
    expect(error?.status).toBe(503);
    expect(await rig.scrape('connector_errors_total')).toHaveLength(1);
  });

  it('keeps tenants apart: an integration of another tenant does not exist', async () => {
    const { rig } = setUp();
    const stranger = { ...rig.call.principal, tenantId: createId<TenantId>() };

    const { error } = await rig.gateway.execute({ ...rig.call, ...list, principal: stranger });

    expect(error).toMatchObject({ code: 'not_found', message: 'There is no such integration.' });
  });
});
