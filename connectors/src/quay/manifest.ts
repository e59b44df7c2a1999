import { type ConnectorManifest, letterIcon, registryDiscoveryScope } from '@inthub/connector-sdk';
import Type from 'typebox';

export const manifest: ConnectorManifest = {
  id: 'quay',
  version: '1.0.0',
  metadata: {
    name: 'Quay',
    description: 'Repositories, tags, digests and security scans on quay.io or a Quay of your own.',
    icon: letterIcon('Q', '#c9190b'),
    category: 'registry',
    vendor: 'Red Hat',
    documentationUrl: 'https://docs.redhat.com/en/documentation/red_hat_quay/3/html/red_hat_quay_api_reference/index',
    supportUrl: 'https://access.redhat.com/support',
    privacyPolicyUrl: 'https://www.redhat.com/en/about/privacy-policy',
    tags: ['containers', 'images', 'registry', 'vulnerability scan'],
    minPlatformVersion: '0.1.0',
    targetApiVersion: 'v1',
  },
  types: [
    {
      id: 'registry.quay',
      displayName: 'Quay',
      description: 'quay.io, Red Hat Quay or Project Quay.',
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
      defaultEndpoint: 'https://quay.io',
    },
  ],
  auth: [
    {
      mode: 'token',
      kind: 'bearer_token',
      title: 'OAuth 2 access token',
      help: 'Organisation → Applications → create an application → Generate Token, permission "View all visible repositories" (repo:read).',
      // The registry takes the token as the password of a fixed user. Source: quay/quay auth/credential_consts.py.
      apply: { scheme: 'registry-challenge', username: '$oauthtoken', password: '{token}' },
      perPath: { '/api/': { scheme: 'bearer', token: '{token}' } },
    },
    {
      mode: 'basic',
      kind: 'basic_auth',
      title: 'Robot account',
      help: 'Organisation → Robot Accounts: its full name (acme+reader) and token, with Read on the repositories. Private repositories cannot be listed with it, only named.',
      apply: { scheme: 'registry-challenge', username: '{username}', password: '{password}' },
      // Quay's own API knows no robot accounts; without a credential it shows what is public.
      perPath: { '/api/': { scheme: 'none' } },
    },
    {
      mode: 'none',
      kind: null,
      title: 'Anonymous',
      help: 'Public repositories only.',
      apply: { scheme: 'registry-challenge' },
    },
  ],
  egress: { hosts: [] },
  discoveryScope: registryDiscoveryScope,
  requiredPermissions: [
    {
      scope: 'repo:read',
      description: 'View and pull repositories.',
      required: true,
      justification:
        'Repositories and tags are listed, tags resolved, manifests and scan results read; nothing is written.',
    },
  ],
};
