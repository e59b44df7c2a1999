/**
 * What Linear sends. Source: linear.app/developers/webhooks (`linear-signature`: HMAC-SHA256 of the body in hex; `webhookTimestamp`
 * in the body, to be no more than a minute off; `linear-delivery`: id of the delivery), and @linear/sdk 98, webhooks.
 */
import {
  boundedPayload,
  hmacProof,
  type JsonObject,
  objectAt,
  parseJsonObject,
  type TranslatedEvent,
  textAt,
  type WebhookDefinition,
  type WebhookRegistration,
} from '@inthub/connector-sdk';
import { HubError } from '@inthub/contracts';
import { ask } from './api.ts';
import { CreatedWebhook, DeletedWebhook } from './schema.ts';
import { resolveTeam } from './teams.ts';

const toleranceMs = 60_000;
const maxPayloadBytes = 200_000;

/** Linear's resources that are told of, and the noun of their events. */
const nouns: Readonly<Record<string, string>> = {
  Comment: 'comment',
  Cycle: 'cycle',
  Issue: 'issue',
  IssueLabel: 'label',
  Project: 'project',
  Reaction: 'reaction',
};
const verbs: Readonly<Record<string, string>> = { create: 'created', update: 'updated', remove: 'deleted' };

const registration: WebhookRegistration = {
  targetTitle: 'id or key of a team; left out: all public teams',
  async register({ url, secret, events, target }, ctx) {
    const wanted = Object.keys(nouns).filter((resource) =>
      events.some((event) => event.startsWith(`linear.${nouns[resource]}.`)),
    );
    if (wanted.length === 0) throw new HubError('invalid_request', 'None of these events is one that Linear sends.');
    const scope = target === undefined ? { allPublicTeams: true } : { teamId: await resolveTeam(target, ctx) };
    const input = { url, secret, label: 'Integration Hub', resourceTypes: wanted, ...scope };
    const { webhookCreate } = await ask('CreateWebhook', { input }, CreatedWebhook, ctx);
    return { externalId: webhookCreate.webhook.id };
  },
  async deregister({ externalId }, ctx) {
    try {
      await ask('DeleteWebhook', { id: externalId }, DeletedWebhook, ctx);
    } catch (error) {
      if (!(error instanceof HubError) || error.code !== 'provider_not_found') throw error;
    }
  },
};

export const linearWebhook: WebhookDefinition = {
  id: 'linear.webhook',
  title: 'Changes of issues, comments, labels, projects and cycles',
  events: [
    ...Object.values(nouns).flatMap((noun) => Object.values(verbs).map((verb) => `linear.${noun}.${verb}`)),
    'linear.issue.transitioned',
  ],
  proof: 'signature',
  verify: hmacProof({
    header: 'linear-signature',
    timestampMs: (delivery) => {
      const time = parseJsonObject(delivery.body)?.['webhookTimestamp'];
      return typeof time === 'number' && Number.isFinite(time) ? time : Number.NaN;
    },
    toleranceMs,
  }),
  deliveryId: ({ headers }) => headers.get('linear-delivery')?.slice(0, 128) || undefined,
  kind: (delivery) => {
    const body = parseJsonObject(delivery.body);
    const { type, action } = { type: textAt(body, 'type'), action: textAt(body, 'action') };
    return type === null || action === null ? undefined : `${type}.${action}`;
  },
  translate: (delivery) => {
    const body = parseJsonObject(delivery.body);
    const data = objectAt(body, 'data');
    const [type, action] = [textAt(body, 'type'), textAt(body, 'action')];
    if (body === undefined || type === null || action === null)
      throw new HubError('invalid_request', 'This is not what Linear sends: the body has no type and action.');
    if (!Object.hasOwn(nouns, type) || !Object.hasOwn(verbs, action) || data === undefined) return [];
    const event: TranslatedEvent = { type: `linear.${nouns[type]}.${verbs[action]}`, data: dataOf(body, data, type) };
    const before = objectAt(body, 'updatedFrom');
    const isMove = type === 'Issue' && action === 'update' && before !== undefined && Object.hasOwn(before, 'stateId');
    return isMove ? [event, { type: 'linear.issue.transitioned', data: event.data }] : [event];
  },
  registration,
};

function dataOf(body: JsonObject, data: JsonObject, type: string): Record<string, unknown> {
  const issue = type === 'Issue' ? data : objectAt(data, 'issue');
  const before = objectAt(body, 'updatedFrom');
  return {
    id: textAt(data, 'id'),
    issueId: textAt(issue, 'id') ?? textAt(data, 'issueId'),
    key: textAt(issue, 'identifier'),
    title: textAt(issue, 'title', 1000),
    status: textAt(objectAt(data, 'state'), 'name'),
    projectId: textAt(data, 'teamId') ?? textAt(objectAt(data, 'team'), 'id') ?? textAt(issue, 'teamId'),
    actor: textAt(objectAt(body, 'actor'), 'id'),
    actorName: textAt(objectAt(body, 'actor'), 'name'),
    url: textAt(body, 'url', 2048),
    occurredAt: textAt(body, 'createdAt'),
    changed:
      before === undefined
        ? []
        : Object.keys(before)
            .slice(0, 50)
            .map((name) => name.slice(0, 128)),
    payload: boundedPayload({ data, ...(before === undefined ? {} : { updatedFrom: before }) }, maxPayloadBytes),
  };
}
