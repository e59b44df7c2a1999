import { type ConnectorManifest, letterIcon } from '@inthub/connector-sdk';
import Type from 'typebox';

const priorityName = Type.Optional(Type.String({ minLength: 1, maxLength: 100 }));

export const manifest: ConnectorManifest = {
  id: 'jira',
  version: '1.0.0',
  metadata: {
    name: 'Jira',
    description:
      'Projects, issues, transitions, comments and labels of Jira Cloud, Server and Data Center, and the webhooks that it sends.',
    icon: letterIcon('J', '#0052cc'),
    category: 'project_management',
    vendor: 'Atlassian',
    documentationUrl: 'https://developer.atlassian.com/cloud/jira/platform/rest/v3/intro/',
    supportUrl: 'https://support.atlassian.com/jira-software-cloud/',
    privacyPolicyUrl: 'https://www.atlassian.com/legal/privacy-policy',
    tags: ['issues', 'projects', 'planning'],
    minPlatformVersion: '0.1.0',
    targetApiVersion: 'v3',
  },
  types: [
    {
      id: 'pm.jira',
      displayName: 'Jira',
      description: 'One site of Jira Cloud, or one Jira Server or Data Center.',
      category: 'project_management',
      capabilities: ['projects', 'tasks', 'transitions', 'comments', 'labels', 'search', 'webhooks'],
      config: Type.Object({
        deployment: Type.Optional(
          Type.Enum(['cloud', 'data_center'], {
            title: 'Deployment',
            default: 'cloud',
            description: 'cloud: REST v3 with rich text; data_center: Server or Data Center, REST v2 with wiki markup.',
          }),
        ),
        siteUrl: Type.Optional(
          Type.String({
            title: 'Site',
            format: 'uri',
            pattern: '^https?://',
            maxLength: 2048,
            description: 'Address that people open, for links; default the endpoint. Needed with OAuth.',
          }),
        ),
        estimateField: Type.Optional(
          Type.String({
            title: 'Field of story points',
            pattern: '^customfield_\\d{1,10}$',
            description: 'Id of the custom field; without it tasks have no points.',
            examples: ['customfield_10016'],
          }),
        ),
        priorityNames: Type.Optional(
          Type.Object(
            { urgent: priorityName, high: priorityName, medium: priorityName, low: priorityName },
            {
              title: 'Names of priorities',
              additionalProperties: false,
              description: 'Default Highest, High, Medium and Low.',
            },
          ),
        ),
      }),
      defaultEndpoint: null,
      templates: [
        {
          name: 'Jira Cloud',
          description: 'A site at atlassian.net, with an API token.',
          config: { deployment: 'cloud', authMode: 'basic' },
        },
        {
          name: 'Jira Data Center',
          description: 'With a personal access token.',
          config: { deployment: 'data_center', authMode: 'token' },
        },
      ],
    },
  ],
  auth: [
    {
      mode: 'basic',
      kind: 'basic_auth',
      title: 'E-mail address and API token',
      help: 'Cloud: user name is the e-mail address of the account, password an API token of id.atlassian.com/manage-profile/security/api-tokens. Server: user name and password.',
      apply: { scheme: 'basic', username: '{username}', password: '{password}' },
    },
    {
      mode: 'token',
      kind: 'bearer_token',
      title: 'Personal access token (Data Center)',
      help: 'Data Center 8.14 or later: user profile → Personal Access Tokens → Create token.',
      apply: { scheme: 'bearer', token: '{token}' },
    },
    {
      mode: 'oauth',
      kind: 'oauth2_token',
      title: 'OAuth 2.0 (Cloud)',
      help: 'Sign in with Atlassian (3LO). The endpoint is then https://api.atlassian.com/ex/jira/<cloud id>, and siteUrl the address of the site.',
      apply: { scheme: 'bearer', token: '{accessToken}' },
    },
  ],
  egress: { hosts: [] },
  requiredPermissions: [
    {
      scope: 'read:jira-work',
      description: 'Read projects, issues, comments and labels (permission Browse Projects).',
      required: true,
      justification: 'Every action reads projects or issues.',
    },
    {
      scope: 'read:jira-user',
      description: 'Read who the credential belongs to.',
      required: true,
      justification: 'The connection test and the health check ask who it is.',
    },
    {
      scope: 'write:jira-work',
      description: 'Create and change issues and comments.',
      required: false,
      justification: 'task.create, task.update, task.transition, comment.add and label.add.',
    },
    {
      scope: 'manage:jira-configuration',
      description: 'Administer Jira.',
      required: false,
      justification: 'Only for registering webhooks by the hub; they can be made by hand instead.',
    },
  ],
  /** Atlassian tells no figure for API tokens (…/rate-limiting); this stays clear of it, and its answers 429 name their time. */
  pace: { requestsPerMinute: 300, concurrentRequests: 10 },
  discoveryScope: {
    projects: { project: 'id', dataTypes: ['issues'], containsPii: false },
    tasks: { project: 'parent', dataTypes: ['issues'], containsPii: true },
    labels: { project: null, dataTypes: ['issues'], containsPii: false },
  },
};
