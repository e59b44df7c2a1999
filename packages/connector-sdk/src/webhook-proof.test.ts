import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { InboundDelivery } from './webhook.ts';
import { hmacProof, sameText, tokenProof } from './webhook-proof.ts';

const receivedAt = new Date('2026-11-21T10:00:00Z');
function delivery(body: string | Uint8Array, headers: Record<string, string>): InboundDelivery {
  return {
    body: typeof body === 'string' ? Buffer.from(body) : body,
    receivedAt,
    query: { get: () => undefined },
    headers: { get: (name) => headers[name.toLowerCase()], entries: () => Object.entries(headers) },
  };
}

describe('hmacProof', () => {
  const verify = hmacProof({ header: 'X-Hub-Signature-256', prefix: 'sha256=' });

  // Source: GitHub, "Validating webhook deliveries", section "Testing the webhook payload validation".
  it("accepts GitHub's published vector", () => {
    const signature = 'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17';

    expect(
      verify(delivery('Hello, World!', { 'x-hub-signature-256': signature }), ["It's a Secret to Everybody"]),
    ).toBe('valid');
  });

  it('accepts any of several secrets, and no other body, secret or form', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 200 }),
        fc.string({ minLength: 1 }),
        fc.string(),
        (body, secret, other) => {
          fc.pre(secret !== other);
          const hex = createHmac('sha256', secret).update(body).digest('hex');
          const signed = delivery(body, { 'x-hub-signature-256': `sha256=${hex}` });
          expect(verify(signed, [other, secret])).toBe('valid');
          expect(verify(signed, [])).toBe('invalid');
          expect(verify({ ...signed, body: Buffer.concat([body, Buffer.from('x')]) }, [secret])).toBe('invalid');
          for (const odd of [hex, `sha256=${hex.slice(1)}`, `sha256=${hex}0`, 'sha256=', `sha1=${hex}`])
            expect(verify(delivery(body, { 'x-hub-signature-256': odd }), [secret])).toBe('invalid');
        },
      ),
    );
    expect(verify(delivery('x', {}), ['s'])).toBe('missing');
  });

  it('refuses a right signature of another time', () => {
    const timed = hmacProof({
      header: 'x-signature',
      signed: ({ body, headers }) => {
        const time = headers.get('x-time');
        return time === undefined ? undefined : [`${time}.`, body];
      },
      timestampMs: ({ headers }) => Number(headers.get('x-time')) * 1000,
    });
    const at = (seconds: number | string) =>
      timed(
        delivery('b', {
          'x-time': String(seconds),
          'x-signature': createHmac('sha256', 's').update(`${seconds}.b`).digest('hex'),
        }),
        ['s'],
      );
    const now = receivedAt.getTime() / 1000;

    expect([at(now), at(now - 300), at(now + 300)]).toEqual(['valid', 'valid', 'valid']);
    expect([at(now - 301), at(now + 301)]).toEqual(['stale', 'stale']);
    expect(at('soon')).toBe('invalid');
    expect(timed(delivery('b', { 'x-signature': 'x' }), ['s'])).toBe('missing');
  });
});

describe('tokenProof', () => {
  it('wants the very secret', () => {
    const verify = tokenProof('X-Gitlab-Token');

    expect(verify(delivery('', { 'x-gitlab-token': 'b' }), ['a', 'b'])).toBe('valid');
    expect(verify(delivery('', { 'x-gitlab-token': 'c' }), ['a', 'b'])).toBe('invalid');
    expect(verify(delivery('', {}), ['a'])).toBe('missing');
  });
});

describe('sameText', () => {
  it('is equality', () => {
    fc.assert(fc.property(fc.string(), fc.string(), (a, b) => sameText(a, b) === (a === b) && sameText(a, a)));
  });
});
