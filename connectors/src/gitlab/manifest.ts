import { type ConnectorManifest, letterIcon, repositoryDiscoveryScope } from '@inthub/connector-sdk';
import Type from 'typebox';

const config = Type.Object({});
const templates = [
  {
    name: 'GitLab Self-Managed or Dedicated',
    description: 'Your own server; put its address in place of the example, with the relative URL if it has one.',
    config: { endpoint: 'https://gitlab.example.com' },
  },
];

export const manifest: ConnectorManifest = {
  id: 'gitlab',
  version: '1.0.0',
  metadata: {
    name: 'GitLab',
    description: 'Repositories, merge requests, issues, search and pipelines of GitLab.com and GitLab Self-Managed.',
    icon: letterIcon('GL', '#e24329'),
    category: 'source_control',
    vendor: 'GitLab',
    documentationUrl: 'https://docs.gitlab.com/api/rest/',
    supportUrl: 'https://about.gitlab.com/support/',
    privacyPolicyUrl: 'https://about.gitlab.com/privacy/',
    tags: ['git', 'scm', 'ci', 'code review'],
    minPlatformVersion: '0.1.0',
    targetApiVersion: 'v4',
  },
  types: [
    {
      id: 'scm.gitlab',
      displayName: 'GitLab',
      description: 'Repositories, merge requests, issues and pipelines of GitLab.',
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
      defaultEndpoint: 'https://gitlab.com',
      templates,
    },
    {
      id: 'ci.gitlab_ci',
      displayName: 'GitLab CI/CD',
      description: 'Pipelines, jobs, logs and artifacts of GitLab CI/CD.',
      category: 'ci_cd',
      capabilities: ['runs', 'artifacts', 'status'],
      config,
      defaultEndpoint: 'https://gitlab.com',
      actions: [
        'repo.list',
        'repo.get',
        'status.create',
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
    {
      mode: 'token',
      kind: 'bearer_token',
      title: 'Access token',
      help: 'A personal, group or project access token: Settings → Access tokens, with the scope api, or read_api to only read.',
      // docs.gitlab.com/api/rest/authentication
      apply: { scheme: 'header', name: 'private-token', value: '{token}' },
    },
    {
      mode: 'oauth',
      kind: 'oauth2_token',
      title: 'OAuth',
      help: 'A token of an OAuth application of GitLab with the scope api, or read_api to only read.',
      apply: { scheme: 'bearer', token: '{accessToken}' },
    },
    {
      mode: 'iam',
      kind: 'bearer_token',
      title: 'CI/CD job token',
      help: 'CI_JOB_TOKEN of a running job; it ends with the job, and GitLab lets it do only what its job token documentation lists.',
      // docs.gitlab.com/ci/jobs/ci_job_token
      apply: { scheme: 'header', name: 'job-token', value: '{token}' },
    },
  ],
  // Where gitlab.com redirects downloads of artifacts to, archived logs among them: its CDN, and for callers inside Google's cloud the storage
  // itself. Source: about.gitlab.com/blog/gitlab-com-artifacts-cdn-change (GitLab's announcement of 2022-10-25, seen 2026-11-21); that archived
  // logs are kept as artifacts: docs.gitlab.com/administration/cicd/job_logs.
  egress: { hosts: ['storage.googleapis.com', 'cdn.artifacts.gitlab-static.net'] },
  requiredPermissions: [
    {
      scope: 'api',
      description: 'Read and write repositories, merge requests, issues, pipelines and webhooks.',
      required: false,
      justification:
        'GitLab has no smaller scope that may write through its API; read_api serves where nothing is written.',
    },
    {
      scope: 'read_api',
      description: 'Read repositories, merge requests, issues and pipelines.',
      required: true,
      justification: 'Every action that only reads; api holds it.',
    },
  ],
  // docs.gitlab.com/user/gitlab_com, "Rate limits": 2,000 authenticated API requests a minute for each user.
  pace: { requestsPerMinute: 2000, concurrentRequests: 20 },
  // docs.gitlab.com/administration/settings/user_and_ip_rate_limits, "Response headers".
  rateLimitHeaders: {
    limit: 'ratelimit-limit',
    remaining: 'ratelimit-remaining',
    reset: { name: 'ratelimit-reset', unit: 'epoch-seconds' },
  },
  discoveryScope: repositoryDiscoveryScope,
};
