import { describe, expect, it } from 'vitest';
import { startBench } from '../testing/run-cli.ts';
import { ids } from '../testing/samples.ts';

const at = '2026-11-20T08:00:00.000Z';
const event = {
  id: '0190a3a0-0000-7000-8000-000000000001',
  type: 'github.pr.opened',
  source: 'hub',
  tenantId: ids.tenant,
  timestamp: at,
  data: { number: 7 },
  correlationId: 'r',
  metadata: { connectorId: null, connectorVersion: null, deliveryAttempt: 0 },
};
const letter = {
  id: '0190a3a0-0000-7000-8000-000000000002',
  kind: 'event',
  consumer: 'webhooks-out',
  subscriptionId: null,
  deliveryStatus: null,
  eventType: event.type,
  event,
  attempts: 6,
  error: 'internal: no good',
  deadAt: at,
  redrives: 0,
};
const page = (...items: unknown[]) => ({ items, nextCursor: null });

describe('inthub events', () => {
  it('lists events by pattern and source', async () => {
    const { run, hub } = await startBench({ listEvents: () => page(event) });

    const { stdout } = await run(['events', 'list', '--type', 'github.*', '--integration', 'hub']);

    expect(stdout).toMatch(/2026-11-20 08:00:00Z +github\.pr\.opened +hub/);
    expect(hub.requests.at(-1)?.query).toMatchObject({ type: 'github.*', source: 'hub' });
  });

  it('shows one', async () => {
    const { run } = await startBench({ getEvent: () => event });

    expect(JSON.parse((await run(['--json', 'events', 'show', event.id])).stdout)).toEqual(event);
  });
});

describe('inthub dead-letters', () => {
  it('lists them with the last error', async () => {
    const { run } = await startBench({ listDeadLetters: () => page(letter) });

    const { stdout } = await run(['dead-letters', 'list', '--consumer', 'webhooks-out']);

    expect(stdout).toMatch(/event +webhooks-out +github\.pr\.opened +6 +internal: no good/);
  });

  it('lists deliveries beside events, and only them when asked', async () => {
    const delivery = {
      ...letter,
      kind: 'delivery',
      consumer: null,
      subscriptionId: ids.tenant,
      deliveryStatus: 'exhausted',
      event: null,
      error: 'provider_rejected: The endpoint answered 500.',
      redrives: null,
    };
    const { run, hub } = await startBench({ listDeadLetters: () => page(delivery) });

    const { stdout } = await run(['dead-letters', 'list', '--kind', 'delivery', '--subscription', ids.tenant]);

    expect(stdout).toMatch(new RegExp(`delivery +${ids.tenant} +github\\.pr\\.opened +6 +provider_rejected`));
    expect(hub.requests.at(-1)?.query).toMatchObject({ kind: 'delivery', subscriptionId: ids.tenant });
  });

  it('counts first and sends again at a pace', async () => {
    const { run, hub } = await startBench({
      redriveDeadLetters: ({ body }) => ({
        count: 3,
        events: 1,
        deliveries: 2,
        more: false,
        dryRun: (body as { dryRun?: boolean }).dryRun ?? false,
      }),
    });

    expect((await run(['dead-letters', 'redrive', '--type', 'github.*', '--dry-run'])).stdout).toContain(
      '3 (1 events, 2 deliveries) would be sent again.',
    );
    expect((await run(['dead-letters', 'redrive', letter.id, '--pace', '20'])).stdout).toContain(
      '3 (1 events, 2 deliveries) sent again.',
    );
    expect(hub.requests.map(({ body }) => body)).toEqual([
      { filter: { type: 'github.*' }, dryRun: true },
      { filter: { ids: [letter.id] }, pacePerSecond: 20 },
    ]);
  });

  it('deletes those that match', async () => {
    const { run } = await startBench({
      dropDeadLetters: () => ({ count: 1, events: 1, deliveries: 0, more: true, dryRun: false }),
    });

    expect((await run(['dead-letters', 'drop', '--source', 'hub'])).stdout).toContain(
      '1 (1 events, 0 deliveries) given up. More match',
    );
  });
});

describe('inthub retention and expiries', () => {
  const setting = { kind: 'audit', keepDays: null, defaultDays: null, leastDays: 30, changedAt: null, changedBy: null };

  it('lists and sets how long things are kept', async () => {
    const { run, hub } = await startBench({
      listRetention: () => ({ items: [setting] }),
      setRetention: () => ({ ...setting, keepDays: 365 }),
    });

    expect((await run(['retention', 'list'])).stdout).toMatch(/audit +for ever +for ever/);
    expect((await run(['retention', 'set', 'audit', '365'])).stdout).toContain('audit: kept 365 days.');
    expect(hub.requests.at(-1)?.body).toEqual({ keepDays: 365 });
    expect((await run(['retention', 'set', 'audit', 'some'])).stderr).toContain('whole number');
  });

  it('lists what runs out', async () => {
    const { run } = await startBench({
      listExpiries: () =>
        page({
          kind: 'credential',
          subjectId: ids.key,
          integrationId: ids.key,
          connectorId: 'oci',
          expiresAt: at,
          daysLeft: 3,
        }),
    });

    expect((await run(['expiries', '--before', '30d'])).stdout).toMatch(/2026-11-20 08:00:00Z +3 +credential +oci/);
  });
});
