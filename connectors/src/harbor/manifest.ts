import { type ConnectorManifest, letterIcon, registryDiscoveryScope } from '@inthub/connector-sdk';
import Type from 'typebox';

export const manifest: ConnectorManifest = {
  id: 'harbor',
  version: '1.0.0',
  metadata: {
    name: 'Harbor',
    description: 'Projects, repositories, tags, digests and vulnerability scans of a Harbor registry.',
    icon: letterIcon('H', '#4596d8'),
    category: 'registry',
    vendor: 'CNCF',
    documentationUrl: 'https://goharbor.io/docs/',
    supportUrl: 'https://github.com/goharbor/harbor/issues',
    privacyPolicyUrl: 'https://www.linuxfoundation.org/legal/privacy-policy',
    tags: ['containers', 'images', 'registry', 'vulnerability scan'],
    minPlatformVersion: '0.1.0',
    targetApiVersion: 'v2.0',
  },
  types: [
    {
      id: 'registry.harbor',
      displayName: 'Harbor',
      description: 'A Harbor registry, version 2.0 or later.',
      category: 'registry',
      capabilities: ['repos', 'tags', 'digests', 'scanning status'],
      config: Type.Object({}),
      defaultEndpoint: null,
    },
  ],
  auth: [
    {
      mode: 'basic',
      kind: 'basic_auth',
      title: 'Robot account or user',
      help: 'A robot account of a project (Projects → project → Robot Accounts) or of the system (Administration → Robot Accounts). User name: its full name such as robot$project+name; password: its secret. With OIDC sign-in a person uses the CLI secret of the user profile.',
      // Harbor takes Basic on /v2/ and on its own API alike; it sends no challenge for lists, it just shows the public part.
      apply: { scheme: 'basic', username: '{username}', password: '{password}' },
    },
    {
      mode: 'none',
      kind: null,
      title: 'Anonymous',
      help: 'Only public projects can be read.',
      apply: { scheme: 'registry-challenge' },
    },
  ],
  egress: { hosts: [] },
  discoveryScope: registryDiscoveryScope,
  requiredPermissions: [
    {
      scope: 'repository: pull, list',
      description: 'Read manifests and list repositories.',
      required: true,
      justification: 'Tags are resolved and manifests are read; layers are never downloaded.',
    },
    {
      scope: 'artifact: read, list',
      description: 'Read artifacts with their tags and scan overview.',
      required: true,
      justification: 'tag.list with digests and push times, pushedAt of tag.resolve, and scan.get.',
    },
    {
      scope: 'project: list',
      description: 'List projects (system robot accounts and users).',
      required: false,
      justification: 'Only for harbor.project.list and for discovering projects.',
    },
  ],
};
