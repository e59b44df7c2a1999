/** What the connector reads of GitLab CI/CD's answers. Source: GitLab's OpenAPI description (API_Entities_Ci_*). */
import Type, { type TSchema } from 'typebox';

const optionalNull = <Schema extends TSchema>(schema: Schema) => Type.Optional(Type.Union([schema, Type.Null()]));
const Text = optionalNull(Type.String());
const Id = Type.Number();

/** Lists leave out who started a pipeline and when. */
export const PipelineFields = Type.Object({
  id: Id,
  iid: optionalNull(Type.Integer()),
  name: Text,
  sha: Text,
  ref: Text,
  status: Type.String(),
  source: Text,
  user: optionalNull(Type.Object({ username: Type.String() })),
  created_at: Type.String(),
  updated_at: Type.String(),
  started_at: Text,
  finished_at: Text,
  web_url: Type.String(),
});
export const Pipelines = Type.Array(PipelineFields);

export const JobFields = Type.Object({
  id: Id,
  name: Type.String(),
  stage: Text,
  status: Type.String(),
  created_at: Text,
  started_at: Text,
  finished_at: Text,
  web_url: Text,
  runner: optionalNull(Type.Object({ description: Text, name: Text })),
  pipeline: optionalNull(Type.Object({ id: Id })),
  artifacts_file: optionalNull(Type.Object({ filename: Text, size: optionalNull(Type.Number()) })),
  artifacts_expire_at: Text,
});
export const Jobs = Type.Array(JobFields);
