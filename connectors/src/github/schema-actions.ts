/** What the connector reads of GitHub Actions. Source: github/rest-api-description. */
import Type, { type TSchema } from 'typebox';

const optionalNull = <Schema extends TSchema>(schema: Schema) => Type.Optional(Type.Union([schema, Type.Null()]));

export const Workflows = Type.Object({
  workflows: Type.Array(
    Type.Object({
      id: Type.Number(),
      name: Type.String(),
      path: Type.String(),
      state: Type.String(),
      html_url: Type.Optional(Type.String()),
    }),
  ),
});
export const RunFields = Type.Object({
  id: Type.Number(),
  name: optionalNull(Type.String()),
  display_title: Type.Optional(Type.String()),
  run_number: Type.Integer(),
  run_attempt: Type.Optional(Type.Integer()),
  workflow_id: Type.Number(),
  head_branch: Type.Union([Type.String(), Type.Null()]),
  head_sha: Type.String(),
  event: Type.String(),
  status: Type.Union([Type.String(), Type.Null()]),
  conclusion: Type.Union([Type.String(), Type.Null()]),
  actor: optionalNull(Type.Object({ login: Type.String() })),
  created_at: Type.String(),
  updated_at: Type.String(),
  run_started_at: optionalNull(Type.String()),
  html_url: Type.String(),
});
export const Runs = Type.Object({ workflow_runs: Type.Array(RunFields) });
export const Dispatched = Type.Object({ workflow_run_id: Type.Number() });
export const Jobs = Type.Object({
  jobs: Type.Array(
    Type.Object({
      id: Type.Number(),
      name: Type.String(),
      status: Type.String(),
      conclusion: Type.Union([Type.String(), Type.Null()]),
      started_at: optionalNull(Type.String()),
      completed_at: optionalNull(Type.String()),
      runner_name: optionalNull(Type.String()),
      html_url: optionalNull(Type.String()),
    }),
  ),
});
export const ArtifactFields = Type.Object({
  id: Type.Number(),
  name: Type.String(),
  size_in_bytes: Type.Integer(),
  expired: Type.Boolean(),
  created_at: Type.Union([Type.String(), Type.Null()]),
  expires_at: Type.Union([Type.String(), Type.Null()]),
  digest: optionalNull(Type.String()),
  workflow_run: optionalNull(Type.Object({ id: Type.Optional(Type.Number()) })),
});
export const Artifacts = Type.Object({ artifacts: Type.Array(ArtifactFields) });
