/**
 * What Bitbucket Cloud sends. Sources: support.atlassian.com/bitbucket-cloud/docs/event-payloads (headers X-Event-Key, X-Request-UUID, payloads) and
 * …/manage-webhooks (X-Hub-Signature: `sha256=` and the HMAC of the body); Bitbucket Cloud swagger, `webhook_subscription`.
 */
import { deliveryJson, hmacProof, type TranslatedEvent, type WebhookDefinition } from '@inthub/connector-sdk';
import { invalidField } from '@inthub/contracts';
import Type, { type Static } from 'typebox';
import { Hook } from './schema.ts';

/** By X-Event-Key. A push becomes one event for each branch or tag that it moved. */
const eventTypes: Readonly<Record<string, string>> = {
  'repo:push': 'bitbucket.branch.pushed',
  'repo:fork': 'bitbucket.repository.forked',
  'repo:updated': 'bitbucket.repository.updated',
  'repo:commit_status_created': 'bitbucket.status.changed',
  'repo:commit_status_updated': 'bitbucket.status.changed',
  'pullrequest:created': 'bitbucket.pr.opened',
  'pullrequest:updated': 'bitbucket.pr.updated',
  'pullrequest:approved': 'bitbucket.pr.approved',
  'pullrequest:unapproved': 'bitbucket.pr.unapproved',
  'pullrequest:changes_request_created': 'bitbucket.pr.changes_requested',
  'pullrequest:fulfilled': 'bitbucket.pr.merged',
  'pullrequest:rejected': 'bitbucket.pr.closed',
  'pullrequest:comment_created': 'bitbucket.comment.created',
  'issue:created': 'bitbucket.issue.opened',
  'issue:updated': 'bitbucket.issue.updated',
  'issue:comment_created': 'bitbucket.comment.created',
};
/** What a push may become beside `bitbucket.branch.pushed`. */
const pushTypes = [
  'bitbucket.branch.created',
  'bitbucket.branch.deleted',
  'bitbucket.tag.pushed',
  'bitbucket.tag.created',
  'bitbucket.tag.deleted',
];

const text = Type.String({ maxLength: 100_000 });
const Named = Type.Union([
  Type.Object({ display_name: Type.Optional(text), nickname: Type.Optional(text) }),
  Type.Null(),
]);
const Ref = Type.Union([
  Type.Object({ type: text, name: text, target: Type.Optional(Type.Object({ hash: Type.Optional(text) })) }),
  Type.Null(),
]);
const Side = Type.Object({
  branch: Type.Optional(Type.Object({ name: text })),
  commit: Type.Optional(Type.Union([Type.Object({ hash: text }), Type.Null()])),
});
const Payload = Type.Object({
  actor: Type.Optional(Named),
  repository: Type.Object({ full_name: text, uuid: Type.Optional(text) }),
  push: Type.Optional(
    Type.Object({
      changes: Type.Array(
        Type.Object({ new: Type.Optional(Ref), old: Type.Optional(Ref), forced: Type.Optional(Type.Boolean()) }),
        {
          maxItems: 100,
        },
      ),
    }),
  ),
  pullrequest: Type.Optional(
    Type.Object({
      id: Type.Integer(),
      title: text,
      state: Type.Optional(text),
      source: Type.Optional(Side),
      destination: Type.Optional(Side),
      links: Type.Optional(Type.Object({ html: Type.Optional(Type.Object({ href: text })) })),
    }),
  ),
  issue: Type.Optional(Type.Object({ id: Type.Integer(), title: text, state: Type.Optional(text) })),
  comment: Type.Optional(
    Type.Object({ id: Type.Integer(), content: Type.Optional(Type.Object({ raw: Type.Optional(text) })) }),
  ),
  commit_status: Type.Optional(
    Type.Object({ key: text, state: text, name: Type.Optional(text), url: Type.Optional(text) }),
  ),
});
type Payload = Static<typeof Payload>;
const maxCommentLength = 20_000;

