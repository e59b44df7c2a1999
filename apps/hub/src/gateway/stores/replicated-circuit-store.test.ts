import { HubError } from '@inthub/contracts';
import { createFakeClock, type FakeClock } from '@inthub/testing';
import { describe, expect, it } from 'vitest';
import type { CircuitBackend, SharedCircuit } from './circuit-backend.ts';
import type { CircuitStore } from './circuit-store.ts';
import { createReplicatedCircuitStore } from './replicated-circuit-store.ts';

const settings = { failureThreshold: 2, successThreshold: 1, timeoutMs: 10_000, halfOpenMaxRequests: 1 };
const key = 'tenant/integration';

/** Keeps breakers in a map, and can be taken away. */
function createShelf(clock: FakeClock) {
  const shelf = { away: false, loads: 0, saves: 0, circuits: new Map<string, SharedCircuit>() };
  const nowMs = () => clock.now().getTime();
  const backend: CircuitBackend = {
    async load(keys) {
      shelf.loads += 1;
      if (shelf.away) throw new HubError('unavailable', 'Away.');
      const found = keys.flatMap((each) => {
        const circuit = shelf.circuits.get(each);
        return circuit === undefined ? [] : [[each, structuredClone(circuit)] as const];
      });
      return { nowMs: nowMs(), circuits: new Map(found) };
    },
    async save(each, { version, record, probes }) {
      shelf.saves += 1;
      if (shelf.away) throw new HubError('unavailable', 'Away.');
      const current = shelf.circuits.get(each);
      if ((current?.version ?? 0) !== version)
        return { saved: false, nowMs: nowMs(), current: structuredClone(current) };
      shelf.circuits.set(each, { version: version + 1, record: { ...record }, probes });
      return { saved: true, nowMs: nowMs() };
    },
  };
  return { shelf, backend };
}

function setUp() {
  const clock = createFakeClock();
  const { shelf, backend } = createShelf(clock);
  const logged: string[] = [];
  const note = (_: object, message: string) => void logged.push(message);
  const log = { debug: note, info: note, warn: note, error: note };
  const open = () => createReplicatedCircuitStore({ backend, clock, log });
  return { clock, shelf, logged, open };
}

async function call(store: CircuitStore, outcome: 'success' | 'failure'): Promise<string> {
  const admission = await store.admit(key, settings, 'call');
  return admission.admitted ? store.record(key, settings, admission.permit, outcome) : 'refused';
}

describe('shared breakers whose backend is away', () => {
  it('keep what was known last', async () => {
    const { clock, shelf, open } = setUp();
    const store = open();
    await call(store, 'failure');
    await call(store, 'failure');

    shelf.away = true;
    await clock.advance(9_000);

    expect(await call(store, 'success')).toBe('refused');
    expect(await call(open(), 'success')).toBe('closed');
  });

  it('go on changing here, and tell the others afterwards', async () => {
    const { clock, shelf, logged, open } = setUp();
    const store = open();
    await call(store, 'success');
    shelf.away = true;

    await call(store, 'failure');
    expect(await call(store, 'failure')).toBe('open');
    expect(await call(store, 'success')).toBe('refused');
    expect(shelf.circuits.size).toBe(0);

    shelf.away = false;
    await clock.advance(4_000);
    expect(shelf.circuits.get(key)?.record.state).toBe('open');
    expect(logged).toEqual([
      'breakers cannot be shared; this replica goes on with what it knows',
      'breakers are shared again',
    ]);
  });

  it('give way to what the others did meanwhile', async () => {
    const { clock, shelf, open } = setUp();
    const store = open();
    await call(store, 'failure');
    await clock.advance(2_000);
    shelf.away = true;
    expect(await call(store, 'failure')).toBe('open');

    const shared = shelf.circuits.get(key);
    if (shared === undefined) throw new Error('nothing was shared');
    shelf.circuits.set(key, { ...shared, version: shared.version + 1, record: { ...shared.record, failureCount: 0 } });
    shelf.away = false;
    await clock.advance(4_000);

    expect(await call(store, 'success')).toBe('closed');
  });

  it('do not ask it for every call', async () => {
    const { clock, shelf, open } = setUp();
    const store = open();
    shelf.away = true;
    for (let i = 0; i < 500; i += 1) await call(store, 'success');
    expect(shelf.loads).toBe(1);
    await clock.advance(1_000);
    await call(store, 'success');
    expect(shelf.loads).toBe(2);
  });

  it('refuse an admin’s order that the others would not hear of', async () => {
    const { shelf, open } = setUp();
    const store = open();
    await call(store, 'success');
    shelf.away = true;

    await expect(store.forceOpen(key, 'why', 1_000)).rejects.toMatchObject({ code: 'unavailable' });
    expect(await call(store, 'success')).toBe('closed');
  });
});

describe('shared breakers', () => {
  it('cost a healthy provider nothing but a read every two seconds', async () => {
    const { clock, shelf, open } = setUp();
    const store = open();
    for (let second = 0; second < 10; second += 1) {
      for (let i = 0; i < 100; i += 1) await call(store, 'success');
      await clock.advance(1_000);
    }

    expect(shelf.loads).toBeLessThanOrEqual(6);
    expect(shelf.saves).toBe(0);
    await clock.advance(60_000);
    expect(shelf.loads).toBeLessThanOrEqual(7);
  });

  it('write what is pending when they are closed', async () => {
    const { shelf, open } = setUp();
    const store = open();
    await call(store, 'failure');
    await call(store, 'success');
    await call(store, 'failure');

    await store.close();

    expect(shelf.circuits.get(key)?.record).toMatchObject({ state: 'closed', failureCount: 1 });
  });

  it('begin anew when the backend has lost them', async () => {
    const { clock, shelf, open } = setUp();
    const store = open();
    await call(store, 'failure');
    await call(store, 'failure');
    shelf.circuits.clear();

    await clock.advance(5_000);

    expect(await call(store, 'success')).toBe('closed');
  });
});
