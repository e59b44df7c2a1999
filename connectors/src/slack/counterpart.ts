/** emulate's Slack, filled as the tests and `npm run try` need it. */
import {
  type Counterpart,
  createLoopbackTransport,
  createMockGateway,
  type Responder,
} from '@inthub/connector-sdk/testing';
import { findFreePort } from '@inthub/testing';
import { createEmulator } from 'emulate';
import { slack } from './connector.ts';

export const tokens = { full: 'xoxb-full-canary-7f3a9c51e0', narrow: 'xoxb-narrow-canary-7f3a9c51e0' };
const scopes = ['channels:read', 'groups:read', 'chat:write', 'im:write', 'users:read', 'users:read.email'];
/** Only for reading back what was sent. */
const history = ['channels:history', 'im:history', 'groups:history'];
const channelId = 'C000000001';

export async function startCounterpart(): Promise<Counterpart> {
  const emulator = await createEmulator({
    service: 'slack',
    port: await findFreePort(),
    seed: {
      slack: {
        strict_scopes: true,
        users: [{ name: 'ada', email: 'ada@example.com' }],
        channels: [{ name: 'deploys' }, { name: 'plans', is_private: true }],
        tokens: [
          { token: tokens.full, user: 'admin', scopes: [...scopes, ...history] },
          { token: tokens.narrow, user: 'admin', scopes: ['channels:read'] },
        ],
      },
    },
  });
  const at = {
    respond: postOnly(createLoopbackTransport()),
    config: { endpoint: `${emulator.url}/api` },
    credential: { kind: 'bearer_token', token: tokens.full } as const,
  };
  const gateway = createMockGateway({ connector: slack, ...at });
  const { id: userId } = (await gateway.run('slack.user.find', { email: 'ada@example.com' })) as { id: string };
  const { id: messageId } = (await gateway.run('message.send', { channelId, text: 'First' })) as { id: string };
  return {
    name: 'emulate 0.11.2',
    proof: 'emulator',
    ...at,
    inputs: {
      'channel.list': {},
      'channel.get': { channelId },
      'message.send': { channelId, text: 'Deployed **v2**', markdown: true },
      'message.rich': {
        channelId,
        blocks: [
          { type: 'section', content: 'Deployed **v2**' },
          { type: 'divider' },
          { type: 'context', content: 'pipeline 42' },
        ],
      },
      'message.update': { channelId, messageId, content: 'Changed' },
      'thread.reply': { channelId, threadId: messageId, text: 'An answer' },
      'message.direct': { userId, text: 'For you' },
      'slack.permalink.get': { channelId, messageId },
      'slack.user.find': { email: 'ada@example.com' },
      'message.delete': { channelId, messageId },
    },
    stop: async () => emulator.close(),
  };
}

/** The emulator knows only the POST form of methods that Slack serves by GET too. */
function postOnly(transport: Responder): Responder {
  return (request, signal) => {
    if (request.method !== 'GET') return transport(request, signal);
    const url = new URL(request.url);
    const body = Buffer.from(url.searchParams.toString());
    url.search = '';
    const headers = { ...request.headers, 'content-type': 'application/x-www-form-urlencoded' };
    return transport({ ...request, method: 'POST', url, body, headers }, signal);
  };
}
