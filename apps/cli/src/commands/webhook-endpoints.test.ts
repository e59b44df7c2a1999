import { describe, expect, it } from 'vitest';
import { startBench } from '../testing/run-cli.ts';
import { ids, sampleIntegration } from '../testing/samples.ts';

const at = '2026-11-20T08:00:00.000Z';
const endpoint = {
  id: ids.other,
  integrationId: ids.integration,
  webhookId: 'harbor.project',
  url: `https://hub.example.com/v1/webhooks/${ids.integration}`,
  proof: 'token',
  events: ['harbor.artifact.pushed'],
  registration: null,
  createdAt: at,
  createdBy: 'me',
  rotatedAt: null,
  previousSecretUntil: null,
};
const delivery = {
  id: ids.other,
  integrationId: ids.integration,
  endpointId: ids.other,
  webhookId: 'harbor.project',
  externalId: null,
  kind: 'PUSH_ARTIFACT',
  receivedAt: at,
  bytes: 12,
  status: 'untranslated',
  attempts: 1,
  eventTypes: [],
  error: null,
  settledAt: at,
};
const integration = { getIntegration: () => sampleIntegration() };

describe('inthub webhooks endpoints', () => {
  it('shows the secret alone on stdout, and where to send to beside it', async () => {
    const { hub, run } = await startBench({
      ...integration,
      createWebhookEndpoint: () => ({
        ...endpoint,
        registration: { target: 'library', externalId: '7' },
        secret: 'the-secret',
      }),
    });

    const { stdout, stderr } = await run([
      'webhooks',
      'endpoints',
      'create',
      ids.integration,
      '--register',
      'library',
      '--event',
      'harbor.artifact.pushed',
    ]);

    expect(stdout.trim()).toBe('the-secret');
    expect(stderr).toContain(endpoint.url);
    expect(stderr).toContain('The hub has made the webhook at the product');
    expect(hub.requests.at(-1)?.body).toEqual({ events: ['harbor.artifact.pushed'], register: { target: 'library' } });
  });

  it('shows the whole address where it holds the secret', async () => {
    const url = `${endpoint.url}/the-secret`;
    const { run } = await startBench({
      ...integration,
      rotateWebhookEndpoint: () => ({ ...endpoint, proof: 'url', url, secret: 'the-secret' }),
    });

    expect((await run(['webhooks', 'endpoints', 'rotate', ids.integration, ids.other])).stdout.trim()).toBe(url);
  });

  it('lists and removes', async () => {
    const { hub, run } = await startBench({
      ...integration,
      listWebhookEndpoints: () => ({ items: [endpoint] }),
      deleteWebhookEndpoint: () => null,
    });

    expect((await run(['webhooks', 'endpoints', 'list', ids.integration])).stdout).toContain('harbor.project');
    await run(['webhooks', 'endpoints', 'remove', ids.integration, ids.other, '--keep-registration']);
    expect(hub.requests.at(-1)?.query).toEqual({ keepRegistration: 'true' });
  });
});

describe('inthub webhooks received', () => {
  it('lists by status, and has deliveries translated again', async () => {
    const { hub, run } = await startBench({
      ...integration,
      listInboundDeliveries: () => ({ items: [delivery], nextCursor: null }),
      translateInboundDeliveries: () => ({ requeued: 3 }),
      translateInboundDelivery: () => ({ requeued: 1 }),
    });

    const list = await run(['webhooks', 'received', 'list', ids.integration, '--status', 'untranslated']);
    expect(list.stdout).toMatch(/PUSH_ARTIFACT +untranslated/);
    expect(hub.requests.at(-1)?.query).toMatchObject({ status: 'untranslated' });
    expect((await run(['webhooks', 'received', 'translate', ids.integration])).stdout).toContain('3 deliveries');
    expect((await run(['webhooks', 'received', 'translate', ids.integration, ids.other])).stdout).toContain('1 ');
  });
});
