import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { CiActionId } from '@inthub/connector-sdk';
import { ciConformance, createMockGateway, faultConformance, type Responder } from '@inthub/connector-sdk/testing';
import { describe, expect, it } from 'vitest';
import { gitlab } from './connector.ts';
import { archive, checked, fakePipelines, loadDescription, at as time } from './testing.ts';

const vendorApis = process.env['VENDOR_APIS_DIR'] ?? join(import.meta.dirname, '../../../../shared/vendor-apis');
const descriptionFile = join(vendorApis, 'gitlab/gitlab-openapi3.yaml');
const isDescribed = existsSync(descriptionFile);
const at = { owner: 'acme/tools', repo: 'app' };
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
