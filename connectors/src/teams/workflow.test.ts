import { createMockGateway, faultConformance, type Reply, type Responder } from '@inthub/connector-sdk/testing';
import { describe, expect, it } from 'vitest';
import { teams } from './connector.ts';
import { workflowType } from './workflow.ts';

const endpoint = 'https://prod-12.westeurope.logic.azure.com';
const path = '/workflows/canary-workflow-id/triggers/manual/paths/invoke';
const key = `${endpoint}:443${path}?api-version=2016-06-01&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig=canary-signature`;
const channelId = '19:deploys@thread.tacv2';

/** A stub in the form of Logic Apps' answers: it takes POST only. */
const accepted: Reply = { status: 202, headers: { 'x-ms-workflow-run-id': '08584000000000000000' } };
const fault = (status: number, code: string): Reply => ({ status, json: { error: { code, message: 'no.' } } });
const flow: Responder = ({ method }) => (method === 'POST' ? accepted : fault(404, 'TriggerRequestMethodNotValid'));
const gateway = (respond: Responder = flow, config: object = {}) =>
  createMockGateway({
    connector: teams,
    type: workflowType,
    respond,
    config: { endpoint, channelId, ...config },
    credential: { kind: 'api_key', key },
  });
const sent = (hub: ReturnType<typeof gateway>) => JSON.parse(Buffer.from(hub.requests[0]?.body ?? []).toString());

faultConformance({
  connector: teams,
  type: workflowType,
  config: { endpoint, channelId },
  respond: () => flow,
  cases: [
    { action: 'message.send', input: { channelId, text: 'x' } },
    { action: 'message.rich', input: { channelId, blocks: [{ type: 'divider' }] } },
  ],
  // A flow answers 202 and nothing else, so what the body holds does not matter.
  outcome: (kind) => (['garbage', 'empty', 'strange'].includes(kind) ? 'handled' : undefined),
});

describe('a flow’s address', () => {
  it('gets a text as a card in which nothing is markup', async () => {
    const hub = gateway();

    const message = await hub.run('message.send', {
      channelId,
      text: 'Deployed **v2**\nby <b>CI</b>',
      codeBlocks: [{ language: 'sh', code: 'exit 0' }],
      attachments: [{ name: 'Log', url: 'https://ci.example.com/1', mimeType: 'text/plain' }],
    });

    expect(message).toMatchObject({ id: '08584000000000000000', channelId, threadId: null, text: null });
    const [request] = hub.requests;
    expect(`${request?.url.pathname}${request?.url.search}`).toBe(key.slice(`${endpoint}:443`.length));
    expect(request?.headers).not.toHaveProperty('authorization');
    expect(sent(hub)).toEqual({
      type: 'message',
      attachments: [
        {
          contentType: 'application/vnd.microsoft.card.adaptive',
          contentUrl: null,
          content: {
            $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
            type: 'AdaptiveCard',
            version: '1.4',
            body: [
              { type: 'RichTextBlock', inlines: [{ type: 'TextRun', text: 'Deployed **v2**\nby <b>CI</b>' }] },
              { type: 'RichTextBlock', inlines: [{ type: 'TextRun', text: 'exit 0', fontType: 'Monospace' }] },
              {
                type: 'ActionSet',
                actions: [{ type: 'Action.OpenUrl', title: 'Log', url: 'https://ci.example.com/1' }],
              },
            ],
          },
        },
      ],
    });
  });

  it('gets Markdown and blocks as the elements that show them', async () => {
    const markdown = gateway();
    await markdown.run('message.send', { channelId, text: '**v2**', markdown: true });
    expect(sent(markdown).attachments[0].content.body).toEqual([{ type: 'TextBlock', text: '**v2**', wrap: true }]);

    const rich = gateway();
    await rich.run('message.rich', {
      channelId,
      text: 'Deployed',
      blocks: [{ type: 'section', content: 'Deployed', fields: [{ label: 'by', value: 'CI' }] }],
    });
    expect(sent(rich).attachments[0].content).toMatchObject({
      fallbackText: 'Deployed',
      body: [{ type: 'TextBlock' }, { type: 'FactSet', facts: [{ title: 'by', value: 'CI' }] }],
    });
  });

  it.each([
    ['message.send', { channelId: '19:other@thread.tacv2', text: 'x' }, '/channelId'],
    ['message.send', { channelId, text: 'x', threadId: '1' }, '/threadId'],
    ['message.send', { channelId, text: 'x'.repeat(30_000) }, '/text'],
    [
      'message.rich',
      { channelId, blocks: [{ type: 'actions', actions: [{ label: 'a', actionId: 'b' }] }] },
      '/blocks/0',
    ],
  ])('%s names the field that it cannot take', async (action, input, field) => {
    const hub = gateway();

    await expect(hub.run(action, input)).rejects.toMatchObject({ code: 'invalid_request', errors: [{ path: field }] });
    expect(hub.requests).toEqual([]);
  });

  it('is tested without posting anything', async () => {
    const hub = gateway();

    expect(await hub.testConnection()).toMatchObject({ success: true });
    expect(hub.requests.map(({ method }) => method)).toEqual(['GET']);
    expect(await gateway(() => fault(405, 'MethodNotAllowed')).testConnection()).toMatchObject({ success: true });
  });

  it.each([
    [fault(404, 'WorkflowNotFound'), 'WorkflowNotFound'],
    [fault(400, 'WorkflowTriggerIsNotEnabled'), 'turn the flow on'],
    [fault(401, 'DirectApiAuthorizationRequired'), 'Copy the whole address'],
    [fault(403, 'AuthorizationFailed'), 'Who can trigger the flow?'],
    [{ status: 404, text: '<html>' } satisfies Reply, 'does not speak like'],
    [{ status: 200, text: 'hello' } satisfies Reply, 'does not speak like'],
  ])('fails the test for %j with a remedy', async (reply, remedy) => {
    const report = await gateway(() => reply).testConnection();

    expect(report).toMatchObject({ success: false, message: expect.stringContaining(remedy) });
    expect(JSON.stringify(report)).not.toContain('canary');
  });

  it('shows the one channel that it is for, without asking', async () => {
    const hub = gateway();

    expect(await hub.run('channel.list')).toMatchObject({ items: [{ id: channelId }], nextCursor: null });
    expect(hub.requests).toEqual([]);
  });

  it('cannot be written into the configuration, nor a token of Graph be sent to it', () => {
    expect(() => gateway(flow, { endpoint: key })).toThrow(/endpoint/);
    expect(() =>
      createMockGateway({
        connector: teams,
        type: workflowType,
        respond: flow,
        config: { endpoint, channelId },
        credential: { kind: 'bearer_token', token: 'x' },
      }),
    ).toThrow(/no authentication/);
  });
});
