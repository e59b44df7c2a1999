import { type ConnectorManifest, letterIcon, registryDiscoveryScope } from '@inthub/connector-sdk';
import Type from 'typebox';

export const manifest: ConnectorManifest = {
  id: 'dockerhub',
  version: '1.0.0',
  metadata: {
    name: 'Docker Hub',
    description: 'Repositories, tags and digests on Docker Hub, official images included.',
    icon: letterIcon('D', '#1d63ed'),
    category: 'registry',
    vendor: 'Docker',
    documentationUrl: 'https://docs.docker.com/reference/api/hub/latest/',
    supportUrl: 'https://www.docker.com/support/',
    privacyPolicyUrl: 'https://www.docker.com/legal/docker-privacy-policy/',
    tags: ['containers', 'images', 'registry'],
    minPlatformVersion: '0.1.0',
    targetApiVersion: '2-beta',
  },
  types: [
    {
      id: 'registry.dockerhub',
      displayName: 'Docker Hub',
      description: 'docker.io: public, official and private images.',
      category: 'registry',
      capabilities: ['repos', 'tags', 'digests'],
      config: Type.Object({
        namespace: Type.Optional(
          Type.String({
            title: 'Namespace',
            minLength: 1,
            maxLength: 255,
            pattern: '^[a-z0-9]([a-z0-9._-]*[a-z0-9])?$',
            description: 'User or organisation whose repositories are listed, unless an action names another.',
          }),
        ),
      }),
      defaultEndpoint: 'https://registry-1.docker.io',
    },
  ],
  auth: [
    {
      mode: 'basic',
      kind: 'basic_auth',
      title: 'Access token',
      help: 'Account settings → Personal access tokens, access "Read-only" (or "Public Repo Read-only"); user name: your Docker id. For an organisation: an organisation access token, with the name of the organisation as user name.',
      apply: { scheme: 'registry-challenge', username: '{username}', password: '{password}' },
      perHost: {
        // Source: Docker Hub API, "Create access token": the token expires in 10 minutes.
        'hub.docker.com': {
          scheme: 'token-exchange',
          url: 'https://hub.docker.com/v2/auth/token',
          json: { identifier: '{username}', secret: '{password}' },
          tokenAt: '/access_token',
          defaultLifetimeSeconds: 600,
        },
      },
    },
    {
      mode: 'none',
      kind: null,
      title: 'Anonymous',
      help: 'Public images only, and the lowest pull limit.',
      apply: { scheme: 'registry-challenge' },
      perHost: { 'hub.docker.com': { scheme: 'none' } },
    },
  ],
  egress: { hosts: ['auth.docker.io', 'hub.docker.com'] },
  discoveryScope: registryDiscoveryScope,
  requiredPermissions: [
    {
      scope: 'repo:read',
      description: 'Read public and private repositories.',
      required: true,
      justification: 'Tags are listed and resolved and manifests read; repo:public_read is enough for public images.',
    },
  ],
};
