import { describe, expect, it } from 'vitest';
import type { SentRequest } from './exchange.ts';
import { createFakeProvider } from './fake-provider.ts';

const sent = (url: string, more: Partial<SentRequest> = {}): SentRequest => ({
  method: 'GET',
  url: new URL(url),
  headers: {},
  body: null,
  auth: 'none',
  ...more,
});
const signal = new AbortController().signal;

describe('createFakeProvider', () => {
  it('answers what is declared, in any order, and remembers what was sent', () => {
    const provider = createFakeProvider();
    provider.expect({ path: '/a', reply: { text: 'a' } });
    provider.expect({ path: '/b', query: { x: '1', y: '2' }, reply: ({ url }) => ({ text: url.search }) });

    expect(provider.respond(sent('https://p.test/b?y=2&x=1'), signal)).toEqual({ text: '?y=2&x=1' });
    expect(provider.respond(sent('https://p.test/a'), signal)).toEqual({ text: 'a' });
    expect(provider.requests.map(({ url }) => url.pathname)).toEqual(['/b', '/a']);
  });

  it.each<[string, SentRequest, string]>([
    ['another path', sent('https://p.test/b'), 'the path is /b'],
    ['another method', sent('https://p.test/a?n=1', { method: 'POST' }), 'the method is POST'],
    ['another query', sent('https://p.test/a?n=2'), 'the query is "n=2"'],
    ['no query', sent('https://p.test/a'), 'the query is ""'],
    ['another host', sent('https://q.test/a?n=1'), 'the host is q.test'],
    ['no header', sent('https://p.test/a?n=1'), 'header x-key is absent'],
    ['another header', sent('https://p.test/a?n=1', { headers: { 'x-key': 'c' } }), 'header x-key is "c"'],
    [
      'another body',
      sent('https://p.test/a?n=1', { headers: { 'x-key': 'k' }, body: Buffer.from('{}') }),
      'the body is {}',
    ],
  ])('refuses %s, says why, and says how to go on', (_what, request, why) => {
    const provider = createUnchecked();
    provider.expect({
      host: 'p.test',
      path: '/a',
      query: { n: '1' },
      headers: { 'x-key': 'k' },
      json: { a: 1 },
      reply: {},
    });

    expect(() => provider.respond(request, signal)).toThrow(why);
    expect(() => provider.respond(request, signal)).toThrow('provider.expect({ … })');
    // Even if the connector swallowed the error, the test fails.
    expect(() => provider.verify()).toThrow(why);
  });

  it('answers as often as declared', async () => {
    const provider = createUnchecked();
    provider.expect({ path: '/a', reply: {}, times: 2 });
    await provider.respond(sent('https://p.test/a'), signal);
    await provider.respond(sent('https://p.test/a'), signal);

    expect(() => provider.respond(sent('https://p.test/a'), signal)).toThrow('already answered 2 time(s)');
    expect(() => provider.verify()).toThrow('already answered 2 time(s)');
  });

  it('names what was declared and never sent', () => {
    const provider = createUnchecked();
    provider.expect({ path: '/never', reply: {} });
    provider.expect({ path: '/maybe', reply: {}, times: 'any' });

    expect(() => provider.verify()).toThrow(/GET \/never \(0 of 1\)(?![\s\S]*maybe)/);
  });
});

/** One whose own check at the end of the test sees nothing: these tests provoke what it reports. */
function createUnchecked() {
  const provider = createFakeProvider();
  const { verify } = provider;
  let isOver = false;
  return Object.assign(provider, {
    verify: () => {
      if (isOver) return;
      isOver = true;
      verify();
    },
  });
}
