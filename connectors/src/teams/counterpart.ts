/** The fake Graph of the tests, shaped by Microsoft's OpenAPI document. */
import type { Counterpart } from '@inthub/connector-sdk/testing';
import { createFakeTeams, teamId, teamsFixtures } from './testing.ts';

const { channelId, userId } = teamsFixtures;

export function startCounterpart(): Promise<Counterpart> {
  return Promise.resolve({
    name: 'a fake Microsoft Graph',
    proof: 'vendor description',
    respond: createFakeTeams().respond,
    config: { teamId },
    inputs: {
      'channel.list': {},
      'channel.get': { channelId },
      'message.send': { channelId, text: 'Deployed **v2**', markdown: true },
      'message.direct': { userId, text: 'For you' },
      'message.rich': { channelId, blocks: [{ type: 'section', content: 'Deployed **v2**' }] },
    },
    stop: () => Promise.resolve(),
  });
}
