import { type ConnectorManifest, letterIcon } from '@inthub/connector-sdk';
import Type from 'typebox';

export const manifest: ConnectorManifest = {
  id: 'linear',
  version: '1.0.0',
  metadata: {
    name: 'Linear',
    description: 'Teams, issues, comments and labels of a Linear workspace, and the webhooks that it sends.',
    icon: letterIcon('L', '#5e6ad2'),
    category: 'project_management',
    vendor: 'Linear Orbit',
    documentationUrl: 'https://linear.app/developers',
    supportUrl: 'https://linear.app/contact/support',
    privacyPolicyUrl: 'https://linear.app/privacy',
    tags: ['issues', 'projects', 'planning'],
    minPlatformVersion: '0.1.0',
    targetApiVersion: 'GraphQL',
  },
  types: [
    {
      id: 'pm.linear',
      displayName: 'Linear',
      description: 'One Linear workspace.',
      category: 'project_management',
      capabilities: ['projects', 'tasks', 'transitions', 'comments', 'labels', 'search', 'webhooks'],
      config: Type.Object({}),
      defaultEndpoint: 'https://api.linear.app',
    },
  ],
  auth: [
    {
      mode: 'token',
      kind: 'api_key',
      title: 'Personal API key',
      help: 'Settings → Security & access → Personal API keys → New API key; choose the permissions read and write, and the teams.',
      // A personal key goes without the word Bearer (linear.app/developers/graphql).
      apply: { scheme: 'header', name: 'authorization', value: '{key}' },
    },
    {
      mode: 'oauth',
      kind: 'oauth2_token',
      title: 'OAuth',
      help: 'Sign in with Linear through an OAuth application of the workspace (Settings → API → OAuth applications).',
      apply: { scheme: 'bearer', token: '{accessToken}' },
    },
  ],
  egress: { hosts: [] },
  requiredPermissions: [
    {
      scope: 'read',
      description: 'Read access to the account.',
      required: true,
      justification: 'Every action reads teams, states, issues, comments or labels.',
    },
    {
      scope: 'write',
      description: 'Write access to the account.',
      required: false,
      justification:
        'task.create, task.update, task.transition and label.add; issues:create and comments:create alone do for creating.',
    },
    {
      scope: 'comments:create',
      description: 'Create comments.',
      required: false,
      justification: 'comment.add, where write is not given.',
    },
    {
      scope: 'admin',
      description: 'Full access to workspace settings.',
      required: false,
      justification: 'Only for registering webhooks by the hub; they can be made by hand instead.',
    },
  ],
  /** An API key may send 2 500 requests an hour, an OAuth application 5 000 (linear.app/developers/rate-limiting); the rest is for others. */
  pace: { requestsPerHour: 2000, concurrentRequests: 10 },
  rateLimitHeaders: {
    limit: 'x-ratelimit-requests-limit',
    remaining: 'x-ratelimit-requests-remaining',
    reset: { name: 'x-ratelimit-requests-reset', unit: 'epoch-milliseconds' },
  },
  discoveryScope: {
    projects: { project: 'id', dataTypes: ['issues'], containsPii: false },
    tasks: { project: 'parent', dataTypes: ['issues'], containsPii: true },
    labels: { project: 'parent', dataTypes: ['issues'], containsPii: false },
  },
};
