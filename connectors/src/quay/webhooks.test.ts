import { webhookConformance } from '@inthub/connector-sdk/testing';
import { quay } from './connector.ts';
import { quayNotifications } from './webhooks.ts';

const base = {
  name: 'repository',
  repository: 'acme/app',
  namespace: 'acme',
  docker_url: 'quay.io/acme/app',
  homepage: 'https://quay.io/repository/acme/app',
};

webhookConformance({
  connector: quay,
  definition: quayNotifications,
  samples: [
    { name: 'a push', body: { ...base, updated_tags: ['latest'] }, events: ['quay.repository.pushed'], kind: 'push' },
    {
      name: 'a push of an earlier release',
      body: { ...base, updated_tags: { latest: 'b750fe79' } },
      events: ['quay.repository.pushed'],
    },
    {
      name: 'a vulnerability',
      body: {
        ...base,
        tags: ['latest'],
        image: 'some-image-id',
        vulnerability: { id: 'CVE-2026-1', description: 'A flaw', link: 'https://a.test', priority: 'Critical' },
      },
      events: ['quay.vulnerability.found'],
      kind: 'vulnerability',
    },
    {
      name: 'a build',
      body: { ...base, build_id: '296ec063', trigger_kind: 'github', docker_tags: ['master'] },
      events: ['quay.build.changed'],
      kind: 'build',
    },
    {
      name: 'a build that failed',
      body: { ...base, build_id: '296ec063', error_message: 'Could not find a Dockerfile' },
      events: ['quay.build.failed'],
    },
  ],
  unknown: { body: { ...base, message: 'TEST NOTIFICATION' } },
});
