import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { CiActionId } from '@inthub/connector-sdk';
import {
  ciConformance,
  createMockGateway,
  faultConformance,
  type Reply,
  type Responder,
  type SentRequest,
} from '@inthub/connector-sdk/testing';
import { describe, expect, it } from 'vitest';
import { gitlab } from './connector.ts';
import { checked, loadDescription, paged } from './testing.ts';

const vendorApis = process.env['VENDOR_APIS_DIR'] ?? join(import.meta.dirname, '../../../../shared/vendor-apis');
const descriptionFile = join(vendorApis, 'gitlab/gitlab-openapi3.yaml');
const isDescribed = existsSync(descriptionFile);
const at = { owner: 'acme/tools', repo: 'app' };
const time = '2026-11-21T10:00:00.000Z';
const sha = 'a'.repeat(40);
const archive = Buffer.from('PK\u0005\u0006 not much of an archive');
const log = 'Grüße from the job\n\u001b[32mdone\u001b[0m\n';

/** Pipelines of acme/tools/app, of which the newest still runs; shaped by GitLab's description. */
function fakePipelines(): Responder {
  const pipeline = (id: number, status: string) => ({
    id,
    iid: id - 30,
    project_id: 1,
    sha,
    ref: 'main',
    status,
    source: 'push',
    created_at: time,
    updated_at: time,
    started_at: time,
    finished_at: status === 'running' ? null : time,
    user: { id: 7, username: 'robot' },
    web_url: `https://gitlab.com/acme/tools/app/-/pipelines/${id}`,
  });
  const pipelines = [pipeline(33, 'running'), pipeline(32, 'failed'), pipeline(31, 'success')];
  const job = (id: number, name: string, more: object = {}) => ({
    id,
    name,
    stage: 'test',
    status: 'success',
    created_at: time,
    started_at: time,
    finished_at: time,
    web_url: `https://gitlab.com/acme/tools/app/-/jobs/${id}`,
    pipeline: { id: 31, status: 'success' },
    runner: { id: 1, description: 'shared-1' },
    ...more,
  });
  const artifact = { artifacts_file: { filename: 'artifacts.zip', size: archive.length }, artifacts_expire_at: null };
  const jobs = [job(41, 'build', artifact), job(42, 'test')];
  const notFound: Reply = { status: 404, json: { message: '404 Not found' } };

  const answer = (request: SentRequest, below: string): Reply => {
    const [, id, rest = ''] = /^\/pipelines\/(\d+)(\/.*)?$/.exec(below) ?? [];
    const { searchParams } = request.url;
    if (id !== undefined) {
      const found = pipelines.find((one) => one.id === Number(id));
      if (found === undefined) return notFound;
      if (rest === '/jobs') return paged(request, jobs);
      return rest === '/cancel' ? { status: 201, json: { ...found, status: 'canceling' } } : { json: found };
    }
    switch (`${request.method} ${below}`) {
      case 'GET ':
        return { json: { default_branch: 'main' } };
      case 'GET /pipelines': {
        const wanted = searchParams.get('scope');
        return paged(
          request,
          pipelines.filter(({ status }) => wanted === null || (wanted === 'running') === (status === 'running')),
        );
      }
      case 'POST /pipeline': {
        const given = JSON.parse(Buffer.from(request.body ?? []).toString()) as { ref: string };
        if (given.ref === 'main') return { status: 201, json: pipeline(34, 'created') };
        return { status: 400, json: { message: { base: ['Reference not found'] } } };
      }
      case 'GET /jobs':
        return paged(request, jobs);
      case 'GET /jobs/41':
        return { json: jobs[0] };
      case 'GET /jobs/42':
        return { json: jobs[1] };
      case 'GET /jobs/41/trace':
        return { text: log };
      case 'GET /jobs/41/artifacts':
        return { bytes: archive, headers: { 'content-type': 'application/zip' } };
      default:
        return notFound;
    }
  };
  return (request) => {
    const { pathname } = request.url;
    if (pathname === '/api/v4/user') return { json: { id: 7, username: 'robot' } };
    if (pathname === '/api/v4/personal_access_tokens/self') return { json: { id: 1, name: 'hub', scopes: ['api'] } };
    if (pathname === '/api/v4/metadata') return { json: { version: '18.6.0' } };
    const [, below] = /^\/api\/v4\/projects\/acme%2Ftools%2Fapp(\/.*)?$/.exec(pathname) ?? [];
    return pathname.includes('acme%2Ftools%2Fapp') ? answer(request, below ?? '') : notFound;
  };
}

