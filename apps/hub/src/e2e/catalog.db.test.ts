import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestHub, type TestHub } from './testing.ts';

const config = { endpoint: 'http://inmemory.invalid', authMode: 'none' };

describe('the catalog over HTTP', () => {
  let hub: TestHub;
  beforeAll(async () => {
    hub = await startTestHub();
  });
  afterAll(() => hub.stop());

  async function install(name: string, more: object = {}) {
    const answer = await hub.call('POST', '/api/v1/integrations', { type: 'test.inmemory', name, config, ...more });
    expect(answer.status, answer.text).toBe(201);
    return answer;
  }
  const activate = async (id: string) => {
    await hub.call('POST', `/api/v1/integrations/${id}/submit`);
    await hub.call('POST', `/api/v1/integrations/${id}/test`);
  };
  const run = (id: string, action: string, params: unknown, headers: Record<string, string> = {}) =>
    hub.call('POST', `/api/v1/connectors/instances/${id}/execute`, { action, params }, headers);

  it('shows one row in the words of both APIs', async () => {
    const installed = await hub.call('POST', '/api/v1/connectors/instances', {
      connectorId: 'inmemory',
      displayName: 'both',
      config,
    });
    const id = installed.body.instanceId as string;

    const integration = await hub.call('GET', `/api/v1/integrations/${id}`);
    const instance = await hub.call('GET', `/api/v1/connectors/instances/${id}`);

    expect(installed.status).toBe(201);
    expect(integration.body).toMatchObject({ id, name: 'both', status: 'draft', type: 'test.inmemory', version: 1 });
    expect(instance.body).toMatchObject({
      instanceId: id,
      displayName: 'both',
      status: 'installed',
      connectorId: 'inmemory',
    });
    expect(instance.body.capabilities).toContain('inmemory.echo');
    expect(integration.headers.get('etag')).toBe('"1"');
  });

  it('loses nothing when two change the same version', async () => {
    const { body } = await install('contended');
    const path = `/api/v1/integrations/${body.id}`;

    const answers = await Promise.all(
      ['first', 'second'].map((description) => hub.call('PATCH', path, { description }, { 'if-match': '"1"' })),
    );

    expect(answers.map((answer) => answer.status).sort()).toEqual([200, 412]);
    const kept = answers.find((answer) => answer.status === 200);
    expect((await hub.call('GET', path)).body).toMatchObject({ version: 2, description: kept?.body.description });
    expect((await hub.call('PUT', path, { name: 'contended', config })).body).toMatchObject({ status: 428 });
  });

  it('answers an illegal move with the legal ones and writes nothing', async () => {
    const { body } = await install('drafty');
    const path = `/api/v1/integrations/${body.id}`;

    const refused = await hub.call('POST', `${path}/pause`, { reason: 'maintenance' });

    expect(refused.body).toMatchObject({
      status: 409,
      code: 'illegal_transition',
      details: { legalMoves: ['submit', 'uninstall'] },
    });
    expect((await hub.call('GET', path)).body).toMatchObject({ status: 'draft', version: 1 });
  });

  it('takes an integration through its life, with events and audit for each step', async () => {
    const { body } = await install('lively');
    const path = `/api/v1/integrations/${body.id}`;
    await activate(body.id);
    expect((await hub.call('GET', path)).body).toMatchObject({ status: 'active', lastTestSuccess: true });
    await hub.call('POST', `${path}/pause`, { reason: 'upgrade', ticket: 'OPS-7' });
    expect((await run(body.id, 'inmemory.echo', { value: 1 })).body).toMatchObject({ code: 'integration_inactive' });
    await hub.call('POST', `${path}/resume`);
    expect((await hub.call('DELETE', path)).status).toBe(204);

    expect((await hub.call('GET', path)).body).toMatchObject({ status: 404 });
    expect((await hub.call('GET', '/api/v1/integrations?status=uninstalled')).text).toContain(body.id);
    const audit = await hub.call('GET', `/api/v1/audit?targetId=${body.id}&limit=100`);
    const pause = audit.body.items.find((entry: { action: string }) => entry.action === 'integration.pause');
    expect(pause).toMatchObject({ reason: 'upgrade', ticket: 'OPS-7', outcome: 'success' });
    await install('lively');
  });

  it('lets somebody other than the creator approve, where the tenant wants that', async () => {
    const tenant = await hub.call('POST', '/api/v1/tenants', {
      slug: 'careful',
      name: 'Careful',
      approvalRequired: true,
    });
    const keyOf = async (name: string) => {
      const made = await hub.call('POST', `/api/v1/tenants/${tenant.body.id}/api-keys`, { name, roles: ['admin'] });
      return { authorization: `Bearer ${made.body.key}` };
    };
    const [creator, approver] = [await keyOf('creator'), await keyOf('approver')];
    const { body } = await hub.call(
      'POST',
      '/api/v1/integrations',
      { type: 'test.inmemory', name: 'gated', config, submit: true },
      creator,
    );
    const path = `/api/v1/integrations/${body.id}`;
    await hub.call('POST', `${path}/test`, undefined, creator);

    const own = await hub.call('POST', `${path}/activate`, undefined, creator);
    const other = await hub.call('POST', `${path}/activate`, undefined, approver);

    expect(own.body).toMatchObject({ status: 409, code: 'approval_required' });
    expect(other.body).toMatchObject({ status: 'active', approvedBy: expect.any(String) });
  });

  it('pages a list without repeating or skipping what stays', async () => {
    for (const letter of ['a', 'b', 'c', 'd', 'e']) await install(`page-${letter}`, { tags: ['paged'] });

    const first = await hub.call('GET', '/api/v1/integrations?tag=paged&limit=2');
    await install('page-aa', { tags: ['paged'] });
    const second = await hub.call('GET', `/api/v1/integrations?tag=paged&limit=10&cursor=${first.body.nextCursor}`);
    const foreign = await hub.call('GET', `/api/v1/integrations?tag=other&cursor=${first.body.nextCursor}`);

    const names = [...first.body.items, ...second.body.items].map((item: { name: string }) => item.name);
    expect(names).toEqual(['page-a', 'page-b', 'page-c', 'page-d', 'page-e']);
    expect(second.body.nextCursor).toBeNull();
    expect(foreign.body).toMatchObject({ status: 400, code: 'invalid_cursor' });
  });

  it('calls only what the grant allows', async () => {
    const { body } = await install('granted');
    await activate(body.id);
    const permissions = `/api/v1/connectors/instances/${body.id}/permissions`;

    const unknown = await hub.call('PUT', permissions, { grantedCapabilities: ['no.such'] });
    const narrowed = await hub.call('PUT', permissions, { grantedCapabilities: ['inmemory.counter'] });

    expect(unknown.body).toMatchObject({ status: 400, code: 'invalid_request' });
    expect(narrowed.body).toMatchObject({ effectiveCapabilities: ['inmemory.counter'] });
    expect((await run(body.id, 'inmemory.echo', { value: 1 })).body).toMatchObject({
      code: 'not_granted',
      success: false,
    });
  });

  it('gives the first result again for the same idempotency key, and refuses it for another request', async () => {
    const { body } = await install('repeated');
    await activate(body.id);
    const once = { 'idempotency-key': 'order-1' };

    const [first, twin] = await Promise.all([
      run(body.id, 'inmemory.counter', {}, once),
      run(body.id, 'inmemory.counter', {}, once),
    ]);
    const other = await run(body.id, 'inmemory.counter', { by: 5 }, once);
    const fresh = await run(body.id, 'inmemory.counter', {});

    expect(first.body.data).toEqual(twin.body.data);
    expect(other.body).toMatchObject({ status: 409, code: 'idempotency_key_reused' });
    expect(fresh.body.data).toEqual({ name: 'default', value: 2 });
  });

  it('counts failures under their code', async () => {
    const { body } = await install('counted');
    await activate(body.id);
    await run(body.id, 'inmemory.nothing', {});

    const { text } = await hub.call('GET', '/metrics');

    expect(text).toMatch(/connector_errors_total\{[^}]*error_code="unknown_action"[^}]*\} \d+/);
  });
});
