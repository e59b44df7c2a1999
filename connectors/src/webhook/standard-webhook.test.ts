import { standardWebhook } from '@inthub/connector-sdk';
import { createTestDelivery } from '@inthub/connector-sdk/testing';
import fc from 'fast-check';
import { Webhook } from 'standardwebhooks';
import { describe, expect, it } from 'vitest';

const { verify, deliveryId, createSecret } = standardWebhook();
const receivedAt = new Date('2026-11-21T10:00:00Z');
const one = createSecret(new Uint8Array(32).fill(1));
const two = createSecret(new Uint8Array(32).fill(2));
const seconds = (date: Date) => String(Math.floor(date.getTime() / 1000));

function delivery(body: string, signature: string, at = receivedAt, prefix = 'webhook') {
  return createTestDelivery({
    body,
    receivedAt,
    headers: { [`${prefix}-id`]: 'msg_1', [`${prefix}-timestamp`]: seconds(at), [`${prefix}-signature`]: signature },
  });
}

describe('standardWebhook', () => {
  it('takes what the reference library signs, with either secret, and whatever the body', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (body) => {
        const signature = new Webhook(one).sign('msg_1', receivedAt, body);
        expect(verify(delivery(body, signature), [two, one])).toBe('valid');
        expect(verify(delivery(body, signature), [two])).toBe('invalid');
        expect(verify(delivery(`${body}x`, signature), [one])).toBe('invalid');
      }),
    );
  });

  it('takes one right signature of several, and passes over what it does not know', () => {
    const right = new Webhook(one).sign('msg_1', receivedAt, '{}');
    const other = new Webhook(two).sign('msg_1', receivedAt, '{}');

    expect(verify(delivery('{}', `v1a,AAAA ${other} ${right}`), [one])).toBe('valid');
    expect(verify(delivery('{}', `${right}`.replace('v1,', 'v2,')), [one])).toBe('invalid');
    expect(verify(delivery('{}', `${other} `.repeat(100) + right), [one])).toBe('invalid');
    expect(verify(delivery('{}', right, receivedAt, 'svix'), [one])).toBe('valid');
  });

  it('finds old times stale and signs with the id', () => {
    const late = new Date(receivedAt.getTime() - 301_000);
    const signature = new Webhook(one).sign('msg_1', late, '{}');

    expect(verify(delivery('{}', signature, late), [one])).toBe('stale');
    expect(verify(delivery('{}', new Webhook(one).sign('msg_2', receivedAt, '{}')), [one])).toBe('invalid');
    expect(deliveryId(delivery('{}', signature))).toBe('msg_1');
    expect(verify(createTestDelivery({ body: '{}' }), [one])).toBe('missing');
  });
});
