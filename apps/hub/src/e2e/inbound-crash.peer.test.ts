import { createId } from '@inthub/contracts';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CrashRig, rounds, startCrashRig } from './crash-rig.ts';

// Killed while deliveries pour in. For long: `npm run crash:ingest -- --rounds 50`.
const senders = 8;
/** A dead worker's leases last 15 s; the rest is for a machine that is busy. */
const patience = { timeout: 180_000, interval: 500 };

let rig: CrashRig;
let integrationId: string;
let target: { path: string; secret: string };
/** Message ids that the hub has answered with 2xx. */
const acknowledged = new Set<string>();

/** Sends one; true when it was acknowledged, false when the hub was gone or refused for the moment. */
async function send(id: string): Promise<boolean> {
  const body = JSON.stringify({ type: 'order.paid', data: { id, text: 'x'.repeat(4_000) } });
  const now = new Date();
  const headers = {
    'content-type': 'application/json',
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(now.getTime() / 1000)),
    'webhook-signature': new Webhook(target.secret).sign(id, now, body),
  };
  try {
    const response = await fetch(`${rig.url}${target.path}`, { method: 'POST', headers, body });
    await response.arrayBuffer();
    if (response.ok) acknowledged.add(id);
    return response.ok;
  } catch {
    return false;
  }
}

/** Sends until the hub dies: each sender stops at its first failure. Tells how many were acknowledged. */
async function pour(untilKilled: (acknowledgedNow: number) => void): Promise<number> {
  let count = 0;
  const lane = async () => {
    while (await send(createId<string>())) {
      count += 1;
      untilKilled(count);
    }
  };
  await Promise.all(Array.from({ length: senders }, lane));
  return count;
}

/** How often each message has become an event. */
async function eventsByMessage(): Promise<Map<string, number>> {
  const found = new Map<string, number>();
  let cursor: string | null = null;
  do {
    const query: string = `limit=500${cursor === null ? '' : `&cursor=${cursor}`}`;
    const page = await rig.call('GET', `/connectors/instances/${integrationId}/events?${query}`);
    for (const { type, data: event } of page.items) {
      if (type === 'webhook.event.received') found.set(event.id, (found.get(event.id) ?? 0) + 1);
    }
    cursor = page.nextCursor;
  } while (cursor !== null);
  return found;
}

beforeAll(async () => {
  rig = await startCrashRig('inbound-crash');
  const config = { endpoint: 'http://webhook.invalid', authMode: 'none' };
  ({ id: integrationId } = await rig.call('POST', '/integrations', {
    type: 'custom.webhook',
    name: 'receiver',
    config,
  }));
  await rig.call('POST', `/integrations/${integrationId}/submit`, {});
  await rig.call('POST', `/integrations/${integrationId}/test`, {});
  const endpoint = await rig.call('POST', `/integrations/${integrationId}/webhooks`, {});
  target = { path: new URL(endpoint.url).pathname, secret: endpoint.secret };
}, 180_000);
afterAll(() => rig?.stop());

describe('deliveries while the hub is killed', () => {
  it(`become their events exactly once, whatever was acknowledged, in ${rounds} rounds`, {
    timeout: 240_000 + rounds * 60_000,
  }, async () => {
    for (let round = 0; round < rounds; round += 1) {
      // Another place each time: from the first batches to deep in the flood.
      const killAfter = 5 + ((round * 37) % 200);
      let isKilled = false;
      const count = await pour((acknowledgedNow) => {
        if (isKilled || acknowledgedNow < killAfter) return;
        isKilled = true;
        rig.killHub();
      });
      await rig.hub.ended;
      expect(count).toBeGreaterThanOrEqual(killAfter);
      await rig.startHub();
    }

    const missing = async () => {
      const found = await eventsByMessage();
      return [...acknowledged].filter((id) => !found.has(id));
    };
    await expect.poll(missing, patience).toEqual([]);
    const twice = [...(await eventsByMessage())].filter(([, times]) => times > 1);
    expect(twice).toEqual([]);
    // Sent again, as a provider does that has not seen the answer: nothing happens a second time.
    const [again] = acknowledged;
    expect(await send(again as string)).toBe(true);
    expect((await eventsByMessage()).get(again as string)).toBe(1);
  });
});
