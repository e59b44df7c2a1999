/**
 * Gitea Actions. Source: Gitea's templates/swagger/v1_json.tmpl (v1.26), go-gitea/gitea services/convert (states). There is no way to
 * cancel a run.
 */
import {
  type ActionContext,
  type CiHandlers,
  toTimestamp,
  type WorkflowRun,
  type WorkflowRunDetail,
} from '@inthub/connector-sdk';
import { HubError, invalidField } from '@inthub/contracts';
import type { Static } from 'typebox';
import { listPage, listWhole, path } from '../_families/gitea/api.ts';
import { getRepository } from '../_families/gitea/repositories.ts';
import { Dispatched, Jobs, RunFields, Runs, Workflows } from './schema-actions.ts';

interface Project {
  readonly owner?: string;
  readonly repo: string;
}

/** A project of the ci category; Gitea always has owners. @throws HubError `invalid_request` */
export function requireProject({ owner, repo }: Project) {
  if (owner === undefined || owner.includes('/'))
    throw invalidField('/owner', 'is required: the user or organisation of the repository.', 'required');
  if (repo.includes('/')) throw invalidField('/repo', 'is the name of the repository without its owner.', 'pattern');
  return { owner, repo };
}

/** @throws HubError `invalid_request` */
export function requireId(text: string, field: string): string {
  if (/^[1-9]\d{0,14}$/.test(text)) return text;
  throw invalidField(field, 'is a number in Gitea.', 'pattern');
}

/** `pending` is blocked: it waits for other jobs or for an approval. */
const statuses: Readonly<Record<string, WorkflowRun['status']>> = {
  queued: 'queued',
  requested: 'queued',
  pending: 'waiting',
  waiting: 'waiting',
  in_progress: 'in_progress',
  completed: 'completed',
};
const conclusions = ['success', 'failure', 'cancelled', 'skipped'] as const;

function stateOf(found: {
  readonly status: string;
  readonly conclusion?: string | null;
}): Pick<WorkflowRun, 'status' | 'conclusion'> {
  const status = statuses[found.status];
  if (status === undefined) throw new HubError('provider_bad_response', 'Gitea gave a run or job of an unknown state.');
  const conclusion = conclusions.find((known) => known === found.conclusion) ?? 'unknown';
  return { status, conclusion: status === 'completed' ? conclusion : null };
}

/** Gitea writes 1970 for a time that has not come. */
function timeOf(text: string | null | undefined): string | null {
  const found = toTimestamp(text);
  return found === null || Date.parse(found) === 0 ? null : found;
}

/** A run tells when it began, not when it was made; one that has not begun was made with its first job. */
async function createdAt(
  { owner, repo }: { readonly owner: string; readonly repo: string },
  run: Static<typeof RunFields>,
  ctx: ActionContext,
): Promise<string> {
  const started = timeOf(run.started_at);
  if (started !== null) return started;
  const jobs = path`/repos/${owner}/${repo}/actions/runs/${run.id}/jobs`;
  const found = await (await ctx.http.get(jobs, { query: { page: 1, limit: 1 } })).json(Jobs);
  const made = timeOf(found.jobs?.[0]?.created_at) ?? timeOf(run.completed_at);
  if (made === null) throw new HubError('provider_bad_response', `Gitea gave no time of run ${run.id} or its jobs.`);
  return made;
}

async function toRun(
  at: { readonly owner: string; readonly repo: string },
  run: Static<typeof RunFields>,
  ctx: ActionContext,
): Promise<WorkflowRun> {
  const created = await createdAt(at, run, ctx);
  return {
    id: String(run.id),
    number: run.run_number,
    name: run.display_title || `Run ${run.run_number}`,
    workflowId: run.path.split('@')[0] || null,
    ...stateOf(run),
    branch: run.head_branch || null,
    commitSha: run.head_sha,
    event: run.event,
    actor: run.actor?.login ?? null,
    createdAt: created,
    startedAt: timeOf(run.started_at),
    updatedAt: timeOf(run.completed_at) ?? created,
    url: run.html_url,
  };
}

