import { describe, expect, it } from 'vitest';
import type { HubRequest } from '../testing/fake-hub.ts';
import { startBench } from '../testing/run-cli.ts';

const id = '01890000-0000-7000-8000-000000000001';
const deliveryId = '01890000-0000-7000-8000-0000000000d1';
const at = '2026-11-21T10:00:00.000Z';
const subscription = (more: object = {}) => ({
  id,
  name: 'billing',
  url: 'https://example.com/hook',
  events: ['github.*'],
  sources: null,
  filter: null,
  headerNames: ['x-team'],
  contentType: 'application/json',
  signing: ['standard'],
  retryPolicy: { preset: 'short' },
  limits: { perSecond: null, concurrency: 10 },
  ordering: null,
  onChange: 'use-latest',
  disabling: null,
  timeoutMs: 15_000,
  active: true,
  disabledReason: null,
  disabledAt: null,
  keys: [],
  revision: 1,
  version: 4,
  createdAt: at,
  createdBy: 'ada',
  modifiedAt: at,
  modifiedBy: 'ada',
  lastDeliveryAt: null,
  totalDeliveries: 7,
  totalFailures: 2,
  endpoint: {
    failing: true,
    consecutiveFailures: 5,
    blockedUntil: at,
    lastSuccessAt: null,
    lastError: 'It answered 500.',
  },
  ...more,
});
const delivery = (more: object = {}) => ({
  id: deliveryId,
  subscriptionId: id,
  eventId: id,
  eventType: 'github.pr.opened',
  eventAt: at,
  status: 'exhausted',
  revision: 1,
  attempts: 4,
  responseStatus: 500,
  errorCode: 'http_500',
  orderKey: null,
  nextAttemptAt: null,
  finishedAt: at,
  ...more,
});
const detail = (more: object = {}) => ({ ...delivery(more), blockedBy: null, attemptLog: [] });
const operations = {
  listWebhookSubscriptions: () => ({ items: [subscription()], nextCursor: null }),
  getWebhookSubscription: () => subscription(),
  createWebhookSubscription: () => ({ ...subscription(), secret: 'whsec_shown-once', publicKey: null }),
  changeWebhookSubscription: () => subscription({ revision: 2 }),
  rotateWebhookSecret: () => ({ ...subscription(), secret: 'whsec_new', publicKey: null }),
  enableWebhookSubscription: () => subscription(),
  deleteWebhookSubscription: () => undefined,
  testWebhookSubscription: () => detail({ eventType: 'webhook.test' }),
  listWebhookDeliveries: () => ({ items: [delivery()], nextCursor: null }),
  getWebhookDelivery: () => detail(),
  resendWebhookDelivery: () => delivery({ status: 'pending' }),
  recoverWebhookDeliveries: () => ({ failed: 2, missing: 3, more: false }),
  listDeadWebhookDeliveries: () => ({ items: [delivery()], nextCursor: null }),
  redriveDeadWebhookDeliveries: () => ({ count: 1, more: true }),
};
const bodyOf = (requests: readonly HubRequest[], operation: string) =>
  requests.find((one) => one.operation === operation)?.body;

describe('inthub webhooks', () => {
  it('creates a subscription and prints its secret alone', async () => {
    const { hub, run } = await startBench(operations);

    const { code, stdout, stderr } = await run([
      ...['webhooks', 'create', '--endpoint', 'https://example.com/hook', '--event', 'github.*', '--retry', 'day'],
      ...['--filter', '{"at":"/action","equals":"opened"}', '--sign', 'standard', 'github', '--ordered-by', 'source'],
    ]);

    expect({ code, stdout }).toEqual({ code: 0, stdout: 'whsec_shown-once\n' });
    expect(stderr).toContain('not shown again');
    expect(bodyOf(hub.requests, 'createWebhookSubscription')).toEqual({
      url: 'https://example.com/hook',
      events: ['github.*'],
      filter: { at: '/action', equals: 'opened' },
      signing: ['standard', 'github'],
      retryPolicy: { preset: 'day' },
      ordering: { key: 'source', onExhausted: 'block' },
    });
  });

  it('changes by name, with the version that it read', async () => {
    const { hub, run } = await startBench(operations);

    expect((await run(['webhooks', 'change', 'billing', '--per-second', '5'])).code).toBe(0);

    const sent = hub.requests.find(({ operation }) => operation === 'changeWebhookSubscription');
    expect(sent?.headers['if-match']).toBe('"4"');
    expect(sent?.body).toEqual({ limits: { perSecond: 5 } });
  });

  it('shows subscriptions, deliveries and dead letters', async () => {
    const { run } = await startBench(operations);

    expect((await run(['webhooks', 'list'])).stdout).toMatch(/billing.*failing/);
    expect((await run(['webhooks', 'show', 'billing'])).stdout).toContain('It answered 500.');
    expect(
      (await run(['webhooks', 'deliveries', 'billing', '--status', 'exhausted', '--since', '24h'])).stdout,
    ).toContain('github.pr.opened');
    expect((await run(['webhooks', 'delivery', 'billing', deliveryId])).stdout).toContain('exhausted');
    expect((await run(['webhooks', 'dead'])).stdout).toContain(deliveryId);
  });

  it('sends again: one, a time, or all that is dead', async () => {
    const { hub, run } = await startBench(operations);

    expect((await run(['webhooks', 'resend', 'billing', deliveryId])).stdout).toContain('is pending');
    const recovered = await run(['webhooks', 'recover', 'billing', '--since', '2h', '--dry-run']);
    const redriven = await run(['webhooks', 'redrive', '--subscription', 'billing', '--pace', '50']);

    expect(recovered.stdout).toBe('2 failed and 3 missing would be sent.\n');
    expect(bodyOf(hub.requests, 'recoverWebhookDeliveries')).toEqual({
      since: '2026-11-21T08:15:30.000Z',
      dryRun: true,
    });
    expect(redriven.stdout).toContain('1 will be sent again. There is more');
    expect(bodyOf(hub.requests, 'redriveDeadWebhookDeliveries')).toEqual({ subscriptionId: id, pacePerSecond: 50 });
  });

  it('fails where the endpoint does not accept a test, and says what it cannot find', async () => {
    const { run } = await startBench(operations);

    expect((await run(['webhooks', 'test', 'billing'])).code).toBe(1);
    const unknown = await run(['webhooks', 'enable', 'nothing']);
    expect(unknown.code).toBe(5);
    expect(unknown.stderr).toContain('There is no subscription "nothing"');
    expect((await run(['webhooks', 'rotate-secret', 'billing', '--overlap-hours', '1'])).stdout).toBe('whsec_new\n');
    expect((await run(['webhooks', 'delete', 'billing'])).stdout).toContain('is deleted');
  });
});
