import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { communicationActionIds } from '@inthub/connector-sdk';
import {
  type ApiDescription,
  communicationConformance,
  createApiDescription,
  createFakeProvider,
  createMockGateway,
  faultConformance,
  firstOf,
  manifestConformance,
  type Responder,
  type SentRequest,
} from '@inthub/connector-sdk/testing';
import { describe, expect, it } from 'vitest';
import { slack } from './connector.ts';
import { createFakeSlack, type FakeSlack, slackFixtures } from './testing.ts';

const vendorApis = process.env['VENDOR_APIS_DIR'] ?? join(import.meta.dirname, '../../../../shared/vendor-apis');
const descriptionFile = join(vendorApis, 'slack/slack_web_openapi_v2.json');
const isDescribed = existsSync(descriptionFile);

type Json = Record<string, unknown>;

/**
 * Slack's description of 2020 as the checker reads it: arguments may come as JSON, the token in a header of HTTP, and a list under
 * `items` beside no array means any of these.
 */
function describeSlack(): ApiDescription {
  const document = JSON.parse(readFileSync(descriptionFile, 'utf8')) as Json & {
    paths: Record<string, Record<string, Json>>;
  };
  for (const operation of Object.values(document.paths).flatMap((item) => Object.values(item))) {
    const all = (operation['parameters'] ?? []) as Json[];
    const form = all.filter((parameter) => parameter['in'] === 'formData');
    const properties = Object.fromEntries(
      form.map(({ name, type }) => [
        name,
        // Text of JSON in a form is JSON in JSON; a message's time is text, as chat.update has it.
        { type: name === 'blocks' || name === 'attachments' ? 'array' : name === 'ts' ? 'string' : type },
      ]),
    );
    const required = form.filter((parameter) => parameter['required'] === true).map((parameter) => parameter['name']);
    const body = {
      in: 'body',
      name: 'body',
      schema: { type: 'object', properties, required, additionalProperties: false },
    };
    operation['parameters'] = [
      ...all.filter((parameter) => parameter['in'] !== 'formData' && parameter['name'] !== 'token'),
      ...(form.length > 0 ? [body] : []),
    ];
  }
  return createApiDescription(readUnions(document));
}

function readUnions(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(readUnions);
  if (typeof value !== 'object' || value === null) return value;
  const read = Object.fromEntries(Object.entries(value).map(([key, part]) => [key, readUnions(part)]));
  if (!Array.isArray(read['items']) || read['type'] === 'array') return read;
  const { items, ...rest } = read;
  return { ...rest, anyOf: items };
}

function checked(fake: FakeSlack, described: ApiDescription): Responder {
  return async (request, signal) => {
    const reply = await fake.respond(request, signal);
    expect(described.checkRequest(request), `${request.method} ${request.url}`).toEqual([]);
    const isRefusal = (reply?.json as { ok?: boolean } | undefined)?.ok === false;
    expect(described.checkReply(request, isRefusal ? 0 : 200, reply?.json), request.url.pathname).toEqual([]);
    return reply;
  };
}

const gateway = (respond: Responder, config: Record<string, unknown> = {}) =>
  createMockGateway({ connector: slack, respond, config });
const answering = (json: object, headers: Record<string, string> = {}) => gateway(() => ({ json, headers }));
const bodyOf = (request: SentRequest | undefined) => JSON.parse(Buffer.from(request?.body ?? []).toString()) as Json;

manifestConformance(slack);

const fake = createFakeSlack();
const hub = gateway(fake.respond);
const fixtures = {
  ...slackFixtures,
  read: ({ channelId, id }: { channelId: string; id: string }) => fake.read(channelId, id),
};
communicationConformance({
  name: 'slack',
  offered: communicationActionIds,
  fixtures: () => fixtures,
  run: (action, input) => hub.run(action, input),
});

