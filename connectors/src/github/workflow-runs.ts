/** GitHub Actions. Source: docs.github.com/rest/actions. */
import {
  type ActionContext,
  type CiHandlers,
  type HttpResponse,
  toTimestamp,
  type WorkflowRun,
  type WorkflowRunDetail,
} from '@inthub/connector-sdk';
import { invalidField } from '@inthub/contracts';
import type { Static } from 'typebox';
import { call, isGitHubCloud, listPage, pageOf } from './api.ts';
import { resolveRef } from './repositories.ts';
import { Dispatched, Jobs, RunFields, Runs, Workflows } from './schema-actions.ts';
import { timestamp } from './timestamp.ts';

/** A project of the ci category; GitHub always has owners. */
export function requireProject({ owner, repo }: { readonly owner?: string; readonly repo: string }) {
  if (owner === undefined || owner.includes('/'))
    throw invalidField('/owner', 'is required: the user or organisation of the repository.', 'required');
  if (repo.includes('/')) throw invalidField('/repo', 'is the name of the repository without its owner.', 'pattern');
  return { owner, repo };
}

/** @throws HubError `invalid_request` */
export function requireId(text: string, field: string): number {
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text);
  throw invalidField(field, 'is a number in GitHub.', 'pattern');
}

const statuses: Readonly<Record<string, WorkflowRun['status']>> = {
  queued: 'queued',
  requested: 'queued',
  pending: 'queued',
  waiting: 'waiting',
  in_progress: 'in_progress',
  completed: 'completed',
};
const conclusions: Readonly<Record<string, NonNullable<WorkflowRun['conclusion']>>> = {
  success: 'success',
  failure: 'failure',
  startup_failure: 'failure',
  neutral: 'neutral',
  stale: 'neutral',
  cancelled: 'cancelled',
  skipped: 'skipped',
  timed_out: 'timed_out',
  action_required: 'action_required',
};

function stateOf(found: { readonly status: string | null; readonly conclusion: string | null }) {
  const status = statuses[found.status ?? ''] ?? 'queued';
  const conclusion = found.conclusion === null ? 'unknown' : (conclusions[found.conclusion] ?? 'unknown');
  return { status, conclusion: status === 'completed' ? conclusion : null };
}

function toRun(run: Static<typeof RunFields>): WorkflowRun {
  return {
    id: String(run.id),
    number: run.run_number,
    name: run.display_title || run.name || `Run ${run.run_number}`,
    workflowId: String(run.workflow_id),
    ...stateOf(run),
    branch: run.head_branch,
    commitSha: run.head_sha,
    event: run.event,
    actor: run.actor?.login ?? null,
    createdAt: timestamp(run.created_at),
    startedAt: toTimestamp(run.run_started_at),
    updatedAt: timestamp(run.updated_at),
    url: run.html_url,
  };
}

async function getRun(owner: string, repo: string, run_id: number, ctx: ActionContext): Promise<WorkflowRunDetail> {
  const found = await (
    await call('GET /repos/{owner}/{repo}/actions/runs/{run_id}', { owner, repo, run_id }, ctx)
  ).json(RunFields);
  const run = toRun(found);
  // GitHub has no field for the end; a run that is over does not change any more.
  return { ...run, finishedAt: run.status === 'completed' ? run.updatedAt : null, attempt: found.run_attempt ?? null };
}

const trigger: NonNullable<CiHandlers['run.trigger']> = async ({ workflowId, ref, inputs, ...project }, ctx) => {
  const { owner, repo } = requireProject(project);
  if (workflowId === undefined)
    throw invalidField('/workflowId', 'is required: the id or file name of the workflow (workflow.list).', 'required');
  const startedOn = await resolveRef({ owner, repo, ...(ref === undefined ? {} : { ref }) }, ctx);
  const response = await call(
    'POST /repos/{owner}/{repo}/actions/workflows/{workflow_id}/dispatches',
    {
      owner,
      repo,
      workflow_id: workflowId,
      ref: startedOn,
      inputs,
      // Known to github.com since 2026; servers refuse parameters that they do not know.
      return_run_details: isGitHubCloud(ctx) ? true : undefined,
    },
    ctx,
  );
  if (response.status === 204) return { run: null, ref: startedOn };
  const { workflow_run_id } = await response.json(Dispatched);
  return { run: await getRun(owner, repo, workflow_run_id, ctx), ref: startedOn };
};

export const runHandlers: CiHandlers = {
  'workflow.list': async ({ owner, repo, ...page }, ctx) =>
    listPage(
      'GET /repos/{owner}/{repo}/actions/workflows',
      requireProject({ repo, ...(owner === undefined ? {} : { owner }) }),
      page,
      async (response) =>
        (await response.json(Workflows)).workflows.map(({ id, name, path, state, html_url }) => ({
          id: String(id),
          name,
          path,
          isEnabled: state === 'active',
          url: html_url ?? null,
        })),
      ctx,
    ),
  'run.list': async ({ workflowId, branch, commitSha, status, cursor, limit, ...project }, ctx) => {
    const parameters = { ...requireProject(project), branch, head_sha: commitSha, status };
    const page = pageOf(cursor, limit);
    const read = async (response: HttpResponse) => (await response.json(Runs)).workflow_runs.map(toRun);
    if (workflowId === undefined)
      return listPage('GET /repos/{owner}/{repo}/actions/runs', parameters, page, read, ctx);
    const ofWorkflow = { ...parameters, workflow_id: workflowId };
    return listPage('GET /repos/{owner}/{repo}/actions/workflows/{workflow_id}/runs', ofWorkflow, page, read, ctx);
  },
  'run.get': async ({ runId, ...project }, ctx) => {
    const { owner, repo } = requireProject(project);
    return getRun(owner, repo, requireId(runId, '/runId'), ctx);
  },
  'run.trigger': trigger,
  'run.cancel': async ({ runId, ...project }, ctx) => {
    const parameters = { ...requireProject(project), run_id: requireId(runId, '/runId') };
    const route = 'POST /repos/{owner}/{repo}/actions/runs/{run_id}/cancel';
    // 409: it is over already.
    const response = await call(route, parameters, ctx, { expect: [409] });
    return { runId, accepted: response.status !== 409 };
  },
  'job.list': async ({ runId, cursor, limit, ...project }, ctx) =>
    listPage(
      'GET /repos/{owner}/{repo}/actions/runs/{run_id}/jobs',
      { ...requireProject(project), run_id: requireId(runId, '/runId') },
      pageOf(cursor, limit),
      async (response) =>
        (await response.json(Jobs)).jobs.map((job) => ({
          id: String(job.id),
          name: job.name,
          stage: null,
          ...stateOf(job),
          startedAt: toTimestamp(job.started_at),
          finishedAt: toTimestamp(job.completed_at),
          runner: job.runner_name ?? null,
          url: job.html_url ?? null,
        })),
      ctx,
    ),
};
