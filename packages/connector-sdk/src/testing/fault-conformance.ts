import type { ErrorCode } from '@inthub/contracts';
import { describe, expect, it } from 'vitest';
import type { ConnectionReport, ConnectorDefinition } from '../index.ts';
import { findSecrets } from './credentials.ts';
import type { Reply, Responder, SentRequest } from './exchange.ts';
import { createMockGateway, type MockGateway } from './mock-gateway.ts';

/** Everything that a provider may do instead of answering, and the code that must come of it. */
const faults = {
  unauthorized: { code: 'provider_unauthenticated', reply: { status: 401 } },
  forbidden: { code: 'provider_forbidden', reply: { status: 403 } },
  missing: { code: 'provider_not_found', reply: { status: 404 } },
  conflict: { code: 'provider_conflict', reply: { status: 409 } },
  invalid: { code: 'provider_rejected', reply: { status: 422 } },
  throttled: { code: 'provider_rate_limited', reply: { status: 429, headers: { 'retry-after': '7' } } },
  broken: { code: 'provider_unavailable', reply: { status: 500 } },
  overloaded: { code: 'provider_unavailable', reply: { status: 503 } },
  timeout: { code: 'provider_timeout', reply: { fault: 'timeout' } },
  unreachable: { code: 'provider_unreachable', reply: { fault: 'unreachable' } },
  garbage: { code: 'provider_bad_response', reply: { status: 200, text: '<html>It works!' } },
  empty: { code: 'provider_bad_response', reply: { status: 200, json: null } },
  strange: { code: 'provider_bad_response', reply: { status: 200, json: { unexpected: [1] } } },
} as const satisfies Record<string, { code: ErrorCode; reply: Reply }>;
export type FaultName = keyof typeof faults;
const faultNames = Object.keys(faults) as FaultName[];

export interface FaultCase {
  readonly action: string;
  readonly input: unknown;
}

export interface FaultConformanceOptions {
  readonly connector: ConnectorDefinition;
  readonly type?: string;
  readonly config?: Readonly<Record<string, unknown>>;
  /** A provider that answers every case properly. */
  respond(): Responder;
  readonly cases: readonly FaultCase[];
  /**
   * What else may come of a fault at one request: another code, or `handled` when the connector copes with it (for example a date
   * that it can do without). Default: the code of the table.
   */
  readonly outcome?: (fault: FaultName, request: SentRequest) => ErrorCode | 'handled' | undefined;
}

