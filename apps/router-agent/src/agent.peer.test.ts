import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { peersOrSkip } from '@inthub/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Rig, startRig } from './testing/rig.ts';

const peers = await peersOrSkip(['nginx', 'haproxy']);

describe.skipIf(peers.skip).each(['nginx', 'haproxy'] as const)(peers.label('the agent beside %s'), (product) => {
  let rig: Rig;
  let original: string;
  beforeAll(async () => {
    rig = await startRig(product);
    original = rig.router.config();
  });
  afterAll(() => rig.stop());
  const weights = (blue: number, green: number) => ({ weights: { [rig.blue]: blue, [rig.green]: green } });
  const setWeights = (blue: number, green: number) =>
    rig.call('POST', '/v1/upstreams/app/weights', weights(blue, green));

  it('says what there is', async () => {
    expect((await rig.call('GET', '/v1/info')).body).toMatchObject({ product, version: expect.stringMatching(/^\d/) });
    const { body } = await rig.call('GET', '/v1/upstreams');
    expect(body).toMatchObject({
      upstreams: [
        {
          name: 'app',
          backends: [
            { name: rig.blue, weight: 100, liveWeight: product === 'haproxy' ? 100 : null },
            { name: rig.green, weight: 0, state: product === 'haproxy' ? 'up' : 'unknown' },
          ],
        },
      ],
    });
  });

  it('moves weight, adds and removes backends under load, and no request fails', async () => {
    const load = rig.load();

    const half = await setWeights(50, 50);
    expect(half, rig.router.logs()).toMatchObject({ status: 200, body: { upstream: { name: 'app' } } });
    expect(new Set(await rig.ask(40))).toEqual(new Set(['blue', 'green']));
    const added = await rig.call('POST', '/v1/upstreams/app/backends', {
      ...(product === 'haproxy' ? { name: 'violet' } : {}),
      address: '127.0.0.1',
      port: rig.violetPort,
      weight: 50,
    });
    expect(added.status, JSON.stringify(added.body)).toBe(200);
    await expect.poll(async () => new Set(await rig.ask(20)), { timeout: 10_000 }).toContain('violet');
    const name = product === 'haproxy' ? 'violet' : `127.0.0.1:${rig.violetPort}`;
    expect((await rig.call('DELETE', `/v1/upstreams/app/backends/${name}`)).status).toBe(200);
    expect((await setWeights(0, 100)).status).toBe(200);
    await expect.poll(async () => new Set(await rig.ask(20)), { timeout: 10_000 }).toEqual(new Set(['green']));
    expect((await setWeights(100, 0)).status).toBe(200);

    const { sent, failures } = await load.stop();
    expect(failures).toEqual([]);
    expect(sent).toBeGreaterThan(50);
    expect(rig.router.config().replace('weight=100 ', '')).toBe(original.replace('weight=100 ', ''));
  });

  it('goes back to an earlier revision', async () => {
    const { body: before } = await rig.call('GET', '/v1/info');
    expect((await setWeights(10, 90)).status).toBe(200);

    const back = await rig.call('POST', '/v1/config/rollback', {});

    expect(back.body).toMatchObject({ revision: before['revision'] });
    const unknown = await rig.call('POST', '/v1/config/rollback', { revision: '0123456789abcdef' });
    expect(unknown).toMatchObject({ status: 404, body: { code: 'not_found' } });
  });

  it('refuses what the router refuses, and what would serve nothing, and leaves everything as it was', async () => {
    const before = rig.router.config();
    const refusals = [
      await setWeights(0, 0),
      await rig.call('POST', '/v1/upstreams/app/weights', { weights: { red: 1 } }),
      await rig.call('POST', '/v1/upstreams/none/weights', { weights: { a: 1 } }),
      await rig.call('POST', '/v1/upstreams/app/weights', { weights: { [rig.blue]: -1 } }),
      await rig.call('POST', '/v1/upstreams/app/weights', { ...weights(1, 1), revision: '0123456789abcdef' }),
      await rig.call('POST', '/v1/upstreams/app/backends', { address: 'no-such-host.invalid', port: 80, weight: 1 }),
      await rig.call('POST', '/v1/upstreams/app/backends', { address: 'x; } evil {', port: 80, weight: 1 }),
      await rig.call('GET', '/v1/nothing'),
    ];

    expect(refusals.map(({ status, body }) => [status, body['code']])).toEqual([
      [409, 'conflict'],
      [404, 'not_found'],
      [404, 'not_found'],
      [400, 'invalid_request'],
      [412, 'revision_mismatch'],
      [422, 'rejected'],
      [400, 'invalid_request'],
      [404, 'not_found'],
    ]);
    expect(rig.router.config()).toBe(before);
    expect(new Set(await rig.ask(4))).toEqual(new Set(['blue']));
  });

  it('judges a text without using it', async () => {
    const before = rig.router.config();

    const bad = await rig.call('POST', '/v1/config/validate', { content: `${before}\nnonsense on;\n` });
    const good = await rig.call('POST', '/v1/config/validate', { content: before });

    expect(bad.body).toMatchObject({ valid: false, messages: expect.any(Array) });
    expect(JSON.stringify(bad.body)).toContain('nonsense');
    expect(good.body).toMatchObject({ valid: true });
    expect(rig.router.config()).toBe(before);
  });

  it('brings back what served when it died in the middle of a change', async () => {
    const before = rig.router.config();
    writeFileSync(join(rig.router.stateDir, 'pending.conf'), before);
    writeFileSync(rig.router.configFile, 'half a file');

    await rig.restartAgent();

    expect(rig.router.config()).toBe(before);
    expect((await setWeights(90, 10)).status).toBe(200);
    expect((await setWeights(100, 0)).status).toBe(200);
  });

  it('shifts in steps, and back when it is told to stop', async () => {
    const shift = { upstream: 'app', ...weights(0, 100), steps: [10, 50, 100], pauseMs: 1 };
    const begun = await rig.call('POST', '/v1/shifts', shift);
    expect(begun.status, JSON.stringify(begun.body)).toBe(202);
    const state = async (id: unknown) => (await rig.call('GET', `/v1/shifts/${id}`)).body;
    await expect.poll(async () => (await state(begun.body['id']))['state'], { timeout: 20_000 }).toBe('done');
    expect(await state(begun.body['id'])).toMatchObject({ step: 3, weights: weights(0, 100).weights });
    await expect.poll(async () => new Set(await rig.ask(10)), { timeout: 10_000 }).toEqual(new Set(['green']));

    const long = await rig.call('POST', '/v1/shifts', { ...shift, ...weights(100, 0), pauseMs: 600_000 });
    expect(await rig.call('POST', '/v1/shifts', shift)).toMatchObject({ status: 409 });
    await expect.poll(async () => (await state(long.body['id']))['step'], { timeout: 20_000 }).toBe(1);
    expect((await rig.call('DELETE', `/v1/shifts/${long.body['id']}`)).body).toMatchObject({
      state: 'aborted',
      weights: weights(0, 100).weights,
    });
    const odd = await rig.call('POST', '/v1/shifts', { ...shift, steps: [50, 10] });
    expect(odd).toMatchObject({ status: 400 });
  });

  it('lets nobody in without the token', async () => {
    for (const authorization of ['', 'Bearer x', 'Basic eDp5']) {
      const response = await fetch(`${rig.agent.url}/v1/upstreams`, { headers: { authorization } });
      expect(response.status).toBe(401);
    }
  });
});

describe.skipIf(peers.skip)(peers.label('a change that does not come to life'), () => {
  it('is taken back', async () => {
    const rig = await startRig('nginx');
    try {
      const before = rig.router.config();
      const { green } = rig;
      // The only backend with weight is one that nobody listens on: the probe is answered with 502.
      const dead = await rig.call('POST', '/v1/upstreams/app/backends', { address: '127.0.0.1', port: 1, weight: 100 });
      const answer = await rig.call('POST', '/v1/upstreams/app/weights', { weights: { [rig.blue]: 0, [green]: 0 } });

      expect(dead.status, JSON.stringify(dead.body)).toBe(200);
      expect(answer).toMatchObject({
        status: 422,
        body: { code: 'rolled_back', message: expect.stringContaining('502') },
      });
      expect((await rig.call('DELETE', '/v1/upstreams/app/backends/127.0.0.1:1')).status).toBe(200);
      expect(rig.router.config()).toBe(before);
    } finally {
      await rig.stop();
    }
  });
});
