/**
 * What Docker Hub sends on a push. It proves nothing, so the secret part of the address is the proof. Source: docs.docker.com/docker-hub/webhooks
 * (payload; there is no signature and no interface to set a webhook up).
 */
import { deliveryJson, type TranslatedEvent, type WebhookDefinition } from '@inthub/connector-sdk';
import Type from 'typebox';

const text = Type.String({ maxLength: 1_024 });
const Push = Type.Object({
  push_data: Type.Object({
    tag: Type.Optional(text),
    pusher: Type.Optional(text),
    // Seconds.
    pushed_at: Type.Optional(Type.Number({ minimum: 0, maximum: 8.64e12 })),
  }),
  repository: Type.Object({
    repo_name: text,
    namespace: Type.Optional(text),
    is_private: Type.Optional(Type.Boolean()),
  }),
});

export const dockerhubPushes: WebhookDefinition = {
  id: 'dockerhub.push',
  title: 'Pushes to a repository',
  events: ['dockerhub.tag.pushed'],
  proof: 'url',
  verify: () => 'valid',
  // Docker Hub has this one kind, and does not name it.
  kind: () => 'push',
  translate(delivery): readonly TranslatedEvent[] {
    const { push_data: push, repository } = deliveryJson(delivery, Push);
    return [
      {
        type: 'dockerhub.tag.pushed',
        data: {
          repository: repository.repo_name,
          tag: push.tag ?? null,
          pusher: push.pusher ?? null,
          pushedAt: push.pushed_at === undefined ? null : new Date(push.pushed_at * 1_000).toISOString(),
          isPrivate: repository.is_private ?? null,
        },
      },
    ];
  },
};