/** Registers tests that put each fault in the place of each request of each action, of the connection test and of the checks. */
export function faultConformance(options: FaultConformanceOptions): void {
  const { connector, cases } = options;
  const name = connector.manifest.id;
  const gateway = (respond: Responder, signal?: AbortSignal) => createMockGateway(contextOf(options, respond, signal));

  describe(`faults of the provider behind ${name}`, () => {
    it.each(cases)('$action works when nothing is wrong', async ({ action, input }) => {
      const healthy = gateway(options.respond());

      expect(findSecrets(await healthy.run(action, input), healthy.secrets)).toEqual([]);
      expect(findSecrets(healthy.logs, healthy.secrets)).toEqual([]);
      expect(healthy.faults).toEqual([]);
    });

    describe.each(cases)('$action', ({ action, input }) => {
      it.each(faultNames)('types the fault "%s" at every request', async (fault) => {
        const total = await countRequests(options, action, input);
        for (let at = 0; at < total; at += 1) {
          const hit = replaceOne(options.respond(), at, fault);
          const broken = gateway(hit.respond);
          hit.secrets = broken.secrets;

          const result = await settle(broken.run(action, input));

          const expected = expectedOutcome(options, fault, hit.request);
          if (expected !== 'handled') {
            expect(result.error, `${action}, request ${at + 1}: ${hit.request?.url.href}`).toMatchObject({
              name: 'HubError',
              code: expected,
            });
            if (fault === 'throttled') expect(result.error).toMatchObject({ retryAfterMs: 7000 });
          }
          expect(findSecrets([result.value, result.error, broken.logs], broken.secrets), 'secrets').toEqual([]);
          expect(broken.faults).toEqual([]);
        }
      });

      it('stops at once when the caller goes away', async () => {
        const total = await countRequests(options, action, input);
        for (let at = 0; at < total; at += 1) {
          const controller = new AbortController();
          const hit = replaceOne(options.respond(), at, () => {
            controller.abort();
            return { fault: 'hang' };
          });

          const { error } = await settle(gateway(hit.respond, controller.signal).run(action, input));

          expect(error, `${action}, request ${at + 1}`).toMatchObject({ code: 'cancelled' });
        }
      });
    });

    it.each(faultNames)('the connection test fails on "%s" and says what to do', async (fault) => {
      const healthy = gateway(options.respond());
      expect(await healthy.testConnection()).toMatchObject({ success: true });
      for (let at = 0; at < healthy.requests.length; at += 1) {
        const hit = replaceOne(options.respond(), at, fault);
        const broken = gateway(hit.respond);
        hit.secrets = broken.secrets;

        const { value, error } = await settle<ConnectionReport>(broken.testConnection());

        if (expectedOutcome(options, fault, hit.request) !== 'handled') {
          expect(value?.success ?? false, hit.request?.url.href).toBe(false);
          expect((value?.message ?? (error as Error).message).length).toBeGreaterThan(30);
        }
        expect(findSecrets([value, error, broken.logs], broken.secrets), 'secrets').toEqual([]);
        expect(broken.faults).toEqual([]);
      }
    });

    it.each(connector.checks.map(({ id }) => id))(
      '%s passes when nothing is wrong and names a remedy when nothing works',
      async (id) => {
        expect((await gateway(options.respond()).check(id)).status).toBe('pass');
        for (const fault of ['unreachable', 'unauthorized', 'garbage'] as const) {
          const broken = gateway(() => faults[fault].reply);

          const outcome = await broken.check(id);

          expect(outcome.status, fault).not.toBe('pass');
          expect(outcome.suggestions?.length ?? 0, `suggestions on ${fault}`).toBeGreaterThan(0);
        }
      },
    );
  });
}

function contextOf(
  { connector, type, config }: FaultConformanceOptions,
  respond: Responder,
  signal: AbortSignal | undefined,
) {
  return {
    connector,
    respond,
    ...(type === undefined ? {} : { type }),
    ...(config === undefined ? {} : { config }),
    ...(signal === undefined ? {} : { signal }),
  };
}

async function countRequests(options: FaultConformanceOptions, action: string, input: unknown): Promise<number> {
  const healthy: MockGateway = createMockGateway(contextOf(options, options.respond(), undefined));
  await healthy.run(action, input);
  return healthy.requests.length;
}

interface Replacement {
  respond: Responder;
  request: SentRequest | undefined;
  /** Texts that the provider throws back in the body of its errors. */
  secrets: readonly string[];
}

function replaceOne(respond: Responder, at: number, fault: FaultName | (() => Reply)): Replacement {
  let count = -1;
  const replacement: Replacement = {
    request: undefined,
    secrets: [],
    respond: (request, signal) => {
      count += 1;
      if (count !== at) return respond(request, signal);
      replacement.request = request;
      if (typeof fault === 'function') return fault();
      const { reply } = faults[fault];
      const bare = !('text' in reply) && !('json' in reply);
      return bare ? { ...reply, json: { errors: [{ message: `You sent ${replacement.secrets.join(' ')}` }] } } : reply;
    },
  };
  return replacement;
}

function expectedOutcome(
  { outcome }: FaultConformanceOptions,
  fault: FaultName,
  request: SentRequest | undefined,
): ErrorCode | 'handled' {
  if (request === undefined) throw new Error('The connector sent fewer requests than when nothing was wrong.');
  const own = outcome?.(fault, request);
  if (own !== undefined) return own;
  // An answer to HEAD has no body to be nonsense; the connector may ask again with GET.
  if (request.method === 'HEAD' && faults[fault].code === 'provider_bad_response') return 'handled';
  return faults[fault].code;
}

async function settle<Value>(work: Promise<Value>): Promise<{ value?: Value; error?: unknown }> {
  try {
    return { value: await work };
  } catch (error) {
    return { error };
  }
}
