/** What is read of Gitea Actions. Source: Gitea's templates/swagger/v1_json.tmpl (v1.26). */
import Type, { type TSchema } from 'typebox';

const optionalNull = <Schema extends TSchema>(schema: Schema) => Type.Optional(Type.Union([schema, Type.Null()]));
const Id = Type.Integer();
const state = { status: Type.String(), conclusion: optionalNull(Type.String()) };
const times = { started_at: optionalNull(Type.String()), completed_at: optionalNull(Type.String()) };

export const Workflows = Type.Object({
  workflows: optionalNull(
    Type.Array(
      Type.Object({
        id: Type.String(),
        name: Type.String(),
        path: Type.String(),
        state: Type.String(),
        html_url: Type.Optional(Type.String()),
      }),
    ),
  ),
  total_count: Type.Integer(),
});

export const RunFields = Type.Object({
  id: Id,
  run_number: Type.Integer(),
  run_attempt: Type.Optional(Type.Integer()),
  display_title: Type.String(),
  /** `<workflow>@<ref>` */
  path: Type.String(),
  ...state,
  ...times,
  head_branch: optionalNull(Type.String()),
  head_sha: Type.String(),
  event: Type.String(),
  actor: optionalNull(Type.Object({ login: Type.String() })),
  html_url: Type.String(),
});
export const Runs = Type.Object({ workflow_runs: optionalNull(Type.Array(RunFields)), total_count: Type.Integer() });
export const Dispatched = Type.Object({ workflow_run_id: Id });

export const Jobs = Type.Object({
  jobs: optionalNull(
    Type.Array(
      Type.Object({
        id: Id,
        name: Type.String(),
        ...state,
        ...times,
        created_at: optionalNull(Type.String()),
        runner_name: optionalNull(Type.String()),
        html_url: optionalNull(Type.String()),
      }),
    ),
  ),
  total_count: Type.Integer(),
});

export const ArtifactFields = Type.Object({
  id: Id,
  name: Type.String(),
  size_in_bytes: Type.Integer(),
  expired: Type.Boolean(),
  created_at: optionalNull(Type.String()),
  expires_at: optionalNull(Type.String()),
  workflow_run: optionalNull(Type.Object({ id: Type.Optional(Id) })),
});
export const Artifacts = Type.Object({
  artifacts: optionalNull(Type.Array(ArtifactFields)),
  total_count: Type.Integer(),
});
