/** An ordered reader of a real NATS server: the stream keeps the log's order for each source only, and one that starts anew begins where it was. */
import { createId, type IntegrationEvent, systemClock } from '@inthub/contracts';
import { type Nats, peersOrSkip, startNats } from '@inthub/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type OpenTestDatabase, openTestDatabase } from '../../database/testing.ts';
import { logStart } from './log-repository.ts';
import { createNatsTransport, type RelayingTransport } from './nats-transport.ts';

const peers = await peersOrSkip(['nats-server']);

describe.skipIf(peers.skip)(peers.label('an ordered reader of NATS'), () => {
  let nats: Nats;
  let test: OpenTestDatabase;
  let transport: RelayingTransport;
  const stopping = new AbortController();

  beforeAll(async () => {
    nats = await startNats();
    test = await openTestDatabase();
    transport = createNatsTransport({ url: nats.url, database: test.database, clock: systemClock });
  });
  afterAll(async () => {
    stopping.abort();
    await transport?.close();
    await nats?.stop();
    await test?.close();
  });

  const eventOf = (type: string, source: string): IntegrationEvent => ({
    id: createId(),
    type,
    source,
    tenantId: createId(),
    timestamp: '2026-11-21T10:00:00.000Z',
    data: {},
    correlationId: 'c',
    metadata: { connectorId: null, connectorVersion: null, deliveryAttempt: 0 },
  });
  const relay = (event: IntegrationEvent, seq: string) =>
    transport.relay(event, { signal: stopping.signal, position: { xactId: '7', seq } });
  const open = () =>
    transport.open({ consumer: 'reader', pattern: 'any', ordered: true, after: logStart, patienceMs: 1_000 });

  async function read(count: number): Promise<string[]> {
    const source = await open();
    const types: string[] = [];
    while (types.length < count) {
      for (const entry of await source.read(10, stopping.signal)) {
        types.push(entry.event?.type ?? '');
        entry.acknowledge?.();
      }
    }
    await source.close();
    return types;
  }

  it('hands over what a slower source put into the stream late, and nothing twice when it starts anew', async () => {
    await relay(eventOf('a.second', 's2'), '2');
    await relay(eventOf('a.first', 's1'), '1');
    expect(await read(2)).toEqual(['a.second', 'a.first']);

    // Twice without anything to read: the server knows of no acknowledgement of the reader that came in between.
    for (let n = 0; n < 2; n += 1) {
      const idle = await open();
      const soon = AbortSignal.timeout(300);
      expect(await idle.read(10, soon)).toEqual([]);
      await idle.close();
    }
    await relay(eventOf('a.third', 's1'), '3');

    expect(await read(1)).toEqual(['a.third']);
  });
});