export const bitbucketEvents: WebhookDefinition = {
  id: 'bitbucket.repository',
  title: 'Events of a repository',
  events: [...new Set([...Object.values(eventTypes), ...pushTypes])],
  proof: 'signature',
  verify: hmacProof({ header: 'x-hub-signature', prefix: 'sha256=' }),
  maxBodyBytes: 5 << 20,
  // The same for each attempt of one delivery.
  deliveryId: ({ headers }) => headers.get('x-request-uuid'),
  kind: ({ headers }) => headers.get('x-event-key'),
  translate(delivery): readonly TranslatedEvent[] {
    const key = delivery.headers.get('x-event-key') ?? '';
    const type = Object.hasOwn(eventTypes, key) ? eventTypes[key] : undefined;
    if (type === undefined) return [];
    const payload = deliveryJson(delivery, Payload);
    const base = {
      repository: payload.repository.full_name,
      actor: payload.actor?.nickname ?? payload.actor?.display_name ?? null,
    };
    if (key === 'repo:push') return changesOf(payload, base);
    return [{ type, data: { ...base, ...partsOf(payload) } }];
  },
  registration: {
    targetTitle: 'workspace/repository',
    async register({ url, secret, events, target }, ctx) {
      const wanted = Object.entries(eventTypes).flatMap(([key, type]) => {
        const types = key === 'repo:push' ? [type, ...pushTypes] : [type];
        return types.some((candidate) => events.includes(candidate)) ? [key] : [];
      });
      const response = await ctx.http.post(hooksPath(target), {
        retry: 'never',
        json: { description: 'Integration Hub', url, active: true, secret, events: wanted },
      });
      return { externalId: (await response.json(Hook)).uuid };
    },
    async deregister({ externalId, target }, ctx) {
      await ctx.http.delete(`${hooksPath(target)}/${encodeURIComponent(externalId)}`, { expect: [404] });
    },
  },
};

function changesOf({ push }: Payload, base: Readonly<Record<string, unknown>>): readonly TranslatedEvent[] {
  return (push?.changes ?? []).flatMap((change) => {
    const { new: after = null, old: before = null, forced = false } = change;
    const ref = after ?? before;
    if (ref === null) return [];
    const noun = ref.type === 'tag' ? 'tag' : 'branch';
    const what = before === null ? 'created' : after === null ? 'deleted' : 'pushed';
    const data = {
      ...base,
      name: ref.name,
      before: before?.target?.hash ?? null,
      after: after?.target?.hash ?? null,
      forced,
    };
    return [{ type: `bitbucket.${noun}.${what}`, data }];
  });
}

function partsOf({ pullrequest, issue, comment, commit_status: status }: Payload): Readonly<Record<string, unknown>> {
  return {
    ...(pullrequest === undefined
      ? {}
      : {
          number: pullrequest.id,
          title: pullrequest.title,
          state: pullrequest.state ?? null,
          sourceBranch: pullrequest.source?.branch?.name ?? null,
          targetBranch: pullrequest.destination?.branch?.name ?? null,
          head: pullrequest.source?.commit?.hash ?? null,
          url: pullrequest.links?.html?.href ?? null,
        }),
    ...(issue === undefined ? {} : { number: issue.id, title: issue.title, state: issue.state ?? null }),
    ...(comment === undefined
      ? {}
      : { commentId: comment.id, text: comment.content?.raw?.slice(0, maxCommentLength) ?? null }),
    ...(status === undefined
      ? {}
      : { key: status.key, state: status.state, name: status.name ?? null, url: status.url ?? null }),
  };
}

function hooksPath(target: string | undefined): string {
  const [workspace = '', repository = '', ...rest] = target?.split('/') ?? [];
  if (workspace === '' || repository === '' || rest.length > 0)
    throw invalidField('/target', 'must be workspace/repository', 'pattern');
  return `/2.0/repositories/${encodeURIComponent(workspace)}/${encodeURIComponent(repository)}/hooks`;
}
