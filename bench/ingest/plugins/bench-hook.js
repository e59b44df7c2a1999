// A connector as an operator would put it into PLUGINS_DIR: takes in what GitHub's way of signing proves, and makes one event of it.
import { createHmac, timingSafeEqual } from 'node:crypto';

const url = 'https://example.org/';

function verify({ headers, body }, secrets) {
  const sent = headers.get('x-hub-signature-256');
  if (sent === undefined) return 'missing';
  for (const secret of secrets) {
    const right = Buffer.from(`sha256=${createHmac('sha256', secret).update(body).digest('hex')}`);
    if (right.length === sent.length && timingSafeEqual(right, Buffer.from(sent))) return 'valid';
  }
  return 'invalid';
}

export const connector = {
  manifest: {
    id: 'benchhook',
    version: '1.0.0',
    metadata: {
      name: 'Bench hook',
      description: 'A product that sends webhooks.',
      icon: 'data:image/svg+xml,%3Csvg/%3E',
      category: 'custom',
      vendor: 'Integration Hub',
      documentationUrl: url,
      supportUrl: url,
      privacyPolicyUrl: url,
      tags: ['bench'],
      minPlatformVersion: '0.1.0',
      targetApiVersion: '1',
    },
    types: [
      {
        id: 'custom.benchhook',
        displayName: 'Bench hook',
        description: 'A product that sends webhooks.',
        category: 'custom',
        capabilities: ['webhooks'],
        config: { type: 'object', properties: {} },
        defaultEndpoint: 'http://benchhook.invalid',
      },
    ],
    auth: [{ mode: 'none', kind: null, title: 'None', help: 'None', apply: { scheme: 'none' } }],
    egress: { hosts: [] },
    requiredPermissions: [],
  },
  actions: [],
  testConnection: async () => ({ success: true, message: 'Nothing to connect to.', details: {} }),
  discover: {},
  checks: [],
  webhooks: [
    {
      id: 'benchhook.push',
      title: 'Pushes',
      events: ['benchhook.branch.pushed'],
      proof: 'signature',
      verify,
      deliveryId: ({ headers }) => headers.get('x-github-delivery'),
      kind: ({ headers }) => headers.get('x-github-event'),
      translate({ body }) {
        const { ref, repository, commits } = JSON.parse(Buffer.from(body).toString('utf8'));
        const ids = commits.map(({ id, message }) => ({ id, message }));
        return [{ type: 'benchhook.branch.pushed', data: { ref, repository: repository.full_name, commits: ids } }];
      },
    },
  ],
};
