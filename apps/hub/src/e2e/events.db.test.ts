/** Events over HTTP: list, get, CloudEvents, the live stream, dead letters. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { adminKey, startTestHub, type TestHub } from './testing.ts';

let hub: TestHub;
let count = 0;
let isStopped = false;
const patient = { timeout: 20_000, interval: 20 };

beforeAll(async () => {
  hub = await startTestHub();
});
afterAll(async () => {
  if (!isStopped) await hub.stop();
});

/** Something that writes events: `integration.created` with its id as the source. */
async function install(): Promise<string> {
  count += 1;
  const { body, text, status } = await hub.call('POST', '/api/v1/integrations', {
    type: 'registry.oci',
    name: `events ${count}`,
    config: { endpoint: 'https://registry.example', authMode: 'none' },
  });
  expect(status, text).toBe(201);
  return body.id as string;
}

interface Stream {
  readonly status: number;
  readonly text: () => string;
  readonly ended: () => boolean;
  close(): void;
}

async function follow(query = '', headers: Record<string, string> = {}): Promise<Stream> {
  const abort = new AbortController();
  const response = await fetch(`${hub.url}/api/v1/events/stream${query}`, {
    signal: abort.signal,
    headers: { authorization: `Bearer ${adminKey}`, ...headers },
  });
  let text = '';
  let ended = false;
  const read = async () => {
    for await (const chunk of response.body ?? []) text += new TextDecoder().decode(chunk);
  };
  read()
    .catch(() => undefined)
    .finally(() => {
      ended = true;
    });
  return { status: response.status, text: () => text, ended: () => ended, close: () => abort.abort() };
}

const idsIn = (text: string) => [...text.matchAll(/^id: (.+)$/gm)].map(([, id]) => id);

describe('events', () => {
  it('are listed by pattern and source, and read one by one', async () => {
    const source = await install();
    const { body } = await hub.call('GET', `/api/v1/events?source=${source}&type=integration.*`);
    const [event] = body.items;

    expect(body.items).toHaveLength(1);
    expect(event).toMatchObject({ type: 'integration.created', source, metadata: { deliveryAttempt: 0 } });
    expect((await hub.call('GET', `/api/v1/events/${event.id}`)).body).toEqual(event);
    expect((await hub.call('GET', '/api/v1/events/0190a3a0-0000-7000-8000-000000000000')).status).toBe(404);
    expect((await hub.call('GET', '/api/v1/events?type=*.created')).status).toBe(400);
    expect((await hub.call('GET', '/api/v1/events', undefined, { authorization: 'Bearer nobody' })).status).toBe(401);
  });

  it('come as CloudEvents to those who ask', async () => {
    const source = await install();
    const accept = { accept: 'application/cloudevents+json' };
    const { body, headers } = await hub.call('GET', `/api/v1/events?source=${source}`, undefined, accept);
    const one = await hub.call('GET', `/api/v1/events/${body.items[0].id}`, undefined, accept);

    expect(headers.get('content-type')).toContain('application/cloudevents+json');
    expect(one.headers.get('content-type')).toContain('application/cloudevents+json');
    expect(one.body).toEqual(body.items[0]);
    expect(one.body).toMatchObject({
      specversion: '1.0',
      type: 'integration.created',
      source: `/integrations/${source}`,
      datacontenttype: 'application/json',
    });
    // CloudEvents 1.0 §3.1: attribute names are lower-case letters and digits.
    for (const name of Object.keys(one.body)) expect(name).toMatch(/^[a-z0-9]{1,20}$/);
  });

  it('are followed live, by filter, and resumed where the reader was', async () => {
    const all = await follow('?type=integration.*');
    expect(all.status).toBe(200);
    const first = await install();
    const none = await follow('?source=hub');
    await expect.poll(() => idsIn(all.text()).length, patient).toBe(1);
    const [lastSeen] = idsIn(all.text());
    all.close();

    const second = await install();
    const third = await install();
    const resumed = await follow('?type=integration.created', { 'last-event-id': lastSeen ?? '' });
    await expect.poll(() => idsIn(resumed.text()).length, patient).toBe(2);
    const fourth = await install();
    await expect.poll(() => idsIn(resumed.text()).length, patient).toBe(3);
    for (const id of [second, third, fourth]) expect(resumed.text()).toContain(`"source":"${id}"`);
    expect(new Set(idsIn(resumed.text())).size).toBe(3);
    expect(idsIn(none.text())).toEqual([]);
    expect(all.text()).toContain(first);
    resumed.close();
    none.close();
  });

  it('refuses an unknown place to go on from', async () => {
    const unknown = await follow('', { 'last-event-id': '0190a3a0-0000-7000-8000-000000000000' });
    expect(unknown.status).toBe(404);
  });

  it('has no dead letters, and says what is wrong with a filter', async () => {
    expect((await hub.call('GET', '/api/v1/dead-letters')).body).toEqual({ items: [], nextCursor: null });
    const redriven = await hub.call('POST', '/api/v1/dead-letters/redrive', { filter: { type: '*' }, dryRun: true });
    expect(redriven.body).toEqual({ count: 0, events: 0, deliveries: 0, more: false, dryRun: true });
    expect((await hub.call('POST', '/api/v1/dead-letters/drop', { filter: {} })).body).toMatchObject({
      code: 'invalid_request',
    });
  });

  it('lets a platform admin say how long things are kept, and shows what runs out', async () => {
    const changed = await hub.call('PUT', '/api/v1/retention/events', { keepDays: 120 });
    expect(changed.body, changed.text).toMatchObject({ kind: 'events', keepDays: 120, defaultDays: 90 });
    const { body } = await hub.call('GET', '/api/v1/retention');
    expect(body.items.find(({ kind }: { kind: string }) => kind === 'events').keepDays).toBe(120);
    expect((await hub.call('PUT', '/api/v1/retention/events', { keepDays: 1 })).status).toBe(400);
    expect((await hub.call('PUT', '/api/v1/retention/nothing', { keepDays: 9 })).status).toBe(404);
    const { body: audit } = await hub.call('GET', '/api/v1/audit?action=retention.set');
    expect(audit.items).toMatchObject([{ target: { id: 'events' }, after: { keepDays: 120 } }]);
    expect((await hub.call('GET', '/api/v1/expiries')).body).toEqual({ items: [], nextCursor: null });
  });

  it('serves so many streams a tenant, and ends them when it stops', { timeout: 90_000 }, async () => {
    const open = () => fetch(`${hub.url}/api/v1/events/stream`, { headers: { authorization: `Bearer ${adminKey}` } });
    // Those of the tests before may not be gone yet.
    const streams: Response[] = [];
    const openOne = async () => {
      const response = await open();
      if (response.status === 200) streams.push(response);
      return response.status;
    };
    await expect.poll(async () => (await openOne()) === 429 && streams.length === 20, patient).toBe(true);
    await streams[0]?.body?.cancel();
    await expect.poll(openOne, patient).toBe(200);
    const texts = streams.slice(1).map((stream) => stream.text());
    await hub.stop();
    isStopped = true;

    for (const text of await Promise.all(texts)) expect(text).toContain('event: cut_off\ndata: {"reason":"closing"}');
  });
});
