/** A strict fake of a provider: answers what the test declared and nothing else. */
import { onTestFinished } from 'vitest';
import { describeRequest, type Reply, type Responder, type SentRequest } from './exchange.ts';

export interface Expectation {
  /** Default GET. */
  readonly method?: SentRequest['method'];
  /** Path as it goes over the wire, percent-encoding included. */
  readonly path: string;
  /** Default: any host that the connector may reach. */
  readonly host?: string;
  /** The whole query, order aside; default none. */
  readonly query?: Readonly<Record<string, string>>;
  /** Headers that must be there, among others. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The whole JSON body. */
  readonly json?: unknown;
  readonly reply: Reply | ((request: SentRequest) => Reply);
  /** Default 1; `any` also allows none. */
  readonly times?: number | 'any';
}

export interface FakeProvider {
  expect(expectation: Expectation): void;
  readonly respond: Responder;
  /** Everything that was sent, in order. */
  readonly requests: readonly SentRequest[];
  /** @throws when something undeclared was sent or something declared was not. Runs by itself at the end of the test. */
  verify(): void;
}

/** Call it inside a test: `verify` then runs when the test ends. */
export function createFakeProvider(): FakeProvider {
  const open: { readonly expectation: Expectation; used: number }[] = [];
  const requests: SentRequest[] = [];
  const undeclared: string[] = [];

  const provider: FakeProvider = {
    requests,
    expect(expectation) {
      open.push({ expectation, used: 0 });
    },
    respond(request) {
      requests.push(request);
      const reasons: string[] = [];
      for (const entry of open) {
        const { expectation } = entry;
        const times = expectation.times ?? 1;
        const mismatch =
          times !== 'any' && entry.used >= times
            ? `already answered ${times} time(s)`
            : findMismatch(expectation, request);
        if (mismatch === undefined) {
          entry.used += 1;
          return typeof expectation.reply === 'function' ? expectation.reply(request) : expectation.reply;
        }
        reasons.push(`  - ${describeExpectation(expectation)}: ${mismatch}`);
      }
      const message = [
        `The connector sent ${describeRequest(request)}, which this test does not declare.`,
        reasons.length === 0 ? 'Nothing is declared.' : 'Declared, and why it does not fit:',
        ...reasons,
        'Declare it with provider.expect({ … }), or correct the request in the connector.',
      ].join('\n');
      undeclared.push(message);
      throw new Error(message);
    },
    verify() {
      if (undeclared.length > 0) throw new Error(undeclared.join('\n'));
      const unused = open.filter(({ expectation: { times = 1 }, used }) => times !== 'any' && used < times);
      if (unused.length === 0) return;
      throw new Error(
        [
          'The connector never sent what this test declares:',
          ...unused.map(
            ({ expectation, used }) => `  - ${describeExpectation(expectation)} (${used} of ${expectation.times ?? 1})`,
          ),
          `It sent: ${requests.map(describeRequest).join(', ') || 'nothing'}.`,
          'Remove the expectation, mark it times: "any", or correct the connector.',
        ].join('\n'),
      );
    },
  };
  onTestFinished(() => provider.verify());
  return provider;
}

function findMismatch(expectation: Expectation, request: SentRequest): string | undefined {
  const { method = 'GET', path, host, query = {}, headers = {}, json } = expectation;
  if (request.method !== method) return `the method is ${request.method}`;
  if (host !== undefined && request.url.host !== host) return `the host is ${request.url.host}`;
  if (request.url.pathname !== path) return `the path is ${request.url.pathname}`;
  const sent = [...request.url.searchParams].map(([name, value]) => `${name}=${value}`).sort();
  const wanted = Object.entries(query)
    .map(([name, value]) => `${name}=${value}`)
    .sort();
  if (sent.join('&') !== wanted.join('&')) return `the query is "${sent.join('&')}"`;
  for (const [name, value] of Object.entries(headers)) {
    const actual = request.headers[name.toLowerCase()];
    if (actual !== value) return `header ${name} is ${actual === undefined ? 'absent' : `"${actual}"`}`;
  }
  if (json === undefined) return undefined;
  const body = Buffer.from(request.body ?? []).toString();
  return body === JSON.stringify(json) ? undefined : `the body is ${body || 'empty'}`;
}

function describeExpectation({ method = 'GET', host, path, query = {}, times = 1 }: Expectation): string {
  const search = new URLSearchParams({ ...query }).toString();
  return `${method} ${host === undefined ? '' : `https://${host}`}${path}${search === '' ? '' : `?${search}`}${times === 1 ? '' : ` ×${times}`}`;
}
