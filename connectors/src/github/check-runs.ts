/** Check runs with annotations, which only GitHub Apps may write. Source: docs.github.com/rest/checks/runs. */
import { defineAction } from '@inthub/connector-sdk';
import Type, { type Static } from 'typebox';
import { call, listPage } from './api.ts';
import { checkRunIdField, pageFields, repositoryFields, scopes } from './own-fields.ts';
import { CheckRunFields, CheckRuns } from './schema.ts';

const closed = { additionalProperties: false };
const line = Type.Integer({ minimum: 1 });
const Annotation = Type.Object(
  {
    path: Type.String({ minLength: 1, maxLength: 4096 }),
    startLine: line,
    endLine: line,
    startColumn: Type.Optional({ ...line, description: 'Only where it starts and ends on one line.' }),
    endColumn: Type.Optional(line),
    level: Type.Enum(['notice', 'warning', 'failure']),
    message: Type.String({ minLength: 1, maxLength: 65_535 }),
    title: Type.Optional(Type.String({ maxLength: 255 })),
    rawDetails: Type.Optional(Type.String({ maxLength: 65_535 })),
  },
  closed,
);
/** "Limit: 50 annotations per API request"; further ones are added by updates. */
const maxAnnotations = 50;
const conclusions = ['success', 'failure', 'neutral', 'cancelled', 'skipped', 'timed_out', 'action_required'] as const;
const changeable = {
  status: Type.Optional(Type.Enum(['queued', 'in_progress', 'completed'], { title: 'Status' })),
  conclusion: Type.Optional(Type.Enum([...conclusions], { description: 'Makes it completed.' })),
  detailsUrl: Type.Optional(Type.String({ format: 'uri', maxLength: 2048 })),
  externalId: Type.Optional(Type.String({ maxLength: 255 })),
  output: Type.Optional(
    Type.Object(
      {
        title: Type.String({ minLength: 1, maxLength: 255 }),
        summary: Type.String({ maxLength: 65_535, description: 'Markdown.' }),
        text: Type.Optional(Type.String({ maxLength: 65_535, description: 'Markdown.' })),
        annotations: Type.Optional(
          Type.Array(Annotation, { maxItems: maxAnnotations, description: 'Added to those it has.' }),
        ),
      },
      closed,
    ),
  ),
};
const CheckRun = Type.Object({
  id: Type.String(),
  name: Type.String(),
  headSha: Type.String(),
  status: Type.String(),
  conclusion: Type.Union([Type.String(), Type.Null()]),
  externalId: Type.Union([Type.String(), Type.Null()]),
  annotationsCount: Type.Integer({ minimum: 0 }),
  url: Type.Union([Type.String(), Type.Null()]),
});
const sha = Type.String({ pattern: '^(?:[0-9a-fA-F]{40}|[0-9a-fA-F]{64})$', title: 'Commit' });
const dataScope = { project: { join: ['/owner', '/repo'] }, dataTypes: ['code'], containsPii: false } as const;

function toCheckRun(run: Static<typeof CheckRunFields>): Static<typeof CheckRun> {
  return {
    id: String(run.id),
    name: run.name,
    headSha: run.head_sha,
    status: run.status,
    conclusion: run.conclusion,
    externalId: run.external_id ?? null,
    annotationsCount: run.output.annotations_count ?? 0,
    url: run.html_url ?? null,
  };
}

const Changes = Type.Object(changeable);

/** What create and update have in common, in GitHub's words. */
function changesOf({ status, conclusion, detailsUrl, externalId, output }: Static<typeof Changes>) {
  return {
    ...(status === undefined ? {} : { status }),
    ...(conclusion === undefined ? {} : { conclusion }),
    ...(detailsUrl === undefined ? {} : { details_url: detailsUrl }),
    ...(externalId === undefined ? {} : { external_id: externalId }),
    ...(output === undefined ? {} : { output: outputOf(output) }),
  };
}

function outputOf({ title, summary, text, annotations = [] }: NonNullable<Static<typeof Changes>['output']>) {
  return {
    title,
    summary,
    ...(text === undefined ? {} : { text }),
    annotations: annotations.map((found) => ({
      path: found.path,
      start_line: found.startLine,
      end_line: found.endLine,
      annotation_level: found.level,
      message: found.message,
      ...(found.startColumn === undefined ? {} : { start_column: found.startColumn }),
      ...(found.endColumn === undefined ? {} : { end_column: found.endColumn }),
      ...(found.title === undefined ? {} : { title: found.title }),
      ...(found.rawDetails === undefined ? {} : { raw_details: found.rawDetails }),
    })),
  };
}

export const checkRunActions = [
  defineAction({
    id: 'github.check_run.create',
    title: 'Create a check run',
    description: 'Reports a check on a commit, with up to 50 annotations on lines. Needs a GitHub App.',
    input: Type.Object(
      { ...repositoryFields, name: Type.String({ minLength: 1, maxLength: 255 }), headSha: sha, ...changeable },
      closed,
    ),
    output: CheckRun,
    dataScope,
    requiredScopes: scopes.checks,
    safe: false,
    run: async ({ owner, repo, name, headSha, ...changes }, ctx) => {
      const parameters = { owner, repo, name, head_sha: headSha, ...changesOf(changes) };
      const response = await call('POST /repos/{owner}/{repo}/check-runs', parameters, ctx);
      return toCheckRun(await response.json(CheckRunFields));
    },
  }),
  defineAction({
    id: 'github.check_run.update',
    title: 'Update a check run',
    description: 'Changes a check run of the same App and adds up to 50 annotations to it.',
    input: Type.Object({ ...repositoryFields, checkRunId: checkRunIdField, ...changeable }, closed),
    output: CheckRun,
    dataScope,
    requiredScopes: scopes.checks,
    safe: false,
    run: async ({ owner, repo, checkRunId, ...changes }, ctx) => {
      const parameters = { owner, repo, check_run_id: Number(checkRunId), ...changesOf(changes) };
      const response = await call('PATCH /repos/{owner}/{repo}/check-runs/{check_run_id}', parameters, ctx);
      return toCheckRun(await response.json(CheckRunFields));
    },
  }),
  defineAction({
    id: 'github.check_run.list',
    title: 'List check runs',
    description: 'Check runs of a commit, of one name where wanted.',
    input: Type.Object(
      {
        ...repositoryFields,
        headSha: sha,
        name: Type.Optional(Type.String({ minLength: 1, maxLength: 255 })),
        ...pageFields,
      },
      closed,
    ),
    output: Type.Object({ items: Type.Array(CheckRun), nextCursor: Type.Union([Type.String(), Type.Null()]) }),
    dataScope,
    requiredScopes: scopes.read,
    safe: true,
    weight: 5,
    run: async ({ owner, repo, headSha, name, ...page }, ctx) =>
      listPage(
        'GET /repos/{owner}/{repo}/commits/{ref}/check-runs',
        { owner, repo, ref: headSha, check_name: name },
        page,
        async (response) => (await response.json(CheckRuns)).check_runs.map(toCheckRun),
        ctx,
      ),
  }),
];
