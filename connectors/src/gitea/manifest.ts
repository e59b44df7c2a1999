import { type ConnectorManifest, letterIcon, repositoryDiscoveryScope } from '@inthub/connector-sdk';
import Type from 'typebox';

const config = Type.Object({});
const templates = [
  {
    name: 'Own server',
    description: 'The address of the server, in place of the example; without /api/v1.',
    config: { endpoint: 'https://gitea.example.com' },
  },
];

export const manifest: ConnectorManifest = {
  id: 'gitea',
  version: '1.0.0',
  metadata: {
    name: 'Gitea',
    description: 'Repositories, pull requests, issues, commit statuses and Actions of a Gitea server.',
    icon: letterIcon('G', '#609926'),
    category: 'source_control',
    vendor: 'Gitea',
    documentationUrl: 'https://docs.gitea.com/development/api-usage',
    supportUrl: 'https://docs.gitea.com/help/support',
    privacyPolicyUrl: 'https://about.gitea.com/privacy-policy/',
    tags: ['git', 'scm', 'code review', 'self-hosted'],
    minPlatformVersion: '0.1.0',
    targetApiVersion: '1.26',
  },
  types: [
    {
      id: 'scm.gitea',
      displayName: 'Gitea',
      description: 'Repositories, pull requests and issues of Gitea.',
      category: 'source_control',
      capabilities: [
        'repos',
        'branches',
        'commits',
        'webhooks',
        'status',
        'pr',
        'issue',
        'actions',
        'search',
        'annotations',
      ],
      config,
      defaultEndpoint: null,
      templates,
    },
    {
      id: 'ci.gitea_actions',
      displayName: 'Gitea Actions',
      description: 'Workflows, runs, jobs and artifacts of Gitea Actions.',
      category: 'ci_cd',
      capabilities: ['workflows', 'runs', 'artifacts', 'status'],
      config,
      defaultEndpoint: null,
      actions: [
        'repo.list',
        'repo.get',
        'status.create',
        'workflow.list',
        'run.list',
        'run.get',
        'run.trigger',
        'job.list',
        'job.log',
        'artifact.list',
        'artifact.get',
      ],
      templates,
    },
  ],
  auth: [
    {
      mode: 'token',
      kind: 'bearer_token',
      title: 'Access token',
      help: 'Settings → Applications → Manage access tokens: a name, all repositories or public only, and the scopes named below.',
      // The description's AuthorizationHeaderToken: the word token, a space, the token.
      apply: { scheme: 'header', name: 'authorization', value: 'token {token}' },
    },
    {
      mode: 'basic',
      kind: 'basic_auth',
      title: 'User name and password',
      help: 'Only for accounts without two-factor authentication, on servers that allow passwords for the API (ENABLE_BASIC_AUTHENTICATION).',
      apply: { scheme: 'basic', username: '{username}', password: '{password}' },
    },
  ],
  egress: { hosts: [] },
  requiredPermissions: [
    {
      scope: 'read:repository',
      description: 'Read repositories, branches, commits, files and pull requests.',
      required: true,
      justification: 'Every list and the connection test begin with repositories.',
    },
    {
      scope: 'write:repository',
      description: 'Write pull requests, reviews, commit statuses and webhooks; start workflows.',
      required: false,
      justification: 'pr.create, pr.review, pr.merge, status.create, run.trigger, webhook.register and webhook.remove.',
    },
    {
      scope: 'read:issue',
      description: 'Read issues and comments.',
      required: false,
      justification: 'issue.list, search.issues and gitea.comment.list.',
    },
    {
      scope: 'write:issue',
      description: 'Write issues and comments.',
      required: false,
      justification: 'issue.create, issue.update, pr.comment and the comments of annotations.',
    },
  ],
  discoveryScope: repositoryDiscoveryScope,
};
