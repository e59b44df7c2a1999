import {
  type ActionContext,
  type AnyAction,
  type ConnectorDefinition,
  defineAction,
  type HttpClient,
} from '@inthub/connector-sdk';
import { type ActionEvent, HubError, type TenantId } from '@inthub/contracts';
import { createFakeClock } from '@inthub/testing';
import Type from 'typebox';
import { describe, expect, it } from 'vitest';
import type { InstalledIntegration } from '../installed-integration.ts';
import type { Invocation } from '../invocation.ts';
import { createSampleConnector } from '../testing.ts';
import { createInProcessHost } from './in-process.ts';

const integration: InstalledIntegration = {
  id: 'i1',
  tenantId: 't1' as TenantId,
  name: 'Main registry',
  type: 'registry.sample',
  connectorId: 'sample',
  connectorVersion: '1.0.0',
  status: 'active',
  config: { endpoint: 'https://registry.example.com', authMode: 'none', project: 'a' },
  authRef: null,
  features: { syncEnabled: false, webhooksEnabled: false, streamingEnabled: true },
  rateLimits: {},
  grant: null,
  version: 1,
};

function setUp(definition: ConnectorDefinition = createSampleConnector(), origin: 'built-in' | 'plugin' = 'built-in') {
  const lines: object[] = [];
  const write = (fields: object, message: string) => lines.push({ ...fields, message });
  const log = { debug: write, info: write, warn: write, error: write };
  const host = createInProcessHost({
    clock: createFakeClock(),
    log,
    redact: (fields) => ('token' in fields ? { ...fields, token: '[redacted]' } : fields),
  });
  const controller = new AbortController();
  const invocation: Invocation = {
    integration,
    connector: { definition, origin },
    http: {} as HttpClient,
    signal: controller.signal,
    requestId: 'r1',
    tags: { get: () => undefined, set: () => undefined },
    reportUsage: () => undefined,
  };
  return { host, invocation, controller, lines };
}

function action(
  run: (input: unknown, ctx: ActionContext) => Promise<unknown>,
  more: Partial<AnyAction> = {},
): AnyAction {
  return {
    ...defineAction({
      id: 'thing.do',
      title: 'Do',
      description: 'Does.',
      input: Type.Unknown(),
      output: Type.Object({ ok: Type.Boolean() }),
      safe: true,
      run: async () => ({ ok: true }),
    }),
    run,
    ...more,
  };
}

async function collect(events: AsyncIterable<ActionEvent>): Promise<ActionEvent[]> {
  const all: ActionEvent[] = [];
  for await (const event of events) all.push(event);
  return all;
}

describe('run', () => {
  it('gives the action its input and a context that it cannot change', async () => {
    const { host, invocation } = setUp();

    const output = await host.run(
      action(async (input, ctx) => {
        expect(input).toEqual({ a: 1 });
        expect(ctx.integration).toEqual({
          id: 'i1',
          name: 'Main registry',
          type: 'registry.sample',
          config: integration.config,
        });
        expect(Object.isFrozen(ctx) && Object.isFrozen(ctx.integration.config)).toBe(true);
        expect('tenantId' in ctx.integration).toBe(false);
        return { ok: true };
      }),
      { a: 1 },
      invocation,
    );

    expect(output).toEqual({ ok: true });
  });

  it('refuses output that does not fit the schema, naming the place', async () => {
    const { host, invocation } = setUp();

    await expect(
      host.run(
        action(async () => ({ ok: 'yes' })),
        {},
        invocation,
      ),
    ).rejects.toMatchObject({
      code: 'connector_failed',
      message: expect.stringContaining('/ok must be boolean'),
    });
  });

  it('strips nothing from output that an open schema allows', async () => {
    const { host, invocation } = setUp();

    expect(
      await host.run(
        action(async () => ({ ok: true, more: [1] })),
        {},
        invocation,
      ),
    ).toEqual({ ok: true, more: [1] });
  });

  it.each([
    ['a rejection', async () => Promise.reject(new TypeError('token=abc'))],
    [
      'a throw before the first await',
      () => {
        throw new TypeError('token=abc');
      },
    ],
  ])('hides the cause of %s', async (_, run) => {
    const { host, invocation } = setUp();

    const error = await host.run(action(run), {}, invocation).catch((thrown: unknown) => thrown);

    expect(error).toMatchObject({ code: 'connector_failed', blame: 'hub', cause: { message: 'token=abc' } });
    expect((error as HubError).message).not.toContain('abc');
  });

  it('lets the HubErrors of egress and connector pass', async () => {
    const { host, invocation } = setUp();
    const error = new HubError('provider_not_found', 'No such repository.');

    await expect(
      host.run(
        action(async () => Promise.reject(error)),
        {},
        invocation,
      ),
    ).rejects.toBe(error);
  });

  it("takes a HubError of a plugin's own copy of the contracts, but not a code that is the hub's to say", async () => {
    const { host, invocation } = setUp(undefined, 'plugin');
    const foreign = (code: string) =>
      Object.assign(new Error('Nothing there.'), { name: 'HubError', code, retryAfterMs: 5 });
    const failWith = (code: string) =>
      host.run(
        action(async () => Promise.reject(foreign(code))),
        {},
        invocation,
      );

    const adopted = await failWith('provider_not_found').catch((thrown: unknown) => thrown);

    expect(adopted).toBeInstanceOf(HubError);
    expect(adopted).toMatchObject({ code: 'provider_not_found', message: 'Nothing there.', retryAfterMs: 5 });
    await expect(failWith('unauthenticated')).rejects.toMatchObject({ code: 'connector_failed' });
  });

  it('answers at once when the signal aborts, though the connector ignores it', async () => {
    const { host, invocation, controller } = setUp();
    const running = host.run(
      action(() => new Promise(() => undefined)),
      {},
      invocation,
    );

    controller.abort(new HubError('deadline_exceeded'));

    await expect(running).rejects.toMatchObject({ code: 'deadline_exceeded' });
  });

  it('does not start when the signal has aborted already and ends as cancelled', async () => {
    const { host, invocation, controller } = setUp();
    controller.abort();

    await expect(
      host.run(
        action(async () => ({ ok: true })),
        {},
        invocation,
      ),
    ).rejects.toMatchObject({ code: 'cancelled' });
  });

  it('refuses a plugin answer that is not JSON, and copies one that is', async () => {
    const { host, invocation } = setUp(undefined, 'plugin');
    const cycle: Record<string, unknown> = { ok: true };
    cycle['self'] = cycle;
    const live = {
      ok: true,
      get secret() {
        return 'read once';
      },
    };

    await expect(
      host.run(
        action(async () => cycle),
        {},
        invocation,
      ),
    ).rejects.toMatchObject({ code: 'connector_failed' });
    const copy = await host.run(
      action(async () => live),
      {},
      invocation,
    );
    expect(Object.getOwnPropertyDescriptor(copy, 'secret')).toMatchObject({ value: 'read once' });
  });
});

