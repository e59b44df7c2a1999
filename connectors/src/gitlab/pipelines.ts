/**
 * Pipelines are the category's runs. A project has one pipeline definition, so there are no workflows to choose from.
 * Source: docs.gitlab.com/api/pipelines, /api/jobs.
 */
import {
  type ActionContext,
  type CiHandlers,
  type HttpResponse,
  toTimestamp,
  type WorkflowRun,
  type WorkflowRunDetail,
} from '@inthub/connector-sdk';
import { HubError, invalidField } from '@inthub/contracts';
import type { Static } from 'typebox';
import { call, listPage, type Project, pageOf, path, projectPath } from './api.ts';
import { getRepository } from './repositories.ts';
import { Jobs, PipelineFields, Pipelines } from './schema-ci.ts';
import { timestamp } from './timestamp.ts';

/** A project of the ci category; GitLab's always have owners. @throws HubError `invalid_request` */
export function requireProject({ owner, repo }: { readonly owner?: string; readonly repo: string }): Project {
  if (owner === undefined) throw invalidField('/owner', 'is required: the user or group of the project.', 'required');
  if (repo.includes('/')) throw invalidField('/repo', 'is the name of the project without its groups.', 'pattern');
  return { owner, repo };
}

/** @throws HubError `invalid_request` */
export function requireId(text: string, field: string): string {
  if (/^[1-9]\d{0,14}$/.test(text)) return text;
  throw invalidField(field, 'is a number in GitLab.', 'pattern');
}

const noWorkflows = (workflowId: string | undefined) => {
  if (workflowId !== undefined)
    throw invalidField('/workflowId', 'has no meaning in GitLab, where a project has one pipeline; leave it out.');
};

const statuses: Readonly<Record<string, WorkflowRun['status']>> = {
  created: 'queued',
  pending: 'queued',
  preparing: 'queued',
  waiting_for_callback: 'queued',
  waiting_for_resource: 'waiting',
  manual: 'waiting',
  scheduled: 'waiting',
  running: 'in_progress',
  canceling: 'in_progress',
};
const conclusions: Readonly<Record<string, NonNullable<WorkflowRun['conclusion']>>> = {
  success: 'success',
  failed: 'failure',
  canceled: 'cancelled',
  skipped: 'skipped',
};

function stateOf(status: string): Pick<WorkflowRun, 'status' | 'conclusion'> {
  const open = statuses[status];
  return open === undefined
    ? { status: 'completed', conclusion: conclusions[status] ?? 'unknown' }
    : { status: open, conclusion: null };
}

function toRun(found: Static<typeof PipelineFields>): WorkflowRun {
  return {
    id: String(found.id),
    number: found.iid ?? null,
    name: found.name ?? `Pipeline #${found.id}`,
    workflowId: null,
    ...stateOf(found.status),
    branch: found.ref ?? null,
    commitSha: found.sha ?? null,
    event: found.source ?? null,
    actor: found.user?.username ?? null,
    createdAt: timestamp(found.created_at),
    startedAt: toTimestamp(found.started_at),
    updatedAt: timestamp(found.updated_at),
    url: found.web_url,
  };
}

async function getRun(project: Project, runId: string, ctx: ActionContext): Promise<WorkflowRunDetail> {
  const below = projectPath(project, path`/pipelines/${requireId(runId, '/runId')}`);
  const found = await (await call('GET', below, ctx)).json(PipelineFields);
  // A retried pipeline keeps its id, and GitLab counts no attempts.
  return { ...toRun(found), finishedAt: toTimestamp(found.finished_at), attempt: null };
}

/** GitLab's own filter that comes nearest; what it lets through beyond is taken out here. */
const filters = {
  queued: { scope: 'pending' },
  waiting: { status: 'manual' },
  in_progress: { scope: 'running' },
  completed: { scope: 'finished' },
} as const;

export const runHandlers: CiHandlers = {
  'run.list': async ({ workflowId, branch, commitSha, status, cursor, limit, ...given }, ctx) => {
    noWorkflows(workflowId);
    const query = { ref: branch, sha: commitSha, ...(status === undefined ? {} : filters[status]) };
    const read = async (response: HttpResponse) =>
      (await response.json(Pipelines)).map(toRun).filter((run) => status === undefined || run.status === status);
    const list = { path: projectPath(requireProject(given), '/pipelines'), query, read };
    return listPage(list, pageOf(cursor, limit), ctx);
  },
  'run.get': async ({ runId, ...given }, ctx) => getRun(requireProject(given), runId, ctx),
  'run.trigger': async ({ workflowId, ref, inputs, ...given }, ctx) => {
    noWorkflows(workflowId);
    const project = requireProject(given);
    const startedOn = ref ?? (await getRepository(project, ctx)).defaultBranch;
    if (startedOn === null)
      throw new HubError(
        'provider_not_found',
        `${project.owner}/${project.repo} has no default branch yet; name a ref.`,
      );
    const variables = Object.entries(inputs ?? {}).map(([key, value]) => ({ key, value }));
    const response = await call('POST', projectPath(project, '/pipeline'), ctx, {
      json: { ref: startedOn, ...(variables.length === 0 ? {} : { variables }) },
    });
    return { run: toRun(await response.json(PipelineFields)), ref: startedOn };
  },
  'run.cancel': async ({ runId, ...given }, ctx) => {
    const project = requireProject(given);
    // GitLab answers alike whether there was something to cancel or not.
    if ((await getRun(project, runId, ctx)).status === 'completed') return { runId, accepted: false };
    const response = await call('POST', projectPath(project, path`/pipelines/${runId}/cancel`), ctx);
    await response.json(PipelineFields);
    return { runId, accepted: true };
  },
  'job.list': async ({ runId, cursor, limit, ...given }, ctx) => {
    const below = path`/pipelines/${requireId(runId, '/runId')}/jobs`;
    const read = async (response: HttpResponse) =>
      (await response.json(Jobs)).map((job) => ({
        id: String(job.id),
        name: job.name,
        stage: job.stage ?? null,
        ...stateOf(job.status),
        startedAt: toTimestamp(job.started_at),
        finishedAt: toTimestamp(job.finished_at),
        runner: job.runner?.description ?? job.runner?.name ?? null,
        url: job.web_url ?? null,
      }));
    return listPage({ path: projectPath(requireProject(given), below), read }, pageOf(cursor, limit), ctx);
  },
};
