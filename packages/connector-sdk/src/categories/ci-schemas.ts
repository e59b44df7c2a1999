/**
 * The shapes that every CI connector shares. Source: WorkflowRun and its options in `ISourceControlAdapter` of the connector
 * interface; states are those that GitHub Actions, GitLab CI, Gitea Actions and Jenkins can all be told in.
 */
import { NullableTimestamp, Timestamp } from '@inthub/contracts';
import Type from 'typebox';
import { closed, nullable, Owner, pageInput, pageOutput, Ref } from './fields.ts';
import { FilePath } from './source-control-schemas.ts';

const project = {
  owner: Type.Optional({
    ...Owner,
    description: 'User, organisation or group; left out only where the product has none (Jenkins).',
  }),
  repo: {
    ...FilePath,
    maxLength: 1024,
    title: 'Repository',
    description: 'Repository or project; where the product has jobs, the path of the job.',
    examples: ['hello-world'],
  },
};
/** Id as the product gives it; a number of JavaScript would cut the longest. */
const Id = (title: string, description?: string) =>
  Type.String({
    minLength: 1,
    maxLength: 512,
    pattern: '^[^\\s?#\\x00-\\x1f]+$',
    title,
    ...(description === undefined ? {} : { description }),
  });

const runStatuses = ['queued', 'waiting', 'in_progress', 'completed'] as const;
const runConclusions = [
  'success',
  'failure',
  'cancelled',
  'skipped',
  'timed_out',
  'action_required',
  'neutral',
  'unknown',
] as const;
const state = {
  status: Type.Enum([...runStatuses], { description: 'waiting: for a person, an approval or a schedule.' }),
  conclusion: nullable(Type.Enum([...runConclusions], { description: 'Null until completed.' })),
};

export const Workflow = Type.Object({
  id: Type.String({ description: 'Usable as `workflowId` of the other actions.' }),
  name: Type.String(),
  path: nullable(Type.String({ description: 'File that defines it.' })),
  isEnabled: Type.Boolean(),
  url: nullable(Type.String()),
});
export type Workflow = Type.Static<typeof Workflow>;
export const WorkflowListInput = Type.Object({ ...project, ...pageInput }, closed);
export const WorkflowListOutput = pageOutput(Workflow);

const runFields = {
  id: Type.String({ description: 'Usable as `runId` of the other actions.' }),
  number: nullable(Type.Integer({ minimum: 0, description: 'Counted by the product within the workflow or project.' })),
  name: Type.String(),
  workflowId: nullable(Type.String()),
  ...state,
  branch: nullable(Type.String()),
  commitSha: nullable(Type.String()),
  event: nullable(Type.String({ description: 'What started it, in the words of the product.' })),
  actor: nullable(Type.String()),
  createdAt: Timestamp,
  startedAt: NullableTimestamp,
  updatedAt: Timestamp,
  url: Type.String(),
};
export const WorkflowRun = Type.Object(runFields);
export type WorkflowRun = Type.Static<typeof WorkflowRun>;
export const WorkflowRunDetail = Type.Object({
  ...runFields,
  finishedAt: NullableTimestamp,
  attempt: nullable(Type.Integer({ minimum: 0, description: '1 is the first.' })),
});
export type WorkflowRunDetail = Type.Static<typeof WorkflowRunDetail>;
export const RunListInput = Type.Object(
  {
    ...project,
    workflowId: Type.Optional(Id('Workflow', 'Only of this workflow, by id or file name.')),
    branch: Type.Optional({ ...Ref, description: 'Only on this branch.' }),
    commitSha: Type.Optional(Type.String({ pattern: '^[0-9a-fA-F]{40,64}$', description: 'Only of this commit.' })),
    status: Type.Optional(Type.Enum([...runStatuses], { description: 'Only in this state.' })),
    ...pageInput,
  },
  closed,
);
export const RunListOutput = pageOutput(WorkflowRun);
export const RunInput = Type.Object({ ...project, runId: Id('Run') }, closed);
export const RunTriggerInput = Type.Object(
  {
    ...project,
    workflowId: Type.Optional(
      Id('Workflow', 'By id or file name; left out where the product has one pipeline a project.'),
    ),
    ref: Type.Optional({ ...Ref, description: 'Default the default branch.' }),
    inputs: Type.Optional(
      Type.Record(Type.String({ minLength: 1, maxLength: 255 }), Type.String({ maxLength: 65_535 }), {
        maxProperties: 50,
        title: 'Inputs',
      }),
    ),
  },
  closed,
);
export const RunTriggerOutput = Type.Object({
  /** Null where the product starts it without telling which: run.list finds it. */
  run: nullable(WorkflowRun),
  ref: Type.String({ description: 'What it was started on.' }),
});
export type TriggeredRun = Type.Static<typeof RunTriggerOutput>;
export const RunCancelOutput = Type.Object({
  runId: Type.String(),
  accepted: Type.Boolean({ description: 'False: it was over already.' }),
});
export type CancelledRun = Type.Static<typeof RunCancelOutput>;

export const Job = Type.Object({
  id: Type.String({ description: 'Usable as `jobId` of job.log.' }),
  name: Type.String(),
  stage: nullable(Type.String()),
  ...state,
  startedAt: NullableTimestamp,
  finishedAt: NullableTimestamp,
  runner: nullable(Type.String()),
  url: nullable(Type.String()),
});
export type Job = Type.Static<typeof Job>;
export const JobListInput = Type.Object({ ...project, runId: Id('Run'), ...pageInput }, closed);
export const JobListOutput = pageOutput(Job);
export const JobLogInput = Type.Object(
  {
    ...project,
    jobId: Id('Job'),
    tailBytes: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 5_242_880, default: 1_048_576, description: 'Keep this much of the end.' }),
    ),
  },
  closed,
);
export const JobLogOutput = Type.Object({
  jobId: Type.String(),
  text: Type.String({
    description: 'The end of the log, from the start of a line; colour codes of the terminal included.',
  }),
  sizeBytes: Type.Integer({ minimum: 0, description: 'Of the whole log.' }),
  isTruncated: Type.Boolean(),
});
export type JobLog = Type.Static<typeof JobLogOutput>;

export const Artifact = Type.Object({
  id: Type.String({ description: 'Usable as `artifactId` of artifact.get.' }),
  name: Type.String(),
  sizeBytes: nullable(Type.Integer({ minimum: 0 })),
  isExpired: Type.Boolean(),
  createdAt: NullableTimestamp,
  expiresAt: NullableTimestamp,
  digest: nullable(Type.String({ description: 'sha256:… as the product keeps it.' })),
  runId: nullable(Type.String()),
});
export type Artifact = Type.Static<typeof Artifact>;
export const ArtifactListInput = Type.Object(
  { ...project, runId: Type.Optional(Id('Run', 'Default of all runs, where the product can.')), ...pageInput },
  closed,
);
export const ArtifactListOutput = pageOutput(Artifact);
export const ArtifactGetInput = Type.Object(
  {
    ...project,
    artifactId: Id('Artifact'),
    withContent: Type.Optional(Type.Boolean({ default: false, description: 'Also the archive itself.' })),
    maxBytes: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 10_485_760,
        default: 5_242_880,
        description: 'Refuse an archive larger than this.',
      }),
    ),
  },
  closed,
);
export const ArtifactGetOutput = Type.Object({
  artifact: Artifact,
  content: nullable(
    Type.Object({ mediaType: Type.String(), sizeBytes: Type.Integer({ minimum: 0 }), base64: Type.String() }),
  ),
});
export type ArtifactContent = Type.Static<typeof ArtifactGetOutput>;
