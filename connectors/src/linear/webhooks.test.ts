import { createHmac } from 'node:crypto';
import { createTestDelivery, type WebhookSample, webhookConformance } from '@inthub/connector-sdk/testing';
import { LinearWebhookClient } from '@linear/sdk/webhooks';
import { describe, expect, it } from 'vitest';
import { linear } from './connector.ts';
import { linearWebhook } from './webhooks.ts';

const receivedAt = new Date('2026-11-21T10:00:00.000Z');
const delivered = (type: string, action: string, data: object, more: object = {}, at = receivedAt) => ({
  action,
  type,
  actor: { id: 'u1', name: 'Ada', type: 'user' },
  createdAt: '2026-11-21T09:59:59.000Z',
  data,
  url: 'https://linear.app/acme/issue/ENG-1',
  organizationId: 'o1',
  webhookTimestamp: at.getTime(),
  webhookId: 'w1',
  ...more,
});
const issue = {
  id: 'i1',
  identifier: 'ENG-1',
  title: 'Broken',
  teamId: 't1',
  state: { id: 's2', name: 'In Progress', type: 'started' },
};
const headers = { 'linear-delivery': '234d1a4e-b617-4388-90fe-adc3633d6b72', 'linear-event': 'Issue' };

const samples: readonly WebhookSample[] = [
  {
    name: 'a new issue',
    body: delivered('Issue', 'create', issue),
    headers,
    events: ['linear.issue.created'],
    deliveryId: headers['linear-delivery'],
    kind: 'Issue.create',
  },
  {
    name: 'a new title',
    body: delivered('Issue', 'update', issue, { updatedFrom: { title: 'Old' } }),
    events: ['linear.issue.updated'],
  },
  {
    name: 'another status',
    body: delivered('Issue', 'update', issue, { updatedFrom: { stateId: 's1', updatedAt: 'x' } }),
    events: ['linear.issue.updated', 'linear.issue.transitioned'],
  },
  { name: 'a deleted issue', body: delivered('Issue', 'remove', issue), events: ['linear.issue.deleted'] },
  {
    name: 'a comment',
    body: delivered('Comment', 'create', {
      id: 'c1',
      body: 'hello',
      issueId: 'i1',
      issue: { id: 'i1', identifier: 'ENG-1', title: 'Broken' },
    }),
    events: ['linear.comment.created'],
  },
  {
    name: 'a label',
    body: delivered('IssueLabel', 'remove', { id: 'l1', name: 'bug' }),
    events: ['linear.label.deleted'],
  },
  {
    name: 'a very long description',
    body: delivered('Issue', 'create', { ...issue, description: '\u0001日'.repeat(90_000) }),
    events: ['linear.issue.created'],
  },
];

/** The time is in the body, so it goes with the body; a stale one is told apart below. */
const sign = (body: Uint8Array, secret: string) => ({
  'linear-signature': createHmac('sha256', secret).update(body).digest('hex'),
});

webhookConformance({
  connector: linear,
  definition: linearWebhook,
  sign,
  samples,
  unknown: { body: delivered('OAuthApp', 'revoked', { id: 'x' }), kind: 'OAuthApp.revoked' },
});

const secret = 'linear-webhook-secret';
const deliver = (body: unknown) => {
  const bytes = Buffer.from(JSON.stringify(body));
  return createTestDelivery({ body: bytes, headers: sign(bytes, secret), receivedAt });
};

describe("Linear's deliveries", () => {
  it.each([
    [61_000, 'stale'],
    [-61_000, 'stale'],
    [59_000, 'valid'],
    [-59_000, 'valid'],
  ])('judges a signed time %d ms off as %s', async (offset, verdict) => {
    const body = delivered('Issue', 'create', issue, {}, new Date(receivedAt.getTime() + offset));

    expect(await linearWebhook.verify(deliver(body), [secret])).toBe(verdict);
  });

  it('does not accept a right signature without a time', async () => {
    expect(await linearWebhook.verify(deliver({ type: 'Issue', action: 'create', data: issue }), [secret])).toBe(
      'invalid',
    );
  });

  it("agrees with Linear's own verifier on signatures", async () => {
    const body = Buffer.from(JSON.stringify(delivered('Issue', 'create', issue, {}, new Date())));
    const client = new LinearWebhookClient(secret);

    for (const key of [secret, 'another-secret']) {
      const signature = sign(body, key)['linear-signature'];
      const ours = await linearWebhook.verify(
        createTestDelivery({ body, headers: { 'linear-signature': signature }, receivedAt: new Date() }),
        [secret],
      );
      const theirs = () => client.verify(body, signature);
      if (key === secret) expect(theirs()).toBe(true);
      else expect(theirs).toThrow();
      expect(ours).toBe(key === secret ? 'valid' : 'invalid');
    }
  });

  it('tells which issue, of which team, by whom, and what changed', async () => {
    const dataOf = async (at: number) => (await linearWebhook.translate(deliver(samples[at]?.body)))[0]?.data;

    expect(await dataOf(2)).toMatchObject({
      id: 'i1',
      issueId: 'i1',
      key: 'ENG-1',
      title: 'Broken',
      status: 'In Progress',
      projectId: 't1',
      actor: 'u1',
      changed: ['stateId', 'updatedAt'],
    });
    expect(await dataOf(4)).toMatchObject({ id: 'c1', issueId: 'i1', key: 'ENG-1' });
    expect(await dataOf(6)).toMatchObject({ key: 'ENG-1', payload: null });
  });
});
