import { type FaultServer, respond, startFaultServer } from '@inthub/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { writeProbePlugin } from './probe-plugin.ts';
import { startTestHub, type TestHub } from './testing.ts';

const callerTrace = '0af7651916cd43dd8448eb211c80319c';
const callerSpan = 'b7ad6b7169203331';
const callersOwn = `00-${callerTrace}-${callerSpan}-01`;

const plugins = writeProbePlugin();
let provider: FaultServer;
let collector: FaultServer;
beforeAll(async () => {
  provider = await startFaultServer();
  collector = await startFaultServer();
});
afterEach(() => {
  provider.reset();
  collector.reset();
});
afterAll(async () => {
  await provider.stop();
  await collector.stop();
  plugins.remove();
});

async function installed(environment: Record<string, string>): Promise<{ hub: TestHub; execute: typeof execute }> {
  provider.always('GET', '/ping', respond.json(200, {}));
  const hub = await startTestHub({ PLUGINS_DIR: plugins.path, ...environment });
  const { body, text } = await hub.call('POST', '/api/v1/integrations', {
    type: 'custom.probe',
    name: 'probe',
    config: { endpoint: provider.url, authMode: 'token', retryPolicy: { maxRetries: 1, backoffMs: [0] } },
    credentials: { kind: 'bearer_token', token: 'canary-token-4711' },
    submit: true,
  });
  expect((await hub.call('POST', `/api/v1/integrations/${body.id}/test`)).body.success, text).toBe(true);
  const execute = (path: string, traceparent?: string) =>
    hub.call(
      'POST',
      `/api/v1/connectors/instances/${body.id}/execute`,
      { action: 'probe.read', params: { path } },
      traceparent === undefined ? {} : { traceparent },
    );
  return { hub, execute };
}

interface SentSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  /** 1 internal, 2 server, 3 client. */
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: { key: string; value: Record<string, unknown> }[];
  readonly status: { code?: number };
}

/** What has arrived at the collector: OTLP/HTTP with JSON. */
function sentSpans(): SentSpan[] {
  return collector.requests.flatMap((request) => {
    expect([request.method, request.path, request.headers['content-type']]).toEqual([
      'POST',
      '/v1/traces',
      'application/json',
    ]);
    const { resourceSpans } = request.json() as { resourceSpans: { scopeSpans: { spans: SentSpan[] }[] }[] };
    return resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans));
  });
}

const attributeOf = (span: SentSpan | undefined, key: string) =>
  Object.values(span?.attributes.find((attribute) => attribute.key === key)?.value ?? {})[0];
const traceparentsAt = (path: string) =>
  provider.requests.filter((request) => request.path === path).map(({ headers }) => String(headers['traceparent']));
const auditOf = async (hub: TestHub) =>
  (await hub.call('GET', '/api/v1/audit?action=action.execute')).body.items as { details: Record<string, unknown> }[];

/** Calls leave their audit entries within 50 ms. */
async function auditWithEntry(hub: TestHub) {
  for (;;) {
    const items = await auditOf(hub);
    if (items.length > 0) return items;
  }
}

