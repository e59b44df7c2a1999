import { createHmac } from 'node:crypto';
import { createTestDelivery, type WebhookSample, webhookConformance } from '@inthub/connector-sdk/testing';
import { describe, expect, it } from 'vitest';
import { jira } from './connector.ts';
import { jiraWebhook } from './webhooks.ts';

const issue = {
  id: '10002',
  key: 'PROJ-1',
  fields: { summary: 'Broken', status: { name: 'In Progress' }, project: { id: '20000', key: 'PROJ' } },
};
const user = { accountId: '5b10', displayName: 'Ada' };
const delivered = (webhookEvent: string, more: object = {}) => ({
  timestamp: 1_700_000_000_000,
  webhookEvent,
  user,
  issue,
  ...more,
});
const changelog = (field: string) => ({
  changelog: { id: '1', items: [{ field, fromString: 'To Do', toString: 'In Progress' }] },
});
const headers = { 'x-atlassian-webhook-identifier': '9dbf3a72-2f4b-4a3e-8b1f-0d2e5c6a7b8c' };

const samples: readonly WebhookSample[] = [
  {
    name: 'a new issue',
    body: delivered('jira:issue_created'),
    headers,
    events: ['jira.issue.created'],
    deliveryId: headers['x-atlassian-webhook-identifier'],
    kind: 'jira:issue_created',
  },
  { name: 'a new title', body: delivered('jira:issue_updated', changelog('summary')), events: ['jira.issue.updated'] },
  {
    name: 'another status',
    body: delivered('jira:issue_updated', changelog('status')),
    events: ['jira.issue.updated', 'jira.issue.transitioned'],
  },
  { name: 'a deleted issue', body: delivered('jira:issue_deleted'), events: ['jira.issue.deleted'] },
  {
    name: 'a comment',
    body: delivered('comment_created', { user: undefined, comment: { id: '7', body: 'hi', author: user } }),
    events: ['jira.comment.created'],
  },
  {
    name: 'a project',
    body: { timestamp: 1, webhookEvent: 'project_created', project: { id: 20_001, key: 'NEW' } },
    events: ['jira.project.created'],
  },
  {
    name: 'a very long description',
    body: delivered('jira:issue_updated', { ...changelog('description'), x: '\u0001日'.repeat(90_000) }),
    events: ['jira.issue.updated'],
  },
];

webhookConformance({
  connector: jira,
  definition: jiraWebhook,
  sign: (body, secret) => ({ 'x-hub-signature': `sha256=${createHmac('sha256', secret).update(body).digest('hex')}` }),
  samples,
  unknown: { body: delivered('worklog_created'), kind: 'worklog_created' },
});

describe("Jira's deliveries", () => {
  // Section "Secure admin webhooks" of developer.atlassian.com/cloud/jira/platform/webhooks.
  it("accepts the signature of Atlassian's own example", async () => {
    const delivery = createTestDelivery({
      body: 'Hello World!',
      headers: { 'x-hub-signature': 'sha256=a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9' },
    });

    expect(await jiraWebhook.verify(delivery, ["It's a Secret to Everybody"])).toBe('valid');
  });

  it('tells which issue, of which project, by whom, and what changed', async () => {
    const dataOf = async (at: number) =>
      (await jiraWebhook.translate(createTestDelivery({ body: samples[at]?.body })))[0]?.data;

    expect(await dataOf(2)).toMatchObject({
      issueId: '10002',
      key: 'PROJ-1',
      title: 'Broken',
      status: 'In Progress',
      projectId: '20000',
      projectKey: 'PROJ',
      actor: '5b10',
      actorName: 'Ada',
      occurredAt: '2023-11-14T22:13:20.000Z',
      changes: [{ field: 'status', from: 'To Do', to: 'In Progress' }],
    });
    expect(await dataOf(4)).toMatchObject({ key: 'PROJ-1', commentId: '7', actor: '5b10' });
    expect(await dataOf(5)).toMatchObject({ projectId: '20001', projectKey: 'NEW' });
    expect(await dataOf(6)).toMatchObject({ key: 'PROJ-1', payload: null });
  });
});
