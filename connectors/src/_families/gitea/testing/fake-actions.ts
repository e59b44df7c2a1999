/** Gitea Actions of the fake: two workflows and three runs, of which the last waits. */
import type { Reply, Responder } from '@inthub/connector-sdk/testing';
import { at, bodyOf, type FakeRepository, notFound, paged, problem, route, shaOf, user } from './fake-data.ts';

const never = '1970-01-01T00:00:00Z';
const jobLog = '2026-11-21T10:00:00Z Grüße from the job\n2026-11-21T10:00:01Z done\n';
export const artifactZip = Buffer.from('PK\u0005\u0006 not much of an archive');

function run(id: number, status: string, conclusion: string, started: string) {
  return {
    id,
    run_number: id - 100,
    run_attempt: 1,
    display_title: `Run of ${id}`,
    path: 'ci.yml@refs/heads/trunk',
    status,
    conclusion,
    started_at: started,
    completed_at: status === 'completed' ? at : never,
    head_branch: 'trunk',
    head_sha: shaOf('two'),
    event: 'push',
    actor: user('octo'),
    html_url: `https://x/actions/runs/${id}`,
    url: '',
  };
}

const job = (id: number, name: string, status: string) => ({
  id,
  run_id: 101,
  name,
  status,
  conclusion: status === 'completed' ? 'success' : '',
  created_at: at,
  started_at: at,
  completed_at: at,
  runner_name: '',
  html_url: `https://x/jobs/${id}`,
});

const workflow = (id: string, state: string) => ({
  id,
  name: id,
  path: `.gitea/workflows/${id}`,
  state,
  created_at: at,
  updated_at: at,
  html_url: `https://x/${id}`,
});

const artifact = {
  id: 301,
  name: 'report',
  size_in_bytes: artifactZip.length,
  expired: false,
  created_at: at,
  updated_at: at,
  expires_at: '2027-02-19T10:00:00Z',
  workflow_run: { id: 101, repository_id: 1, head_sha: shaOf('two') },
};

export function actions({ branches }: FakeRepository): Responder {
  const runs = [
    run(103, 'queued', '', never),
    run(102, 'completed', 'failure', at),
    run(101, 'completed', 'success', at),
  ];
  const listed = (items: unknown[], name: string): Reply => ({ json: { [name]: items, total_count: items.length } });
  const ofRun = (id: string | undefined, reply: (id: number) => Reply) =>
    runs.some((found) => found.id === Number(id)) ? reply(Number(id)) : notFound;
  return route([
    [
      'GET',
      /^\/actions\/workflows$/,
      () => listed([workflow('ci.yml', 'active'), workflow('old.yml', 'disabled_manually')], 'workflows'),
    ],
    [
      'POST',
      /^\/actions\/workflows\/([^/]+)\/dispatches$/,
      ([id], request) => {
        const { ref } = bodyOf(request);
        if (id !== 'ci.yml') return notFound;
        if (!branches.has(String(ref))) return problem(404, `ref not found ${ref}`);
        return { json: { workflow_run_id: 102, run_url: '', html_url: '' } };
      },
    ],
    [
      'GET',
      /^\/actions\/runs$/,
      (_path, request) => paged(request, runs, (workflow_runs) => ({ workflow_runs, total_count: runs.length })),
    ],
    [
      'GET',
      /^\/actions\/runs\/(\d+)$/,
      ([id]) => ofRun(id, (number) => ({ json: runs.find((found) => found.id === number) })),
    ],
    [
      'GET',
      /^\/actions\/runs\/(\d+)\/jobs$/,
      ([id], request) =>
        ofRun(id, (number) => {
          const jobs =
            number === 103
              ? [job(203, 'build', 'pending')]
              : [job(201, 'build', 'completed'), job(202, 'test', 'completed')];
          return paged(request, jobs, (found) => ({ jobs: found, total_count: jobs.length }));
        }),
    ],
    [
      'GET',
      /^\/actions\/runs\/(\d+)\/artifacts$/,
      ([id]) => ofRun(id, (number) => listed(number === 101 ? [artifact] : [], 'artifacts')),
    ],
    ['GET', /^\/actions\/jobs\/201\/logs$/, () => ({ text: jobLog })],
    ['GET', /^\/actions\/artifacts$/, () => listed([artifact], 'artifacts')],
    ['GET', /^\/actions\/artifacts\/(\d+)$/, ([id]) => (id === '301' ? { json: artifact } : notFound)],
    [
      'GET',
      /^\/actions\/artifacts\/301\/zip$/,
      () => ({ bytes: artifactZip, headers: { 'content-type': 'application/zip' } }),
    ],
  ]);
}