describe.skipIf(!isDescribed)(
  `against Slack's description${isDescribed ? '' : ` (absent: ${descriptionFile}; set VENDOR_APIS_DIR)`}`,
  () => {
    const described = isDescribed ? describeSlack() : undefined;
    const strict = described === undefined ? hub : gateway(checked(fake, described));
    communicationConformance({
      name: 'slack, every exchange checked',
      offered: communicationActionIds,
      fixtures: () => fixtures,
      run: (action, input) => strict.run(action, input),
    });

    it('asks who it is, for a link and for a user as described', async () => {
      const { id } = (await strict.run('message.send', { channelId: slackFixtures.channelId, text: 'x' })) as {
        id: string;
      };

      expect(await strict.testConnection()).toMatchObject({ success: true, details: { team: 'Acme' } });
      expect(
        await strict.run('slack.permalink.get', { channelId: slackFixtures.channelId, messageId: id }),
      ).toMatchObject({ url: expect.stringMatching(/^https:\/\/acme[.]slack[.]com\/archives\//) });
      expect(await strict.run('slack.user.find', { email: 'ada@example.com' })).toMatchObject({
        id: slackFixtures.userId,
      });
    });

    it('would notice what Slack does not have', () => {
      const request = { method: 'POST', headers: {}, auth: 'none', url: new URL('https://h/api/chat.update') } as const;
      const body = (json: object) => ({ ...request, body: Buffer.from(JSON.stringify(json)) });

      expect(described!.checkRequest(body({ channel: 'C1', text: 'x' }))).not.toEqual([]);
      expect(described!.checkRequest(body({ channel: 'C1', ts: '1.1', mrkdwn: false }))).not.toEqual([]);
      expect(described!.checkRequest({ ...body({}), url: new URL('https://h/api/chat.post') })).not.toEqual([]);
      expect(described!.checkReply(body({}), 200, { ok: true, channel: 'C1' })).not.toEqual([]);
    });
  },
);

const { channelId, userId } = slackFixtures;
faultConformance({
  connector: slack,
  respond: () => {
    const fresh = createFakeSlack();
    let isFirst = true;
    return (request, signal) => {
      // One message that update, delete and the link can be about.
      if (isFirst) {
        isFirst = false;
        const body = Buffer.from(JSON.stringify({ channel: channelId, text: 'x' }));
        fresh.respond(
          { ...request, method: 'POST', url: new URL('https://slack.com/api/chat.postMessage'), body },
          signal,
        );
      }
      return fresh.respond(request, signal);
    };
  },
  cases: [
    { action: 'channel.list', input: {} },
    { action: 'channel.get', input: { channelId } },
    { action: 'message.send', input: { channelId, text: 'x' } },
    { action: 'message.update', input: { channelId, messageId: '1700000000.000001', content: 'x' } },
    { action: 'message.delete', input: { channelId, messageId: '1700000000.000001' } },
    { action: 'thread.reply', input: { channelId, threadId: '1700000000.000001', text: 'x' } },
    { action: 'message.direct', input: { userId, text: 'x' } },
    { action: 'message.rich', input: { channelId, blocks: [{ type: 'divider' }] } },
    { action: 'slack.permalink.get', input: { channelId, messageId: '1700000000.000001' } },
    { action: 'slack.user.find', input: { email: 'ada@example.com' } },
  ],
});

describe('slack', () => {
  it.each([
    ['invalid_auth', 'provider_unauthenticated'],
    ['token_expired', 'provider_unauthenticated'],
    ['not_in_channel', 'provider_forbidden'],
    ['channel_not_found', 'provider_not_found'],
    ['is_archived', 'provider_conflict'],
    ['internal_error', 'provider_unavailable'],
    ['msg_too_long', 'provider_rejected'],
    ['constructor', 'provider_rejected'],
  ])('reads ok: false with %s as %s', async (error, code) => {
    const send = answering({ ok: false, error }).run('message.send', { channelId, text: 'x' });

    await expect(send).rejects.toMatchObject({ code, message: expect.stringContaining(error) });
  });

  it('names the scope that is missing and those that are there', async () => {
    const list = answering({ ok: false, error: 'missing_scope', needed: 'groups:read', provided: 'chat:write' }).run(
      'channel.list',
    );

    await expect(list).rejects.toMatchObject({
      code: 'provider_forbidden',
      message: expect.stringContaining('groups:read'),
      details: { needed: 'groups:read', provided: 'chat:write' },
    });
  });

  it('passes on how long to wait when a 200 says ratelimited', async () => {
    const list = answering({ ok: false, error: 'ratelimited' }, { 'retry-after': '30' }).run('channel.list');

    await expect(list).rejects.toMatchObject({ code: 'provider_rate_limited', retryAfterMs: 30_000 });
  });

  it('says what Slack finds wrong with blocks', async () => {
    const answer = {
      ok: false,
      error: 'invalid_blocks',
      response_metadata: { messages: ['[ERROR] must be less than 76 characters [json-pointer:/blocks/0]'] },
    };

    await expect(answering(answer).run('message.send', { channelId, text: 'x' })).rejects.toMatchObject({
      code: 'provider_rejected',
      message: expect.stringContaining('76 characters'),
    });
  });

  it('asks for public channels only where it is configured so, and for archived ones on request', async () => {
    const provider = createFakeProvider();
    const query = { types: 'public_channel', exclude_archived: 'false', limit: '200' };
    provider.expect({ path: '/api/conversations.list', query, reply: { json: { ok: true, channels: [] } } });

    await gateway(provider.respond, { channelTypes: 'public' }).run('channel.list', {
      includeArchived: true,
      limit: 500,
    });
  });

  it('discovers channels', async () => {
    const { items, nextCursor } = await hub.discover('channels', { limit: 2 });

    expect(items).toMatchObject([
      { id: 'C0000000001', name: 'general', type: 'channels' },
      { id: 'C0000000002', name: 'random' },
    ]);
    expect((await hub.discover('channels', { cursor: nextCursor! })).items).toHaveLength(2);
  });

  it('sends text that cannot become a mention, a link or markup', async () => {
    const plain = gateway(fake.respond);
    await plain.run('message.send', { channelId, text: '<!channel> *x* &amp;' });

    expect(bodyOf(plain.requests[0])).toEqual({
      channel: channelId,
      text: '&lt;!channel&gt; *x* &amp;amp;',
      blocks: [
        {
          type: 'rich_text',
          elements: [{ type: 'rich_text_section', elements: [{ type: 'text', text: '<!channel> *x* &amp;' }] }],
        },
      ],
    });
  });

  it('fences code in Markdown with more backticks than it holds', async () => {
    const plain = gateway(fake.respond);
    await plain.run('message.send', {
      channelId,
      text: 'a',
      markdown: true,
      codeBlocks: [{ language: 'md', code: '````\nx\n````' }],
    });

    expect(bodyOf(plain.requests[0])['blocks']).toEqual([
      { type: 'markdown', text: 'a\n\n`````md\n````\nx\n````\n`````' },
    ]);
  });

  it.each([
    ['message.send', { channelId, text: 'x'.repeat(12_001), markdown: true }, '/text'],
    [
      'message.send',
      { channelId, text: 'x'.repeat(11_000), codeBlocks: [{ language: '', code: 'y'.repeat(2000) }] },
      '/text',
    ],
    ['message.send', { channelId, text: '<'.repeat(20_000) }, '/text'],
    ['message.update', { channelId, messageId: '1.1', content: 'x'.repeat(12_001) }, '/content'],
    ['message.rich', { channelId, blocks: [{ type: 'context', content: 'x'.repeat(3001) }] }, '/blocks/0/content'],
    [
      'message.rich',
      { channelId, blocks: [{ type: 'section', fields: [{ label: 'a', value: '&'.repeat(500) }] }] },
      '/blocks/0/fields/0',
    ],
    [
      'message.rich',
      {
        channelId,
        blocks: Array.from({ length: 40 }, () => ({
          type: 'section',
          content: 'x',
          fields: [{ label: 'a', value: 'b' }],
        })),
      },
      '/blocks',
    ],
    [
      'message.rich',
      {
        channelId,
        blocks: [
          {
            type: 'actions',
            actions: [
              { label: 'a', actionId: 'x' },
              { label: 'b', actionId: 'x' },
            ],
          },
        ],
      },
      '/blocks/0/actions/1/actionId',
    ],
  ])(
    '%s refuses what Slack would cut or refuse, naming the field, before anything is sent',
    async (action, input, path) => {
      const plain = gateway(fake.respond);

      await expect(plain.run(action, input)).rejects.toMatchObject({ code: 'invalid_request', errors: [{ path }] });
      expect(plain.requests).toEqual([]);
    },
  );

  it('compares the scopes of the token with those that are wanted', async () => {
    const scoped = (scopes: string) =>
      gateway(
        firstOf(async (request, signal) => ({
          ...(await fake.respond(request, signal)),
          headers: { 'x-oauth-scopes': scopes },
        })),
      );

    expect(await hub.check('slack.scopes')).toMatchObject({ status: 'pass' });
    expect(await scoped('channels:read,chat:write').check('slack.scopes')).toMatchObject({
      status: 'warn',
      details: { missing: ['groups:read', 'im:write', 'users:read.email'] },
    });
    expect(await scoped('channels:read').check('slack.scopes')).toMatchObject({
      status: 'fail',
      message: expect.stringContaining('chat:write'),
    });
  });
});
