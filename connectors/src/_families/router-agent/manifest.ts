import { type ConnectorManifest, letterIcon } from '@inthub/connector-sdk';
import Type from 'typebox';
import type { RouterProduct } from './product.ts';

export function routerManifest(product: RouterProduct): ConnectorManifest {
  const { id, name, vendor, colour, documentationUrl, supportUrl, privacyPolicyUrl } = product;
  return {
    id,
    version: '1.0.0',
    metadata: {
      name,
      description: `Weights and backends of ${name}: validated, applied, verified, and taken back when they fail.`,
      icon: letterIcon(name.slice(0, 1).toUpperCase(), colour),
      category: 'router',
      vendor,
      documentationUrl,
      supportUrl,
      privacyPolicyUrl,
      tags: ['traffic', 'load balancer', 'canary', 'blue-green'],
      minPlatformVersion: '0.1.0',
      targetApiVersion: 'v1',
    },
    types: [
      {
        id: `router.${id}`,
        displayName: name,
        description: `One ${name}, through the router agent that runs beside it.`,
        category: 'router',
        capabilities: ['upstreams', 'weights', 'reload', 'rollback'],
        config: Type.Object({}),
        defaultEndpoint: null,
      },
    ],
    auth: [
      {
        mode: 'token',
        kind: 'bearer_token',
        title: "The agent's token",
        help: 'The content of the file that inthub-router-agent was started with (--token-file), at least 32 characters.',
        apply: { scheme: 'bearer', token: '{token}' },
      },
    ],
    egress: { hosts: [] },
    requiredPermissions: [
      {
        scope: 'router-agent token',
        description: 'The one token of the agent.',
        required: true,
        justification: 'The agent knows one caller, the hub; who may do what is decided by grants of the hub.',
      },
    ],
    // Two changes at once would only wait for one another.
    pace: { concurrentRequests: 10 },
    critical: true,
  };
}