async function getRun(
  at: { readonly owner: string; readonly repo: string },
  runId: string | number,
  ctx: ActionContext,
): Promise<WorkflowRunDetail> {
  const response = await ctx.http.get(path`/repos/${at.owner}/${at.repo}/actions/runs/${runId}`);
  const found = await response.json(RunFields);
  const run = await toRun(at, found, ctx);
  const finishedAt = run.status === 'completed' ? timeOf(found.completed_at) : null;
  return { ...run, finishedAt, attempt: found.run_attempt ?? null };
}

const trigger: NonNullable<CiHandlers['run.trigger']> = async ({ workflowId, ref, inputs, ...project }, ctx) => {
  const at = requireProject(project);
  if (workflowId === undefined)
    throw invalidField('/workflowId', 'is required: the file name of the workflow (workflow.list).', 'required');
  const startedOn = ref ?? (await getRepository(at.owner, at.repo, ctx)).defaultBranch;
  if (startedOn === null)
    throw new HubError('provider_not_found', `${at.owner}/${at.repo} has no default branch yet; name a ref.`);
  const response = await ctx.http.post(path`/repos/${at.owner}/${at.repo}/actions/workflows/${workflowId}/dispatches`, {
    query: { return_run_details: true },
    json: { ref: startedOn, inputs },
  });
  // Servers that do not know the parameter start the run and say nothing.
  if (response.status === 204) return { run: null, ref: startedOn };
  const { workflow_run_id } = await response.json(Dispatched);
  try {
    const { finishedAt: _finished, attempt: _attempt, ...run } = await getRun(at, workflow_run_id, ctx);
    return { run, ref: startedOn };
  } catch (error) {
    // It was started; an error would make the caller start another.
    if (!(error instanceof HubError) || error.code === 'cancelled') throw error;
    ctx.log.warn('A run that was started cannot be told', { code: error.code });
    return { run: null, ref: startedOn };
  }
};

export const runHandlers: CiHandlers = {
  'workflow.list': async ({ cursor, limit, ...project }, ctx) => {
    const { owner, repo } = requireProject(project);
    return listWhole({ cursor, limit }, async () => {
      const response = await ctx.http.get(path`/repos/${owner}/${repo}/actions/workflows`);
      return ((await response.json(Workflows)).workflows ?? []).map((workflow) => ({
        id: workflow.id,
        name: workflow.name,
        path: workflow.path,
        isEnabled: workflow.state === 'active',
        url: workflow.html_url ?? null,
      }));
    });
  },
  'run.list': async ({ workflowId, branch, commitSha, status, cursor, limit, ...project }, ctx) => {
    const at = requireProject(project);
    return listPage(
      path`/repos/${at.owner}/${at.repo}/actions/runs`,
      { branch, head_sha: commitSha },
      { cursor, limit },
      // Gitea lists by states of its own and not by workflow, so both are told here and a page may hold fewer than asked.
      async (response) => {
        const found = (await response.json(Runs)).workflow_runs ?? [];
        const runs: WorkflowRun[] = [];
        for (const run of found) {
          if (status !== undefined && stateOf(run).status !== status) continue;
          if (workflowId !== undefined && run.path.split('@')[0] !== workflowId) continue;
          runs.push(await toRun(at, run, ctx));
        }
        return runs;
      },
      ctx,
    );
  },
  'run.get': async ({ runId, ...project }, ctx) => getRun(requireProject(project), requireId(runId, '/runId'), ctx),
  'run.trigger': trigger,
  'job.list': async ({ runId, cursor, limit, ...project }, ctx) => {
    const { owner, repo } = requireProject(project);
    return listPage(
      path`/repos/${owner}/${repo}/actions/runs/${requireId(runId, '/runId')}/jobs`,
      {},
      { cursor, limit },
      async (response) =>
        ((await response.json(Jobs)).jobs ?? []).map((job) => ({
          id: String(job.id),
          name: job.name,
          stage: null,
          ...stateOf(job),
          startedAt: timeOf(job.started_at),
          finishedAt: timeOf(job.completed_at),
          runner: job.runner_name || null,
          url: job.html_url ?? null,
        })),
      ctx,
    );
  },
};
