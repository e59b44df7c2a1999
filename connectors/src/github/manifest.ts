import { type AuthMethod, type ConnectorManifest, letterIcon, repositoryDiscoveryScope } from '@inthub/connector-sdk';
import Type from 'typebox';

/** docs.github.com/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-json-web-token-jwt-for-a-github-app */
const jwt = {
  scheme: 'signed-jwt',
  algorithm: 'RS256',
  privateKey: '{privateKey}',
  claims: { iss: '{appId}' },
  // GitHub takes 10 minutes at most, counted on its own clock.
  lifetimeSeconds: 540,
} as const;

/** docs.github.com/apps/oauth-apps/building-oauth-apps/scopes-for-oauth-apps and docs.github.com/rest/using-the-rest-api/troubleshooting-the-rest-api */
const scopeHeaders = {
  granted: 'x-oauth-scopes',
  needed: ['x-accepted-oauth-scopes', 'x-accepted-github-permissions'],
};

const app: AuthMethod = {
  scopeHeaders,
  mode: 'iam',
  kind: 'github_app',
  title: 'GitHub App',
  help: 'Organisation settings → Developer settings → GitHub Apps: App id and a private key; the installation id is the number at the end of the address of the installed App. The hub makes and renews the installation tokens itself.',
  apply: {
    ...jwt,
    exchange: {
      url: '/app/installations/{installationId}/access_tokens',
      headers: { accept: 'application/vnd.github+json', 'x-github-api-version': '2022-11-28' },
      tokenAt: '/token',
      expiresAtAt: '/expires_at',
      // "Installation tokens expire one hour after you create them."
      defaultLifetimeSeconds: 3600,
    },
  },
  // These are asked as the App itself.
  perPath: { '/app': jwt },
};

const config = Type.Object({});
const templates = [
  {
    name: 'GitHub Enterprise Server',
    description: 'Your own server; put its name in place of the example. Its API lives below /api/v3.',
    config: { endpoint: 'https://github.example.com/api/v3' },
  },
  {
    name: 'GitHub Enterprise Cloud with data residency',
    description: 'Your own subdomain of ghe.com, in place of the example.',
    config: { endpoint: 'https://api.octocorp.ghe.com' },
  },
];

export const manifest: ConnectorManifest = {
  id: 'github',
  version: '1.0.0',
  metadata: {
    name: 'GitHub',
    description: 'Repositories, pull requests, issues, search and Actions on github.com and GitHub Enterprise Server.',
    icon: letterIcon('G', '#24292f'),
    category: 'source_control',
    vendor: 'GitHub',
    documentationUrl: 'https://docs.github.com/rest',
    supportUrl: 'https://support.github.com/',
    privacyPolicyUrl: 'https://docs.github.com/site-policy/privacy-policies/github-general-privacy-statement',
    tags: ['git', 'scm', 'ci', 'code review'],
    minPlatformVersion: '0.1.0',
    targetApiVersion: '2022-11-28',
  },
  types: [
    {
      id: 'scm.github',
      displayName: 'GitHub',
      description: 'Repositories, pull requests, issues and workflows of GitHub.',
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
      defaultEndpoint: 'https://api.github.com',
      templates,
    },
    {
      id: 'ci.github_actions',
      displayName: 'GitHub Actions',
      description: 'Workflows, runs, jobs and artifacts of GitHub Actions.',
      category: 'ci_cd',
      capabilities: ['workflows', 'runs', 'artifacts', 'status'],
      config,
      defaultEndpoint: 'https://api.github.com',
      actions: [
        'repo.list',
        'repo.get',
        'status.create',
        'workflow.list',
        'run.list',
        'run.get',
        'run.trigger',
        'run.cancel',
        'job.list',
        'job.log',
        'artifact.list',
        'artifact.get',
      ],
      templates,
    },
  ],
  auth: [
    app,
    {
      mode: 'token',
      kind: 'bearer_token',
      title: 'Personal access token',
      help: 'Settings → Developer settings → Personal access tokens; fine-grained, or classic with the scopes named below.',
      apply: { scheme: 'bearer', token: '{token}' },
      scopeHeaders,
    },
    {
      mode: 'oauth',
      kind: 'oauth2_token',
      title: 'OAuth',
      help: 'A token of an OAuth App or of a GitHub App that acts for a user.',
      apply: { scheme: 'bearer', token: '{accessToken}' },
      scopeHeaders,
    },
  ],
  // Logs and artifacts: docs.github.com/actions/reference/runners/self-hosted-runners, "Accessible domains by function".
  egress: { hosts: ['*.actions.githubusercontent.com', '*.blob.core.windows.net'] },
  requiredPermissions: [
    {
      scope: 'repo',
      description: 'Read and write repositories, pull requests, issues and Actions.',
      required: true,
      justification:
        'Classic tokens have no smaller scope for private repositories. With a fine-grained token or an App: contents read, pull requests and issues write, actions write.',
    },
    {
      scope: 'repo:status',
      description: 'Set commit statuses.',
      required: false,
      justification: 'status.create; part of repo. Fine-grained and Apps: commit statuses write.',
    },
    {
      scope: 'admin:repo_hook',
      description: 'Make and remove webhooks of repositories.',
      required: false,
      justification: 'webhook.register and webhook.remove. Fine-grained and Apps: webhooks write.',
    },
    {
      scope: 'checks:write',
      description: 'Create check runs with annotations on lines (GitHub App only).',
      required: false,
      justification: 'github.check_run.create and update, which GitHub gives to no token of a person.',
    },
  ],
  // docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api: 5,000 an hour; 900 points a minute; 100 at once.
  pace: { requestsPerHour: 5000, requestsPerMinute: 900, concurrentRequests: 50 },
  limitBuckets: { header: 'x-ratelimit-resource', default: 'core' },
  discoveryScope: repositoryDiscoveryScope,
};