const fake = isDescribed ? checked(fakePipelines(), loadDescription(descriptionFile)) : fakePipelines();
const hub = (respond: Responder = fake) => createMockGateway({ connector: gitlab, type: 'ci.gitlab_ci', respond });
const gateway = hub();

ciConformance({
  name: isDescribed ? 'gitlab, every exchange checked' : `gitlab (description absent: ${descriptionFile})`,
  offered: [...gitlab.actions.keys()].filter((id) => /^(?:run|job|artifact)\./.test(id)) as CiActionId[],
  fixtures: () => ({
    ...at,
    workflows: [],
    runs: ['31', '32', '33'],
    finished: { id: '31', conclusion: 'success' },
    cancellable: '33',
    jobs: ['build', 'test'],
    logged: 'Grüße from the job',
    artifact: { name: 'build/artifacts.zip', base64: archive.toString('base64') },
    trigger: { ref: 'main', inputs: { LEVEL: 'high' } },
  }),
  run: (action, input) => gateway.run(action, input),
});

faultConformance({
  connector: gitlab,
  type: 'ci.gitlab_ci',
  respond: fakePipelines,
  cases: [
    { action: 'run.list', input: at },
    { action: 'run.trigger', input: { ...at, ref: 'main' } },
    { action: 'run.cancel', input: { ...at, runId: '33' } },
    { action: 'job.list', input: { ...at, runId: '31' } },
    { action: 'artifact.get', input: { ...at, artifactId: '41' } },
  ],
});

describe('pipelines', () => {
  it('are told by state', async () => {
    expect(await gateway.run('run.list', { ...at, status: 'in_progress' })).toMatchObject({ items: [{ id: '33' }] });
    expect(await gateway.run('run.list', { ...at, status: 'completed' })).toMatchObject({
      items: [
        { id: '32', conclusion: 'failure', actor: 'robot' },
        { id: '31', conclusion: 'success' },
      ],
    });
  });

  it('are started with variables', async () => {
    await gateway.run('run.trigger', { ...at, ref: 'main', inputs: { LEVEL: 'high' } });

    expect(JSON.parse(Buffer.from(gateway.requests.at(-1)?.body ?? []).toString())).toEqual({
      ref: 'main',
      variables: [{ key: 'LEVEL', value: 'high' }],
    });
  });

  it.each([
    ['created', 'queued', null],
    ['waiting_for_resource', 'waiting', null],
    ['manual', 'waiting', null],
    ['canceling', 'in_progress', null],
    ['canceled', 'completed', 'cancelled'],
    ['skipped', 'completed', 'skipped'],
    ['something_new', 'completed', 'unknown'],
  ])('in the state %s are %s, %s', async (given, status, conclusion) => {
    const json = { id: 1, status: given, created_at: time, updated_at: time, web_url: 'https://gitlab.com/x' };

    expect(await hub(() => ({ json })).run('run.get', { ...at, runId: '1' })).toMatchObject({ status, conclusion });
  });

  it.each([
    ['run.get', { repo: 'app', runId: '1' }],
    ['run.get', { ...at, runId: 'one' }],
    ['run.get', { ...at, repo: 'a/b', runId: '1' }],
    ['run.list', { ...at, workflowId: 'ci.yml' }],
    ['run.trigger', { ...at, workflowId: 'ci.yml', ref: 'main' }],
    ['job.log', { ...at, jobId: '-1' }],
  ])('%s refuses %j before anything is sent', async (action, input) => {
    const own = hub();

    await expect(own.run(action, input)).rejects.toMatchObject({ code: 'invalid_request' });
    expect(own.requests).toEqual([]);
  });

  it('of all runs leave artifacts, except the jobs that left none', async () => {
    expect(await gateway.run('artifact.list', at)).toMatchObject({ items: [{ id: '41', runId: '31' }] });
    await expect(gateway.run('artifact.get', { ...at, artifactId: '42' })).rejects.toMatchObject({
      code: 'provider_not_found',
    });
  });
});