describe('log', () => {
  it('redacts fields and says who is talking', async () => {
    const { host, invocation, lines } = setUp();

    await host.run(
      action(async (_, ctx) => {
        ctx.log.info('listing', { token: 'abc', page: 1 });
        return { ok: true };
      }),
      {},
      invocation,
    );

    expect(lines).toEqual([
      {
        connector: 'sample',
        integrationId: 'i1',
        requestId: 'r1',
        action: 'thing.do',
        text: 'listing',
        fields: { token: '[redacted]', page: 1 },
        message: 'connector',
      },
    ]);
  });

  it('stops a connector that writes without end, and survives fields that cannot be written', async () => {
    const { host, invocation, lines } = setUp();
    const cycle: Record<string, unknown> = {};
    cycle['self'] = cycle;

    await host.run(
      action(async (_, ctx) => {
        ctx.log.warn('odd', cycle);
        ctx.log.warn('large', { text: 'x'.repeat(10_000) });
        for (let i = 0; i < 10_000; i += 1) ctx.log.debug('again');
        return { ok: true };
      }),
      {},
      invocation,
    );

    expect(lines).toHaveLength(201);
    expect(lines[0]).toMatchObject({ fields: { omitted: 'fields that cannot be written as JSON' } });
    expect(lines[1]).toMatchObject({ fields: { omitted: expect.stringContaining('characters') } });
    expect(lines.at(-1)).toMatchObject({ maxLines: 200 });
  });
});

describe('stream', () => {
  const streaming = (stream: NonNullable<AnyAction['stream']>) => action(async () => ({ ok: true }), { stream });

  it('passes events on and ends after complete, whatever follows', async () => {
    const { host, invocation } = setUp();

    const events = await collect(
      host.stream(
        streaming(async function* () {
          yield { type: 'progress', message: 'half', percent: 50 };
          yield { type: 'complete', summary: 1 };
          yield { type: 'data', chunk: 'too late' };
        }),
        {},
        invocation,
      ),
    );

    expect(events).toEqual([
      { type: 'progress', message: 'half', percent: 50 },
      { type: 'complete', summary: 1 },
    ]);
  });

  it('completes a stream that just stops, and one of an action that cannot stream', async () => {
    const { host, invocation } = setUp();

    expect(
      await collect(
        host.stream(
          streaming(async function* () {
            yield { type: 'data', chunk: 1 };
          }),
          {},
          invocation,
        ),
      ),
    ).toEqual([
      { type: 'data', chunk: 1 },
      { type: 'complete', summary: null },
    ]);
    expect(
      await collect(
        host.stream(
          action(async () => ({ ok: true })),
          {},
          invocation,
        ),
      ),
    ).toEqual([{ type: 'complete', summary: { ok: true } }]);
  });

  it('refuses events of an unknown shape', async () => {
    const { host, invocation } = setUp();
    const odd = streaming(async function* () {
      yield { type: 'surprise' } as unknown as ActionEvent;
    });

    await expect(collect(host.stream(odd, {}, invocation))).rejects.toMatchObject({ code: 'connector_failed' });
  });

  it("runs the connector's own clean-up when the consumer stops", async () => {
    const { host, invocation } = setUp();
    let cleaned = false;
    const endless = streaming(async function* () {
      try {
        for (;;) yield { type: 'data', chunk: 1 };
      } finally {
        cleaned = true;
      }
    });

    for await (const _ of host.stream(endless, {}, invocation)) break;
    await Promise.resolve();

    expect(cleaned).toBe(true);
  });
});

describe('testConnection and discover', () => {
  it('names the types that can be discovered', async () => {
    const { host, invocation } = setUp();

    expect(await host.discover('tags', { limit: 10 }, invocation)).toMatchObject({ nextCursor: null });
    await expect(host.discover('constructor', { limit: 10 }, invocation)).rejects.toMatchObject({
      code: 'invalid_request',
      errors: [{ path: '/type', rule: 'enum', message: 'must be one of tags.' }],
    });
  });

  it('refuses resources and reports that do not have their shape', async () => {
    const definition = createSampleConnector({
      testConnection: async () => ({ success: 'yes' }) as never,
      discover: { tags: async () => ({ items: [{ id: 1 }], nextCursor: null }) as never },
    });
    const { host, invocation } = setUp(definition);

    await expect(host.testConnection(invocation)).rejects.toMatchObject({ code: 'connector_failed' });
    await expect(host.discover('tags', { limit: 10 }, invocation)).rejects.toMatchObject({ code: 'connector_failed' });
  });
});
