import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type CiActionId, ciActionIds } from '@inthub/connector-sdk';
import {
  ciConformance,
  createApiDescription,
  createMockGateway,
  faultConformance,
  type Responder,
} from '@inthub/connector-sdk/testing';
import { describe, expect, it } from 'vitest';
import { heldTo } from '../_families/gitea/testing/described.ts';
import { artifactZip } from '../_families/gitea/testing/fake-actions.ts';
import { createFakeServer } from '../_families/gitea/testing/fake-server.ts';
import { gitea } from './connector.ts';

const config = { endpoint: 'https://git.example.com', authMode: 'token' };
const vendorApis = process.env['VENDOR_APIS_DIR'] ?? join(import.meta.dirname, '../../../../shared/vendor-apis');
const descriptionFile = join(vendorApis, 'gitea/v1_json.tmpl');
const isDescribed = existsSync(descriptionFile);
const at = { owner: 'octo', repo: 'hello' };
const offered = ciActionIds.filter((id): id is CiActionId => gitea.actions.has(id));
const hub = (respond: Responder) => createMockGateway({ connector: gitea, type: 'ci.gitea_actions', respond, config });

function suite(name: string, respond: Responder): void {
  const gateway = hub(respond);
  ciConformance({
    name,
    offered,
    fixtures: () => ({
      ...at,
      workflows: ['ci.yml', 'old.yml'],
      runs: ['101', '102', '103'],
      finished: { id: '101', conclusion: 'success' },
      jobs: ['build', 'test'],
      logged: 'Grüße from the job',
      artifact: { name: 'report', base64: artifactZip.toString('base64') },
      trigger: { workflowId: 'ci.yml', ref: 'trunk', inputs: { level: 'high' } },
    }),
    run: (action, input) => gateway.run(action, input),
  });
}

// Where the description is, the suite below holds everything to it.
if (!isDescribed) describe('Gitea Actions without their description', () => suite('gitea', createFakeServer()));
describe.skipIf(!isDescribed)(
  `against Gitea's v1_json.tmpl${isDescribed ? '' : ` (absent: ${descriptionFile})`}`,
  () => {
    const text = isDescribed ? readFileSync(descriptionFile, 'utf8').replaceAll('{{.SwaggerAppSubUrl}}', '') : '{}';
    suite('gitea, every exchange checked', heldTo(createApiDescription(JSON.parse(text)), createFakeServer()));
  },
);

faultConformance({
  connector: gitea,
  config,
  respond: () => createFakeServer(),
  cases: [
    { action: 'workflow.list', input: at },
    { action: 'run.list', input: at },
    { action: 'run.get', input: { ...at, runId: '103' } },
    { action: 'run.trigger', input: { ...at, workflowId: 'ci.yml' } },
    { action: 'job.list', input: { ...at, runId: '101' } },
    { action: 'artifact.list', input: { ...at, runId: '101' } },
    { action: 'artifact.get', input: { ...at, artifactId: '301' } },
  ],
  outcome: (fault, { url }) => {
    // Only run.trigger asks for this run, which it has started by then.
    if (url.pathname.endsWith('/runs/102')) return 'handled';
    return url.pathname.endsWith('/user') && fault === 'forbidden' ? 'handled' : undefined;
  },
});

describe('a run of Gitea Actions', () => {
  it('that waits is dated by its first job', async () => {
    expect(await hub(createFakeServer()).run('run.get', { ...at, runId: '103' })).toMatchObject({
      status: 'queued',
      conclusion: null,
      createdAt: '2026-11-21T10:00:00.000Z',
      startedAt: null,
      finishedAt: null,
      workflowId: 'ci.yml',
    });
  });

  it('is found by state and workflow', async () => {
    const gateway = hub(createFakeServer());
    const ids = async (input: object) =>
      ((await gateway.run('run.list', { ...at, ...input })) as { items: { id: string }[] }).items.map(({ id }) => id);

    expect(await ids({ status: 'completed', branch: 'trunk', commitSha: 'a'.repeat(40) })).toEqual(['102', '101']);
    expect(await ids({ status: 'queued', workflowId: 'ci.yml' })).toEqual(['103']);
    expect(await ids({ workflowId: 'other.yml' })).toEqual([]);
  });

  it('that was started is not started again when it cannot be told, and is not told by an older server', async () => {
    const input = { ...at, workflowId: 'ci.yml', ref: 'trunk' };
    const failing = hub(({ method }) => (method === 'POST' ? { json: { workflow_run_id: 9 } } : { status: 503 }));

    expect(await failing.run('run.trigger', input)).toEqual({ run: null, ref: 'trunk' });
    expect(await hub(() => ({ status: 204 })).run('run.trigger', input)).toEqual({ run: null, ref: 'trunk' });
    await expect(failing.run('run.trigger', { ...at })).rejects.toMatchObject({ code: 'invalid_request' });
  });

  it('never gives a part of its artifacts for all', async () => {
    const gateway = hub(() => ({ json: { artifacts: [], total_count: 40 } }));

    await expect(gateway.run('artifact.list', at)).rejects.toMatchObject({
      code: 'provider_response_too_large',
      message: expect.stringContaining('runId'),
    });
  });
});
