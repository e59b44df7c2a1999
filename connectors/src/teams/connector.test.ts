import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { communicationActionIds } from '@inthub/connector-sdk';
import {
  type ApiDescription,
  communicationConformance,
  createApiDescription,
  createMockGateway,
  faultConformance,
  firstOf,
  manifestConformance,
  type Responder,
} from '@inthub/connector-sdk/testing';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { teams } from './connector.ts';
import { createFakeTeams, teamId, teamsFixtures } from './testing.ts';

const vendorApis = process.env['VENDOR_APIS_DIR'] ?? join(import.meta.dirname, '../../../../shared/vendor-apis');
const descriptionFile = join(vendorApis, 'ms-graph-teams/Teams.yml');
const isDescribed = existsSync(descriptionFile);

/** Paths that the description of 2022 does not have: newer ones, and those of other parts of Graph. */
const elsewhere = /\/softDelete$|\/me$/;

/** Graph's document says that fields beyond the described are objects, which OData's own (`user@odata.bind`) are not. */
function openFields(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(openFields);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, part]) => (key === 'additionalProperties' ? [] : [[key, openFields(part)]])),
  );
}

function checked(respond: Responder, described: ApiDescription): Responder {
  return async (request, signal) => {
    const reply = await respond(request, signal);
    if (elsewhere.test(request.url.pathname)) return reply;
    const url = new URL(request.url);
    url.searchParams.delete('$skiptoken');
    expect(described.checkRequest({ ...request, url }), `${request.method} ${url}`).toEqual([]);
    const status = reply?.status ?? 200;
    if (status < 300) expect(described.checkReply(request, status, reply?.json), url.pathname).toEqual([]);
    return reply;
  };
}

const gateway = (respond: Responder, config: Record<string, unknown> = {}) =>
  createMockGateway({ connector: teams, respond, config: { teamId, ...config } });

manifestConformance(teams);

const fake = createFakeTeams();
const fixtures = { ...teamsFixtures, read: fake.read };
const hub = gateway(fake.respond);
communicationConformance({
  name: 'teams',
  offered: communicationActionIds,
  fixtures: () => fixtures,
  run: (action, input) => hub.run(action, input),
});

describe.skipIf(!isDescribed)(
  `against Graph's description${isDescribed ? '' : ` (absent: ${descriptionFile}; set VENDOR_APIS_DIR)`}`,
  () => {
    const described = isDescribed
      ? createApiDescription(openFields(parse(readFileSync(descriptionFile, 'utf8'))), '/v1.0')
      : undefined;
    const strict = described === undefined ? hub : gateway(checked(fake.respond, described));
    communicationConformance({
      name: 'teams, every exchange checked',
      offered: communicationActionIds,
      fixtures: () => fixtures,
      run: (action, input) => strict.run(action, input),
    });

    it('asks for the team as described', async () => {
      expect(await strict.testConnection()).toMatchObject({ success: true, details: { team: 'Acme' } });
    });

    it('would notice what Graph does not have', () => {
      const request = { method: 'POST', headers: {}, auth: 'none' } as const;
      const url = new URL(`https://h/v1.0/teams/x/channels/y/messages`);
      const body = Buffer.from(JSON.stringify({ body: { contentType: 'markdown', content: 'x' } }));

      expect(described!.checkRequest({ ...request, url, body })).not.toEqual([]);
      expect(
        described!.checkRequest({ ...request, url: new URL('https://h/v1.0/teams/x/channel'), body: null }),
      ).not.toEqual([]);
    });
  },
);

const { channelId, userId } = teamsFixtures;
faultConformance({
  connector: teams,
  config: { teamId },
  respond: () => {
    const fresh = createFakeTeams();
    let isFirst = true;
    return (request, signal) => {
      if (isFirst) {
        isFirst = false;
        const url = new URL(`https://graph.microsoft.com/v1.0/teams/${teamId}/channels/${channelId}/messages`);
        fresh.respond({ ...request, method: 'POST', url, body: Buffer.from('{}') }, signal);
      }
      return fresh.respond(request, signal);
    };
  },
  cases: [
    { action: 'channel.list', input: {} },
    { action: 'channel.get', input: { channelId } },
    { action: 'message.send', input: { channelId, text: 'x' } },
    { action: 'message.update', input: { channelId, messageId: '1700000000001', content: 'x' } },
    { action: 'message.delete', input: { channelId, messageId: '1700000000001' } },
    { action: 'thread.reply', input: { channelId, threadId: '1700000000001', text: 'x' } },
    { action: 'message.direct', input: { userId, text: 'x' } },
    { action: 'message.rich', input: { channelId, blocks: [{ type: 'divider' }] } },
  ],
  // These answer 204, so what the body holds does not matter.
  outcome: (fault, { method, url }) =>
    (method === 'PATCH' || url.pathname.endsWith('/softDelete')) && ['garbage', 'empty', 'strange'].includes(fault)
      ? 'handled'
      : undefined,
});