describe('with a collector', () => {
  it('one trace leads from the caller through request, call, stages and attempts to the provider', async () => {
    collector.always('POST', '/v1/traces', respond.json(200, {}));
    const { hub, execute } = await installed({ OTEL_EXPORTER_OTLP_ENDPOINT: `${collector.url}/` });
    provider.on('GET', '/things', respond.json(503, {}), respond.json(200, { n: 1 }));

    const { status } = await execute('/things?key=canary-query-4712', callersOwn);
    const [entry] = await auditWithEntry(hub);
    await hub.call('GET', '/healthz');
    await hub.stop();

    expect(status).toBe(200);
    const spans = sentSpans();
    const ours = spans.filter(({ traceId }) => traceId === callerTrace);
    const named = (name: string) => ours.filter((span) => span.name === name);
    const [request] = named('POST /api/v1/connectors/instances/:instanceId/execute');
    const [call] = named('gateway probe.read');
    const [run] = named('execute');
    const attempts = named('GET');
    expect(request).toMatchObject({ parentSpanId: callerSpan, kind: 2 });
    expect(call).toMatchObject({ parentSpanId: request?.spanId, kind: 1 });
    expect(run).toMatchObject({ parentSpanId: call?.spanId });
    expect(named('authorise')).toMatchObject([{ parentSpanId: call?.spanId }]);
    expect(attempts).toMatchObject([
      { parentSpanId: run?.spanId, kind: 3, status: { code: 2 } },
      { parentSpanId: run?.spanId, kind: 3 },
    ]);
    expect(attempts.map((span) => attributeOf(span, 'http.response.status_code'))).toEqual([503, 200]);
    expect(attempts.map((span) => attributeOf(span, 'inthub.attempt'))).toEqual([1, 2]);
    expect(traceparentsAt('/things')).toEqual(attempts.map(({ spanId }) => `00-${callerTrace}-${spanId}-01`));
    expect(attributeOf(request, 'http.response.status_code')).toBe(200);
    expect(attributeOf(call, 'inthub.api_calls')).toBe(2);

    // Every span has its parent in the trace, and lies within it.
    for (const span of ours) {
      if (span === request) continue;
      const parent = ours.find(({ spanId }) => spanId === span.parentSpanId);
      expect(parent, span.name).toBeDefined();
      expect(BigInt(span.startTimeUnixNano) >= BigInt(parent?.startTimeUnixNano ?? 0), span.name).toBe(true);
      expect(BigInt(span.endTimeUnixNano) >= BigInt(span.startTimeUnixNano), span.name).toBe(true);
    }
    expect(entry?.details['traceId']).toBe(callerTrace);
    expect(hub.logs.map((line) => JSON.parse(line))).toContainEqual(
      expect.objectContaining({ msg: 'request', traceId: callerTrace }),
    );
    expect(spans.map(({ name }) => name).join()).not.toContain('/healthz');
    // The other requests of this test began traces of their own.
    expect(new Set(spans.map(({ traceId }) => traceId)).size).toBeGreaterThan(2);
    expect(JSON.stringify(spans)).not.toMatch(/canary|authorization|Bearer|\/things/i);
  });

  it('a failure is marked on the spans that it touches, and in the log', async () => {
    collector.always('POST', '/v1/traces', respond.json(200, {}));
    const { hub, execute } = await installed({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url });
    provider.on('GET', '/gone', respond.json(404, {}));

    await execute('/gone', callersOwn);
    await hub.stop();

    const ours = sentSpans().filter(({ traceId }) => traceId === callerTrace);
    const failed = ours.filter(({ status }) => status.code === 2);
    expect(failed.map((span) => [span.name, attributeOf(span, 'error.type')]).sort()).toEqual([
      ['GET', '404'],
      ['execute', 'provider_not_found'],
      ['gateway probe.read', 'provider_not_found'],
    ]);
    expect(hub.logs.map((line) => JSON.parse(line))).toContainEqual(
      expect.objectContaining({ msg: 'call failed', traceId: callerTrace, code: 'provider_not_found' }),
    );
  });

  it('a caller that does not sample its trace is followed: the ids go on, no span is sent', async () => {
    collector.always('POST', '/v1/traces', respond.json(200, {}));
    const { hub, execute } = await installed({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url });
    provider.on('GET', '/things', respond.json(200, {}));

    await execute('/things', `00-${callerTrace}-${callerSpan}-00`);
    await hub.stop();

    const [sent = ''] = traceparentsAt('/things');
    expect(sent).toMatch(new RegExp(`^00-${callerTrace}-[0-9a-f]{16}-00$`));
    expect(sent).not.toContain(callerSpan);
    expect(sentSpans().filter(({ traceId }) => traceId === callerTrace)).toEqual([]);
  });

  it.each(['00-ABC', `00-${'0'.repeat(32)}-${callerSpan}-01`, `ff-${callerTrace}-${callerSpan}-01`])(
    'a trace begins anew where the caller’s context is none (%s)',
    async (traceparent) => {
      collector.always('POST', '/v1/traces', respond.json(200, {}));
      const { hub, execute } = await installed({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url });
      provider.on('GET', '/things', respond.json(200, {}));

      expect((await execute('/things', traceparent)).status).toBe(200);
      const [entry] = await auditWithEntry(hub);
      await hub.stop();

      const { traceId } = entry?.details ?? {};
      expect(traceparentsAt('/things')[0]).toMatch(new RegExp(`^00-${traceId}-[0-9a-f]{16}-01$`));
      expect(traceId).not.toBe(callerTrace);
      expect(sentSpans().filter((span) => span.traceId === traceId).length).toBeGreaterThan(3);
    },
  );

  it('that is not there hurts no call and does not keep the hub from stopping', async () => {
    const { hub, execute } = await installed({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' });
    provider.on('GET', '/things', respond.json(200, {}));

    expect((await execute('/things')).status).toBe(200);
    await hub.stop();
  });

  it('that refuses is told in the log', async () => {
    collector.always('POST', '/v1/traces', respond.json(400, {}));
    const { hub, execute } = await installed({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url });
    provider.on('GET', '/things', respond.json(200, {}));

    expect((await execute('/things')).status).toBe(200);
    await hub.stop();

    expect(hub.logs.map((line) => JSON.parse(line))).toContainEqual(
      expect.objectContaining({ level: 'warn', msg: 'traces could not be sent to the collector' }),
    );
  });
});

describe('without a collector', () => {
  it('the caller’s own context is passed on, and found in log and audit', async () => {
    const { hub, execute } = await installed({});
    provider.on('GET', '/things', respond.json(200, {}));

    await execute('/things', callersOwn);
    const [entry] = await auditWithEntry(hub);
    await hub.stop();

    expect(traceparentsAt('/things')).toEqual([callersOwn]);
    expect(entry?.details['traceId']).toBe(callerTrace);
    expect(hub.logs.map((line) => JSON.parse(line))).toContainEqual(
      expect.objectContaining({ msg: 'request', traceId: callerTrace }),
    );
  });

  it('nothing is made up where there is none', async () => {
    const { hub, execute } = await installed({});
    provider.on('GET', '/things', respond.json(200, {}));

    await execute('/things');
    const [entry] = await auditWithEntry(hub);
    await hub.stop();

    expect(traceparentsAt('/things')).toEqual(['undefined']);
    expect(entry?.details).not.toHaveProperty('traceId');
  });
});

describe('what goes along with a trace', { timeout: 120_000 }, () => {
  const state = 'rojo=00f067aa0ba902b7,congo=t61rcWkgMzE, tenant@vendor=a b';
  const executing = (hub: TestHub, id: string, headers: Record<string, string>) =>
    hub.call(
      'POST',
      `/api/v1/connectors/instances/${id}/execute`,
      { action: 'probe.read', params: { path: '/state' } },
      headers,
    );

  it('is the caller’s trace state, unchanged, and nothing that is none', async () => {
    const { hub } = await installed({});
    const [{ id }] = (await hub.call('GET', '/api/v1/integrations')).body.items;
    provider.always('GET', '/state', respond.json(200, {}));

    await executing(hub, id, { traceparent: callersOwn, tracestate: state });
    for (const tracestate of ['UPPER=1', 'a=b=c', `a=${'x'.repeat(600)}`, ',,'])
      await executing(hub, id, { traceparent: callersOwn, tracestate });
    await executing(hub, id, { tracestate: state });

    const sent = provider.requests.filter(({ path }) => path === '/state').map(({ headers }) => headers['tracestate']);
    expect(sent).toEqual([state, undefined, undefined, undefined, undefined, undefined]);
    await hub.stop();
  });

  it('is its id in the audit of every change, with and without a collector', async () => {
    for (const environment of [{}, { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url }]) {
      collector.always('POST', '/v1/traces', respond.json(200, {}));
      const { hub } = await installed(environment);
      const [{ id }] = (await hub.call('GET', '/api/v1/integrations')).body.items;

      await hub.call('POST', `/api/v1/integrations/${id}/pause`, { reason: 'x' }, { traceparent: callersOwn });
      await hub.call(
        'PUT',
        '/api/v1/budgets',
        { measure: 'requests', window: 'day', limit: 5, mode: 'warn' },
        { traceparent: callersOwn },
      );

      const { items } = (await hub.call('GET', '/api/v1/audit')).body;
      const traced = items.filter(({ action }: { action: string }) =>
        ['integration.pause', 'budget.set'].includes(action),
      );
      expect(traced.map(({ details }: { details: { traceId: string } }) => details.traceId)).toEqual([
        callerTrace,
        callerTrace,
      ]);
      const { details } = items.find(({ action }: { action: string }) => action === 'integration.create');
      expect(details?.traceId === undefined).toBe(environment.OTEL_EXPORTER_OTLP_ENDPOINT === undefined);
      expect((await hub.call('POST', '/api/v1/audit/verify')).body.intact).toBe(true);
      await hub.stop();
    }
  });
});
