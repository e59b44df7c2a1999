// Two replicas on one database, and a provider that answers when it is told to: what happens at the same moment is written once.
import { createId, type Principal, type ScmOperationResult, type TenantId } from '@inthub/contracts';
import { createFakeClock } from '@inthub/testing';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createAuditLog } from '../audit/audit.ts';
import type { Database } from '../database/database.ts';
import { createTestTenant, type OpenTestDatabase, openTestDatabase, silentLog } from '../database/testing.ts';
import type { InstalledIntegration } from '../runtime/runtime.ts';
import { createTelemetry } from '../telemetry/telemetry.ts';
import { type AnnotationCall, createAnnotations } from './annotations.ts';
import { createFakeScm, type FakeScm } from './testing.ts';

let opened: OpenTestDatabase;
let admin: pg.Client;
let tenantId: TenantId;
beforeAll(async () => {
  opened = await openTestDatabase({ maxConnections: 8 });
  tenantId = await createTestTenant(opened.database);
  admin = new pg.Client({ connectionString: opened.url });
  await admin.connect();
});
afterAll(async () => {
  await admin?.end();
  await opened?.close();
});

let id: string;
let scm: FakeScm;
beforeEach(() => {
  id = createId();
  scm = createFakeScm('gitlab');
});

const claims = async () =>
  (await admin.query('SELECT FROM inthub.annotation_claims WHERE integration_id = $1', [id])).rowCount;
const patient = { timeout: 30_000, interval: 5 };
const target = { owner: 'Team', repository: 'app', pullRequestNumber: 3 };

/** One process: its own clock, its own hold on the provider, and a connection to the database that can be lost. */
function startReplica() {
  const clock = createFakeClock();
  const gate = { isShut: false, waiting: [] as (() => void)[] };
  const line = { isDown: false };
  const database: Database = {
    ...opened.database,
    tenant: (...args) => (line.isDown ? Promise.reject(new Error('connection lost')) : opened.database.tenant(...args)),
  };
  const annotations = createAnnotations({
    database,
    audit: createAuditLog({ database, clock, redact: (value) => value, chainKey: new Uint8Array(32) }),
    clock,
    log: silentLog,
    metrics: createTelemetry().metrics,
    redact: (value) => value,
    find: async () => ({ id, type: 'scm.gitlab', connectorId: 'gitlab', name: 'scm' }) as InstalledIntegration,
    async execute(call) {
      if (gate.isShut) await new Promise<void>((resolve) => gate.waiting.push(resolve));
      return scm.execute(call);
    },
  });
  const principal: Principal = { tenantId, kind: 'api_key', id: 'k', name: 'Pipeline', scopes: new Set() };
  const call: AnnotationCall = { principal, requestId: 'req' };
  return {
    clock,
    line,
    annotations,
    call,
    shut: () => {
      gate.isShut = true;
    },
    open: () => {
      gate.isShut = false;
      for (const go of gate.waiting.splice(0)) go();
    },
    isAtProvider: () => expect.poll(() => gate.waiting.length, patient).toBe(1),
    /** Somebody is held off and asks again later; who is at work has one sleeper, too. */
    isHeldOff: (others = 0) => expect.poll(() => clock.sleeping, patient).toBe(others + 1),
    comment: (body: string, more: object = {}) => annotations.postComment(call, id, { ...target, body, ...more }),
    /** Lets time pass until it is done. */
    async finish(work: Promise<ScmOperationResult>) {
      let isDone = false;
      const end = () => {
        isDone = true;
      };
      work.then(end, end);
      const pass = async () => {
        if (!isDone) await clock.advance(1_000);
        return isDone;
      };
      await expect.poll(pass, patient).toBe(true);
      return work;
    },
  };
}

