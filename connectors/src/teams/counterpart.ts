/** The fake Graph of the tests, shaped by Microsoft's OpenAPI document. */
import { type Counterpart, createMockGateway } from '@inthub/connector-sdk/testing';
import { teams } from './connector.ts';
import { createFakeTeams, teamId, teamsFixtures } from './testing.ts';

const { channelId, userId } = teamsFixtures;

export async function startCounterpart(): Promise<Counterpart> {
  const at = { respond: createFakeTeams().respond, config: { teamId } };
  const gateway = createMockGateway({ connector: teams, ...at });
  const { id: messageId } = (await gateway.run('message.send', { channelId, text: 'First' })) as { id: string };
  return {
    name: 'a fake Microsoft Graph',
    proof: 'vendor description',
    ...at,
    inputs: {
      'channel.list': {},
      'channel.get': { channelId },
      'message.send': { channelId, text: 'Deployed **v2**', markdown: true },
      'message.direct': { userId, text: 'For you' },
      'message.rich': { channelId, blocks: [{ type: 'section', content: 'Deployed **v2**' }] },
      'message.update': { channelId, messageId, content: 'Changed' },
      'thread.reply': { channelId, threadId: messageId, text: 'An answer' },
      'message.delete': { channelId, messageId },
    },
    stop: () => Promise.resolve(),
  };
}
