import { type ConnectorManifest, letterIcon, registryDiscoveryScope } from '@inthub/connector-sdk';
import Type from 'typebox';

export const manifest: ConnectorManifest = {
  id: 'ghcr',
  version: '1.0.0',
  metadata: {
    name: 'GitHub Container Registry',
    description: 'Container packages, tags and digests on ghcr.io.',
    icon: letterIcon('G', '#24292f'),
    category: 'registry',
    vendor: 'GitHub',
    documentationUrl:
      'https://docs.github.com/en/packages/working-with-a-github-packages-registry/working-with-the-container-registry',
    supportUrl: 'https://support.github.com/',
    privacyPolicyUrl: 'https://docs.github.com/en/site-policy/privacy-policies/github-general-privacy-statement',
    tags: ['containers', 'images', 'registry', 'github'],
    minPlatformVersion: '0.1.0',
    targetApiVersion: '2022-11-28',
  },
  types: [
    {
      id: 'registry.ghcr',
      displayName: 'GitHub Container Registry',
      description: 'Images of users and organisations on ghcr.io.',
      category: 'registry',
      capabilities: ['repos', 'tags', 'digests'],
      config: Type.Object({
        owner: Type.Optional(
          Type.String({
            title: 'Owner',
            minLength: 1,
            maxLength: 39,
            pattern: '^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?$',
            description: 'User or organisation whose images are listed, unless an action names another.',
          }),
        ),
        ownerType: Type.Optional(
          Type.Enum(['org', 'user'], {
            title: 'Kind of owner',
            default: 'org',
            description: 'GitHub lists the packages of the two by different addresses.',
          }),
        ),
      }),
      defaultEndpoint: 'https://ghcr.io',
    },
  ],
  auth: [
    {
      mode: 'basic',
      kind: 'basic_auth',
      title: 'Personal access token (classic)',
      help: 'Settings → Developer settings → Personal access tokens → Tokens (classic), scope read:packages. User name: your GitHub login. GitHub Packages does not take fine-grained tokens.',
      apply: { scheme: 'registry-challenge', username: '{username}', password: '{password}' },
      perHost: { 'api.github.com': { scheme: 'bearer', token: '{password}' } },
    },
    {
      mode: 'none',
      kind: null,
      title: 'Anonymous',
      help: 'Public images only; listing packages needs a token.',
      apply: { scheme: 'registry-challenge' },
      perHost: { 'api.github.com': { scheme: 'none' } },
    },
  ],
  egress: { hosts: ['api.github.com'] },
  discoveryScope: registryDiscoveryScope,
  requiredPermissions: [
    {
      scope: 'read:packages',
      description: 'Read packages.',
      required: true,
      justification: 'Packages and tags are listed, tags resolved and manifests read; nothing is written.',
    },
  ],
};