describe('two first comments of one key at the same moment', () => {
  it('become one, whichever replica takes them', async () => {
    const first = startReplica();
    const second = startReplica();
    first.shut();
    const one = first.comment('one');
    await first.isAtProvider();

    // GitLab takes both for one repository.
    const two = second.comment('two', { owner: 'team' });
    await second.isHeldOff();
    const lint = await second.comment('of another key', { key: 'lint' });
    first.open();

    expect(await one).toMatchObject({ success: true, result: { updated: false } });
    expect(await second.finish(two)).toMatchObject({ success: true, result: { updated: true } });
    expect(lint).toMatchObject({ success: true });
    expect(scm.comments.filter(({ body }) => /^(?:one|two)/.test(body))).toMatchObject([
      { body: expect.stringMatching(/^two/) },
    ]);
    expect(await claims()).toBe(0);
  });

  it('become one within a process, too', async () => {
    const replica = startReplica();
    replica.shut();
    const work = Array.from({ length: 5 }, (_, at) => replica.comment(`of ${at}`));
    await replica.isAtProvider();
    await replica.isHeldOff(4);
    replica.open();

    for (const one of work) expect(await replica.finish(one)).toMatchObject({ success: true });
    expect(scm.comments).toHaveLength(1);
  });

  it('also where check runs degrade: neither comment nor remark stands twice', async () => {
    const first = startReplica();
    const second = startReplica();
    const run = ({ annotations, call }: typeof first) =>
      annotations.createCheckRun(call, id, {
        ...target,
        headSha: 'a'.repeat(40),
        name: 'scan',
        conclusion: 'failure',
        annotations: [{ path: 'a.ts', startLine: 1, endLine: 1, level: 'failure', message: 'bad' }],
      });
    first.shut();
    const one = run(first);
    await first.isAtProvider();
    first.open();
    first.shut();
    // Its status is set; now it looks for remarks.
    await first.isAtProvider();
    const two = run(second);
    await second.isHeldOff();
    first.open();

    await Promise.all([one, second.finish(two)]);
    expect(scm.comments.map(({ line }) => line)).toEqual([1, undefined]);
  });
});

describe('a process that dies while it writes', () => {
  it('leaves its claim for less than a minute, and writes nothing should it come back', async () => {
    const dead = startReplica();
    const next = startReplica();
    dead.shut();
    const lost = dead.comment('of the dead');
    await dead.isAtProvider();
    const work = next.comment('of the next');
    await next.isHeldOff();

    // Half a minute later, by the server's clock.
    await admin.query(`UPDATE inthub.annotation_claims SET lease_until = lease_until - interval '30 seconds'`);
    expect(await next.finish(work)).toMatchObject({ success: true, result: { updated: false } });

    await dead.clock.advance(30_000);
    dead.open();
    expect(await lost).toMatchObject({ success: false, errorCode: 'unavailable', isTransient: true });
    expect(scm.comments).toHaveLength(1);
    expect(await claims()).toBe(0);
  });

  it('counts as dead by its own clock, too, when it cannot reach the database', async () => {
    const cut = startReplica();
    cut.shut();
    const work = cut.comment('too late');
    await cut.isAtProvider();
    cut.line.isDown = true;
    await cut.clock.advance(30_000);
    cut.open();

    expect(await work).toMatchObject({ success: false, errorCode: 'unavailable', isTransient: true });
    expect(scm.comments).toEqual([]);
  });

  it('is not one that works for long and prolongs its claim', async () => {
    const slow = startReplica();
    slow.shut();
    const work = slow.comment('after five minutes');
    await slow.isAtProvider();
    for (let at = 0; at < 30; at += 1) {
      await slow.clock.advance(10_000);
      await expect.poll(() => slow.clock.sleeping, patient).toBe(1);
    }
    slow.open();

    expect(await work).toMatchObject({ success: true });
  });
});

describe('who waits', () => {
  it('gives up after a minute, with a failure that may be tried again', async () => {
    const first = startReplica();
    const second = startReplica();
    first.shut();
    const one = first.comment('one');
    await first.isAtProvider();

    expect(await second.finish(second.comment('two'))).toMatchObject({
      success: false,
      errorCode: 'conflict',
      isTransient: true,
    });
    first.open();
    await one;
  });

  it('goes when its caller goes', async () => {
    const first = startReplica();
    const second = startReplica();
    first.shut();
    const one = first.comment('one');
    await first.isAtProvider();
    const caller = new AbortController();
    const two = second.annotations.postComment({ ...second.call, signal: caller.signal }, id, { ...target, body: 'x' });
    await second.isHeldOff();
    caller.abort(null);

    await expect(two).rejects.toMatchObject({ code: 'cancelled' });
    first.open();
    await one;
  });
});

describe('a kept annotation', () => {
  it('is posted once when two post it at the same moment, and stays kept when the process dies in between', async () => {
    const first = startReplica();
    const second = startReplica();
    scm.failing.set('*', 'offline');
    const status = {
      owner: 'team',
      repository: 'app',
      commitSha: 'a'.repeat(40),
      state: 'success',
      context: 'c',
    } as const;
    const { keptId } = await first.annotations.postStatus(first.call, id, status);
    scm.failing.clear();
    first.shut();
    const one = first.annotations.postKept(first.call, id, keptId ?? '');
    await first.isAtProvider();
    const listed = await second.annotations.listKept(tenantId, id, { limit: 10 });
    expect(listed.items).toMatchObject([{ id: keptId, state: 'kept' }]);
    const two = second.annotations.postKept(second.call, id, keptId ?? '');
    await second.isHeldOff();
    first.open();

    expect(await one).toMatchObject({ success: true });
    await expect(second.finish(two)).rejects.toMatchObject({ code: 'conflict' });
    expect(scm.statuses).toHaveLength(1);
  });
});
