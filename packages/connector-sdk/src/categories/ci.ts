/** Standard actions of continuous integration: a connector gives the handlers that its product can serve, the rest is the same everywhere. */
import type { AnyAction } from '../action.ts';
import {
  ArtifactGetInput,
  ArtifactGetOutput,
  ArtifactListInput,
  ArtifactListOutput,
  JobListInput,
  JobListOutput,
  JobLogInput,
  JobLogOutput,
  RunCancelOutput,
  RunInput,
  RunListInput,
  RunListOutput,
  RunTriggerInput,
  RunTriggerOutput,
  WorkflowListInput,
  WorkflowListOutput,
  WorkflowRunDetail,
} from './ci-schemas.ts';
import { type ActionSpecs, type Handlers, type StandardActionsOptions, standardActions } from './standard-actions.ts';

/** A project of a grant is `owner/repo`, or the repository alone where the product has no owners. Logs may hold anything. */
const runs = { project: { join: ['/owner', '/repo'] }, dataTypes: ['code'], containsPii: true } as const;

/** Everything about the standard actions but the handler. */
export const ciActionSpecs = {
  'workflow.list': {
    title: 'List workflows',
    description: 'Workflows, pipelines or jobs that can run in a repository or project.',
    input: WorkflowListInput,
    output: WorkflowListOutput,
    dataScope: runs,
    safe: true,
    weight: 5,
  },
  'run.list': {
    title: 'List runs',
    description: 'Runs (pipelines, builds), newest first.',
    input: RunListInput,
    output: RunListOutput,
    dataScope: runs,
    safe: true,
    weight: 5,
  },
  'run.get': {
    title: 'Get a run',
    description: 'State and outcome of one run.',
    input: RunInput,
    output: WorkflowRunDetail,
    dataScope: runs,
    safe: true,
  },
  'run.trigger': {
    title: 'Start a run',
    description: 'Starts a workflow on a branch or tag with inputs.',
    input: RunTriggerInput,
    output: RunTriggerOutput,
    dataScope: runs,
    safe: false,
  },
  'run.cancel': {
    title: 'Cancel a run',
    description: 'Asks to stop a run; one that is over already stays as it is.',
    input: RunInput,
    output: RunCancelOutput,
    dataScope: runs,
    safe: false,
  },
  'job.list': {
    title: 'List jobs',
    description: 'Jobs of a run with state and outcome.',
    input: JobListInput,
    output: JobListOutput,
    dataScope: runs,
    safe: true,
    weight: 5,
  },
  'job.log': {
    title: 'Get the log of a job',
    description: 'The end of the log of one job as text.',
    input: JobLogInput,
    output: JobLogOutput,
    dataScope: runs,
    safe: true,
  },
  'artifact.list': {
    title: 'List artifacts',
    description: 'Files that a run left behind.',
    input: ArtifactListInput,
    output: ArtifactListOutput,
    dataScope: runs,
    safe: true,
    weight: 5,
  },
  'artifact.get': {
    title: 'Get an artifact',
    description: 'One artifact, with its archive where wanted.',
    input: ArtifactGetInput,
    output: ArtifactGetOutput,
    dataScope: runs,
    safe: true,
  },
} as const satisfies ActionSpecs;

export type CiActionId = keyof typeof ciActionSpecs;
export const ciActionIds = Object.keys(ciActionSpecs) as readonly CiActionId[];
export type CiHandlers = Handlers<typeof ciActionSpecs>;

/** The standard actions for which there is a handler, in the standard order. */
export function ciActions(handlers: CiHandlers, options: StandardActionsOptions<CiActionId> = {}): AnyAction[] {
  return standardActions(ciActionSpecs, handlers, options);
}
