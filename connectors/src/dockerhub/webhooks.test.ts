import { webhookConformance } from '@inthub/connector-sdk/testing';
import { dockerhub } from './connector.ts';
import { dockerhubPushes } from './webhooks.ts';

webhookConformance({
  connector: dockerhub,
  definition: dockerhubPushes,
  samples: [
    {
      name: 'a push',
      body: {
        callback_url: 'https://registry.hub.docker.com/u/acme/app/hook/2141b5/',
        push_data: { pushed_at: 1417566161, pusher: 'trustedbuilder', tag: 'latest' },
        repository: {
          comment_count: 0,
          is_private: true,
          name: 'app',
          namespace: 'acme',
          owner: 'acme',
          repo_name: 'acme/app',
          status: 'Active',
        },
      },
      events: ['dockerhub.tag.pushed'],
      kind: 'push',
    },
  ],
  // There is but one kind.
  unknown: null,
});
