/** The fake server, filled as the tests and `npm run try` need it. */
import type { Counterpart } from '@inthub/connector-sdk/testing';
import { createFakeServer, textFile, token } from '../_families/gitea/testing/fake-server.ts';

export async function startCounterpart(): Promise<Counterpart> {
  const at = { owner: 'octo', repo: 'hello' };
  return {
    name: "a fake held to Gitea's description",
    proof: 'vendor description',
    respond: createFakeServer(),
    config: { endpoint: 'https://git.example.com', authMode: 'token' },
    credential: { kind: 'bearer_token', token },
    inputs: {
      'repo.list': {},
      'repo.get': at,
      'repo.clone': at,
      'branch.list': at,
      'tag.list': at,
      'commit.list': at,
      'commit.get': { ...at, ref: 'trunk' },
      'file.get': { ...at, path: textFile.path },
      'tree.get': { ...at, recursive: true },
      'pr.list': at,
      'pr.create': { ...at, title: 'Try it', sourceBranch: 'feature/one', targetBranch: 'trunk' },
      'issue.list': { ...at, state: 'all' },
      'issue.create': { ...at, title: 'Try it' },
      'search.issues': { ...at, query: 'Try' },
      'webhook.register': { ...at, url: 'https://hub.example.com/hook', secret: 'sixteen characters' },
      'workflow.list': at,
      'run.list': at,
      'run.get': { ...at, runId: '101' },
      'run.trigger': { ...at, workflowId: 'ci.yml', ref: 'trunk' },
      'job.list': { ...at, runId: '101' },
      'job.log': { ...at, jobId: '201' },
      'artifact.list': { ...at, runId: '101' },
      'artifact.get': { ...at, artifactId: '301' },
    },
    stop: async () => {},
  };
}
