import { type ConnectorManifest, letterIcon } from '@inthub/connector-sdk';
import { Config } from './schema.ts';

export const manifest: ConnectorManifest = {
  id: 'bitbucket',
  version: '0.1.0',
  metadata: {
    name: 'Bitbucket',
    description: 'Repositories and webhooks of Bitbucket Cloud.',
    icon: letterIcon('B', '#2684ff'),
    category: 'source_control',
    vendor: 'Atlassian',
    documentationUrl: 'https://developer.atlassian.com/cloud/bitbucket/rest/intro/',
    supportUrl: 'https://support.atlassian.com/bitbucket-cloud/',
    privacyPolicyUrl: 'https://www.atlassian.com/legal/privacy-policy',
    tags: ['git', 'repositories', 'pull requests', 'webhooks'],
    minPlatformVersion: '0.1.0',
    targetApiVersion: '2.0',
  },
  types: [
    {
      id: 'scm.bitbucket',
      displayName: 'Bitbucket Cloud',
      description: 'A workspace on bitbucket.org.',
      category: 'source_control',
      capabilities: ['repos', 'webhooks'],
      config: Config,
      defaultEndpoint: 'https://api.bitbucket.org',
    },
  ],
  auth: [
    {
      mode: 'token',
      kind: 'bearer_token',
      title: 'Access token',
      help: 'Workspace or repository settings → Access tokens, with the scopes repository and webhook.',
      apply: { scheme: 'bearer', token: '{token}' },
    },
    {
      mode: 'basic',
      kind: 'basic_auth',
      title: 'API token',
      help: 'Atlassian account → Security → API tokens; the user name is the e-mail address of the account.',
      apply: { scheme: 'basic', username: '{username}', password: '{password}' },
    },
  ],
  egress: { hosts: [] },
  requiredPermissions: [
    {
      scope: 'repository',
      description: 'Read repositories',
      required: true,
      justification: 'The connection test and discovery list the repositories of the workspace.',
    },
    {
      scope: 'webhook',
      description: 'Read and write webhooks',
      required: false,
      justification: 'Only for letting the hub make and remove webhooks itself.',
    },
  ],
};