describe('teams', () => {
  it('does not follow a next link to another host', async () => {
    const poisoned = gateway(() => ({
      json: { value: [], '@odata.nextLink': 'https://evil.example/v1.0/x?$skiptoken=1' },
    }));

    await expect(poisoned.run('channel.list')).rejects.toMatchObject({ code: 'provider_bad_response' });
    expect(poisoned.requests).toHaveLength(1);
  });

  it('says before anything is sent that an application may not write, and lets it read', async () => {
    const application = gateway(fake.respond, { authMode: 'basic', tenantId: 'acme.onmicrosoft.com' });

    for (const [action, input] of [
      ['message.send', { channelId, text: 'x' }],
      ['message.direct', { userId, text: 'x' }],
      ['message.delete', { channelId, messageId: '1' }],
    ] as const)
      await expect(application.run(action, input)).rejects.toMatchObject({
        code: 'provider_forbidden',
        message: expect.stringContaining('oauth'),
      });
    expect(application.requests).toEqual([]);
    expect(await application.run('channel.get', { channelId })).toMatchObject({ name: 'Deploys' });
    expect(application.auth.apply).toMatchObject({ scheme: 'token-exchange' });
  });

  it('updates and deletes a reply by the id that replying gave', async () => {
    const { id: root } = (await hub.run('message.send', { channelId, text: 'q' })) as { id: string };
    const { id } = (await hub.run('thread.reply', { channelId, threadId: root, text: 'a' })) as { id: string };
    expect(id.startsWith(`${root}/`)).toBe(true);

    expect(await hub.run('message.update', { channelId, messageId: id, content: 'b' })).toMatchObject({
      id,
      threadId: root,
    });
    expect(fake.read({ channelId, id })).toBe('b');
    await hub.run('message.delete', { channelId, messageId: id });
    expect(fake.read({ channelId, id })).toBeUndefined();
  });

  it('turns Markdown to HTML in which nothing of the text is markup', async () => {
    const own = gateway(fake.respond);
    await own.run('message.send', { channelId, text: '**x** <script>a</script> [b](javascript:c)', markdown: true });

    const { body } = JSON.parse(Buffer.from(own.requests[0]?.body ?? []).toString()) as { body: { content: string } };
    expect(body).toEqual({
      contentType: 'html',
      content: '<p><strong>x</strong> &lt;script&gt;a&lt;/script&gt; <a href="">b</a></p>',
    });
  });

  it.each([
    [
      'message.rich',
      { channelId, blocks: [{ type: 'divider' }, { type: 'actions', actions: [{ label: 'a', actionId: 'b' }] }] },
      '/blocks/1',
    ],
    ['message.send', { channelId, text: 'x'.repeat(30_000) }, '/text'],
    ['message.send', { channelId: '19:x@thread.v2', text: 'x', threadId: '1' }, '/threadId'],
    ['thread.reply', { channelId, threadId: 'x', text: 'x' }, '/threadId'],
    ['message.update', { channelId, messageId: '../x', content: 'x' }, '/messageId'],
    ['message.direct', { userId: "x')/y", text: 'x' }, '/userId'],
    ['channel.get', { channelId: '19:x@thread.v2' }, '/channelId'],
  ])('%s names the field that Teams cannot take', async (action, input, path) => {
    const own = gateway(fake.respond);

    await expect(own.run(action, input)).rejects.toMatchObject({ code: 'invalid_request', errors: [{ path }] });
    expect(own.requests).toEqual([]);
  });

  it('leaves archived channels out unless they are asked for', async () => {
    const value = [{ id: '19:a@thread.tacv2', displayName: 'Old', isArchived: true }];
    const own = gateway(firstOf(() => ({ json: { value } })));

    expect(await own.run('channel.list')).toMatchObject({ items: [] });
    expect(await own.run('channel.list', { includeArchived: true })).toMatchObject({
      items: [{ name: 'Old', isArchived: true }],
    });
  });
});
