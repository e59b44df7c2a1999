/** Against emulate's Linear, which keeps state and sends signed webhooks; filters of labels it does not know. */
import { createServer, type Server } from 'node:http';
import type { Project, Task, TaskComment, TaskDetail } from '@inthub/connector-sdk';
import { type Counterpart, createMockGateway, createTestDelivery } from '@inthub/connector-sdk/testing';
import { findFreePort } from '@inthub/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { linear } from './connector.ts';
import { startCounterpart, tokens } from './counterpart.ts';

let counterpart: Counterpart;
let receiver: Server;
let receiverUrl: string;
const received: { headers: Record<string, string>; body: Buffer }[] = [];

beforeAll(async () => {
  counterpart = await startCounterpart();
  receiver = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.once('end', () => {
      received.push({ headers: request.headers as Record<string, string>, body: Buffer.concat(chunks) });
      response.end();
    });
  });
  const port = await findFreePort();
  await new Promise<void>((resolve) => receiver.listen(port, '127.0.0.1', resolve));
  receiverUrl = `http://127.0.0.1:${port}/hook`;
}, 60_000);
afterAll(async () => {
  await counterpart.stop();
  receiver.closeAllConnections();
  await new Promise((resolve) => receiver.close(resolve));
});

const gateway = (key = tokens.full) =>
  createMockGateway({ ...counterpart, connector: linear, credential: { kind: 'api_key', key } });

describe("emulate's Linear", () => {
  it('lists teams, and creates, changes, moves and comments on an issue', async () => {
    const hub = gateway();
    expect(await hub.testConnection()).toMatchObject({ success: true });
    const { items } = (await hub.run('project.list')) as { items: Project[] };
    const projectId = items[0]!.id;

    const made = (await hub.run('task.create', {
      projectId,
      title: 'Peer',
      description: '**x**',
      priority: 'urgent',
      dueDate: '2027-02-28',
    })) as Task;
    expect(made).toMatchObject({
      projectId,
      title: 'Peer',
      description: '**x**',
      priority: 'urgent',
      dueDate: '2027-02-28',
    });
    expect(await hub.run('task.update', { taskId: made.id, title: 'Changed', dueDate: null })).toMatchObject({
      title: 'Changed',
    });

    const { transitions, status } = (await hub.run('task.get', { taskId: made.key })) as TaskDetail;
    const target = transitions.find((transition) => transition.status !== status)!;
    expect(
      await hub.run('task.transition', { taskId: made.id, targetStatus: target.status.toUpperCase() }),
    ).toMatchObject({ status: target.status });
    await expect(hub.run('task.transition', { taskId: made.id, targetStatus: 'Nowhere' })).rejects.toMatchObject({
      code: 'invalid_request',
      message: expect.stringContaining(target.status),
    });

    for (const body of ['first', 'second']) await hub.run('comment.add', { taskId: made.id, body });
    const comments = (await hub.run('comment.list', { taskId: made.id })) as { items: TaskComment[] };
    expect(comments.items.map(({ body }) => body).sort()).toEqual(['first', 'second']);
  });

  it('refuses a token that may only read', async () => {
    const { items } = (await gateway().run('project.list')) as { items: Project[] };

    await expect(
      gateway(tokens.readOnly).run('task.create', { projectId: items[0]!.id, title: 'x' }),
    ).rejects.toMatchObject({
      name: 'HubError',
      code: expect.stringMatching(/^provider_(?:forbidden|rejected)$/),
    });
  });

  it('registers a webhook whose deliveries are accepted, and removes it', async () => {
    const hub = gateway();
    const [webhook] = linear.webhooks ?? [];
    const request = { url: receiverUrl, secret: 'peer-webhook-secret', events: ['linear.issue.created'] };
    const registered = await webhook!.registration!.register(request, hub.ctx);
    const { items } = (await hub.run('project.list')) as { items: Project[] };

    await hub.run('task.create', { projectId: items[0]!.id, title: 'Told' });
    await expect.poll(() => received.length, { timeout: 20_000 }).toBeGreaterThan(0);

    const { headers, body } = received[0]!;
    const delivery = createTestDelivery({ headers, body, receivedAt: new Date() });
    expect(await webhook!.verify(delivery, ['peer-webhook-secret'])).toBe('valid');
    expect(await webhook!.verify(delivery, ['another'])).toBe('invalid');
    expect(await webhook!.translate(delivery)).toMatchObject([
      { type: 'linear.issue.created', data: { title: 'Told' } },
    ]);
    expect(webhook!.deliveryId?.(delivery)).toBeTruthy();
    await webhook!.registration!.deregister(registered, hub.ctx);
  });
});
