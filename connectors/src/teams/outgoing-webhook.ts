/**
 * Outgoing webhooks of a team: somebody mentions the webhook by its name, and Teams sends the message. Sources:
 * learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/add-outgoing-webhook (`Authorization: HMAC` and the base64 of
 * HMAC-SHA256 over the body, under the base64-decoded security token; an answer within five seconds, shown as a reply), and its sample
 * OfficeDev/Microsoft-Teams-Samples, samples/outgoing-webhook/nodejs; the body is an Activity of the Bot Framework
 * (learn.microsoft.com/azure/bot-service/rest-api/bot-framework-rest-connector-api-reference).
 */
import {
  boundedPayload,
  hmacProof,
  objectAt,
  parseJsonObject,
  textAt,
  toTimestamp,
  type WebhookDefinition,
} from '@inthub/connector-sdk';
import { HubError } from '@inthub/contracts';

const scheme = 'HMAC ';
const maxPayloadBytes = 120_000;
const maxTextLength = 28_000;

export const teamsMentions: WebhookDefinition = {
  id: 'teams.outgoing',
  title: 'Mentions, by an outgoing webhook of the team',
  events: ['teams.app.mentioned'],
  types: ['chat.teams'],
  proof: 'signature',
  secretFrom: 'product',
  recognises: ({ headers }) => headers.get('authorization')?.startsWith(scheme) === true,
  verify: hmacProof({
    header: 'authorization',
    prefix: scheme,
    encoding: 'base64',
    key: (secret) => Buffer.from(secret, 'base64'),
  }),
  receipt: {
    status: 200,
    contentType: 'application/json; charset=utf-8',
    body: JSON.stringify({ type: 'message', text: 'Received.' }),
  },
  kind: ({ body }) => textAt(parseJsonObject(body), 'type', 128) ?? undefined,
  translate: ({ body }) => {
    const activity = parseJsonObject(body);
    const type = textAt(activity, 'type');
    if (activity === undefined || type === null)
      throw new HubError('invalid_request', 'This is not what Teams sends: the body is no activity with a type.');
    if (type !== 'message') return [];
    const { serviceUrl: _where, ...payload } = activity;
    const channelData = objectAt(activity, 'channelData');
    const from = objectAt(activity, 'from');
    const conversation = textAt(objectAt(activity, 'conversation'), 'id', 512) ?? '';
    const id = textAt(activity, 'id', 128);
    const [, root = null] = /;messageid=(\d{1,20})$/.exec(conversation) ?? [];
    const text = textAt(activity, 'text', maxTextLength);
    return [
      {
        type: 'teams.app.mentioned',
        data: {
          tenantId: textAt(objectAt(channelData, 'tenant'), 'id'),
          channelId: textAt(objectAt(channelData, 'channel'), 'id') ?? textAt(channelData, 'teamsChannelId'),
          messageId: root === null || id === null || root === id ? id : `${root}/${id}`,
          threadId: root ?? id,
          userId: textAt(from, 'aadObjectId'),
          userName: textAt(from, 'name'),
          text,
          command: text === null ? null : withoutMentions(text),
          occurredAt: toTimestamp(textAt(activity, 'timestamp')),
          payload: boundedPayload(payload, maxPayloadBytes),
        },
      },
    ];
  },
};

/** What is left for whoever was mentioned: `<at>Name</at>` stands in the text, with a hard space behind it. */
function withoutMentions(text: string): string {
  return text
    .replaceAll(/<at>[^<]{0,256}<\/at>/g, ' ')
    .replaceAll('&nbsp;', ' ')
    .trim();
}
