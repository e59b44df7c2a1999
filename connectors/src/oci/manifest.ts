import { type ConnectorManifest, letterIcon, registryDiscoveryScope } from '@inthub/connector-sdk';
import { Config } from './schema.ts';

export const manifest: ConnectorManifest = {
  id: 'oci',
  version: '1.0.0',
  metadata: {
    name: 'OCI registry',
    description:
      'Any registry that speaks the OCI distribution API: Distribution, zot, Gitea packages, Nexus and others.',
    icon: letterIcon('O', '#262261'),
    category: 'registry',
    vendor: 'Open Container Initiative',
    documentationUrl: 'https://github.com/opencontainers/distribution-spec/blob/main/spec.md',
    supportUrl: 'https://github.com/opencontainers/distribution-spec/issues',
    privacyPolicyUrl: 'https://www.linuxfoundation.org/legal/privacy-policy',
    tags: ['containers', 'images', 'registry'],
    minPlatformVersion: '0.1.0',
    targetApiVersion: 'distribution-spec 1.1',
  },
  types: [
    {
      id: 'registry.oci',
      displayName: 'OCI registry',
      description: 'Repositories, tags and digests of any OCI distribution registry.',
      category: 'registry',
      capabilities: ['repos', 'tags', 'digests'],
      config: Config,
      defaultEndpoint: null,
    },
  ],
  auth: [
    {
      mode: 'basic',
      kind: 'basic_auth',
      title: 'User name and password',
      help: 'What `docker login` takes for this registry. Better than a password: a robot account or access token that may only pull.',
      apply: { scheme: 'registry-challenge', username: '{username}', password: '{password}' },
    },
    {
      mode: 'token',
      kind: 'bearer_token',
      title: 'Bearer token',
      help: 'A token that the registry accepts as it is in the Authorization header.',
      apply: { scheme: 'bearer', token: '{token}' },
    },
    {
      mode: 'none',
      kind: null,
      title: 'Anonymous',
      help: 'For public registries; an anonymous token is fetched where the registry wants one.',
      apply: { scheme: 'registry-challenge' },
    },
  ],
  egress: { hosts: [] },
  discoveryScope: registryDiscoveryScope,
  requiredPermissions: [
    {
      scope: 'repository:pull',
      description: 'Read manifests and list tags.',
      required: true,
      justification: 'Tags are resolved and manifests are read; layers are never downloaded.',
    },
    {
      scope: 'registry:catalog:*',
      description: 'List repositories.',
      required: false,
      justification: 'Only for repository.list and discovery; everything else works without it.',
    },
  ],
};
