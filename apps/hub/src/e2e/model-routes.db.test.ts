/** Routes with fail-over and prices, through the real `openai` SDK. */
import { type Responder, scriptedPrompts } from '@inthub/connector-sdk/testing';
import { beforeAll, describe, expect, it } from 'vitest';
import { say, useModelRig } from './model-rig.ts';

const rig = useModelRig();

describe('a model route', () => {
  const down: Responder = () => ({
    status: 503,
    json: { error: { message: 'down', type: 'server_error', param: null, code: null } },
  });
  const targets = [
    { integration: 'gone', model: 'x' },
    { integration: 'main-openai', model: 'gpt-5.4' },
    { integration: 'main/anthropic', model: 'claude-opus-5' },
  ];
  const chat = (model: string) =>
    rig.client.chat.completions.create({ model, messages: say(scriptedPrompts.hello) }).withResponse();

  beforeAll(async () => {
    const made = await rig.hub.call('POST', '/api/v1/model-routes', { alias: 'smart', targets });
    expect(made.status, made.text).toBe(201);
    await rig.hub.call('POST', '/api/v1/model-routes', { alias: 'strict', targets, failOverOn: [] });
  });

  it('is answered by the first target that can, and says which and why', async () => {
    const first = await chat('smart');
    rig.openai.intercept = down;
    const second = await chat('smart');

    expect(first.response.headers.get('x-inthub-model')).toBe('main-openai/gpt-5.4');
    expect(second.data.choices[0]?.message.content).toBe('Hello!');
    const { headers } = second.response;
    expect([headers.get('x-inthub-route'), headers.get('x-inthub-model')]).toEqual([
      'smart',
      'main/anthropic/claude-opus-5',
    ]);
    expect(headers.get('x-inthub-why')).toBe('after gone/x=not_found, main-openai/gpt-5.4=provider_unavailable');
  });

  it('fails over before a stream begins, never after', async () => {
    rig.openai.intercept = down;
    const whole = await rig.client.chat.completions
      .stream({ model: 'smart', messages: say(scriptedPrompts.hello) })
      .finalContent();
    expect(whole).toBe('Hello!');

    rig.anthropic.requests.length = 0;
    rig.openai.intercept = () => ({
      headers: { 'content-type': 'text/event-stream' },
      chunks: [Buffer.from('data: {"id":"c","model":"m","choices":[{"index":0,"delta":{"content":"Hel"}}]}\n\n')],
    });
    const cut = rig.client.chat.completions.stream({ model: 'smart', messages: say(scriptedPrompts.hello) });
    await expect(cut.finalContent()).rejects.toMatchObject({ code: 'provider_unavailable' });
    expect(rig.anthropic.requests).toEqual([]);
  });

  it('stops at an error that is not to be failed over', async () => {
    rig.openai.intercept = down;
    await expect(chat('strict')).rejects.toMatchObject({ status: 502, code: 'overloaded' });
    rig.openai.intercept = () => ({
      status: 400,
      json: { error: { message: 'No', type: 'x', param: null, code: null } },
    });
    await expect(chat('smart')).rejects.toMatchObject({ status: 400, code: 'provider_rejected' });
    expect(rig.anthropic.requests).toEqual([]);
  });

  it('is changed with its ETag, and gone when removed', async () => {
    const made = await rig.hub.call('POST', '/api/v1/model-routes', {
      alias: 'mine',
      targets: [{ integration: 'local', model: 'llama3.2:latest' }],
    });
    const path = `/api/v1/model-routes/${made.body.id}`;
    const body = { alias: 'ours', targets: made.body.targets };
    const twin = await rig.hub.call('POST', '/api/v1/model-routes', { alias: 'mine', targets: made.body.targets });
    const blind = await rig.hub.call('PUT', path, body);
    const changed = await rig.hub.call('PUT', path, body, { 'if-match': made.headers.get('etag') ?? '' });
    const stale = await rig.hub.call('PUT', path, body, { 'if-match': '"1"' });
    expect((await chat('ours')).data.choices[0]?.message.content).toBe('Hello!');
    const removed = await rig.hub.call('DELETE', path);

    expect([twin.status, blind.status, changed.status, stale.status, removed.status]).toEqual([
      409, 428, 200, 412, 204,
    ]);
    expect(changed.body).toMatchObject({
      alias: 'ours',
      version: 2,
      failOverOn: expect.arrayContaining(['circuit_open']),
    });
    await expect(chat('ours')).rejects.toMatchObject({ status: 404 });
    const { body: audit } = await rig.hub.call('GET', `/api/v1/audit?targetId=${made.body.id}`);
    expect(audit.items.map(({ action }: { action: string }) => action)).toEqual([
      'model_route.delete',
      'model_route.update',
      'model_route.create',
    ]);
  });
});

describe('prices', () => {
  const price = {
    connectorId: 'ollama',
    model: 'llama3.2:latest',
    currency: 'EUR',
    inputPerMillion: '1.5',
    outputPerMillion: '3',
    source: 'the power bill',
    asOf: '2026-11-01',
  };
  const costOf = async (model: string) => {
    const { usage } = await rig.client.chat.completions.create({ model, messages: say(scriptedPrompts.silence) });
    return (usage as unknown as { cost: unknown }).cost;
  };

  it('come from the connector, the platform or the tenant, the nearest first, and count at once', async () => {
    expect(await costOf('local/llama3.2:latest')).toBeNull();
    const platform = await rig.hub.call('PUT', '/api/v1/model-prices', { ...price, scope: 'platform' });
    expect(platform.status, platform.text).toBe(200);
    expect(await costOf('local/llama3.2:latest')).toEqual({ amountMicros: 1650, currency: 'EUR' });
    await rig.hub.call('PUT', '/api/v1/model-prices', { ...price, inputPerMillion: '2' });
    expect(await costOf('local/llama3.2:latest')).toEqual({ amountMicros: 2150, currency: 'EUR' });
    const { body } = await rig.hub.call('GET', '/api/v1/model-prices?connectorId=ollama');
    expect(body.items).toMatchObject([{ model: 'llama3.2:latest', origin: 'tenant', inputPerMillion: '2' }]);

    const where = 'connectorId=ollama&model=llama3.2:latest';
    expect((await rig.hub.call('DELETE', `/api/v1/model-prices?${where}`)).status).toBe(204);
    expect(await costOf('local/llama3.2:latest')).toEqual({ amountMicros: 1650, currency: 'EUR' });
    expect((await rig.hub.call('DELETE', `/api/v1/model-prices?${where}&scope=platform`)).status).toBe(204);
    expect((await rig.hub.call('DELETE', `/api/v1/model-prices?${where}`)).status).toBe(404);
    expect(await costOf('local/llama3.2:latest')).toBeNull();
  });

  it('are refused where they make no sense', async () => {
    const refused = async (more: object) =>
      (await rig.hub.call('PUT', '/api/v1/model-prices', { ...price, ...more })).status;

    expect(await refused({ connectorId: 'harbor' })).toBe(400);
    expect(await refused({ inputPerMillion: '-1' })).toBe(400);
    expect(await refused({ inputPerMillion: '0.0000001' })).toBe(400);
    expect(await refused({ asOf: '2026-13-45' })).toBe(400);
  });
});
