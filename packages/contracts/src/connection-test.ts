import Type from 'typebox';

/** Outcome of a connection test (`POST …/{id}/test`). A failed test is an outcome, not an error. */
export const ConnectionTestResult = Type.Object(
  {
    success: Type.Boolean(),
    message: Type.String({ description: 'What was found and, on failure, what to do next.' }),
    latencyMs: Type.Number(),
    details: Type.Record(Type.String(), Type.Unknown()),
    cached: Type.Optional(Type.Boolean()),
  },
  { $id: 'ConnectionTestResult' },
);
export type ConnectionTestResult = Type.Static<typeof ConnectionTestResult>;

/** One thing found by discovery: a repository, tag, project, channel, … */
export const Resource = Type.Object(
  {
    id: Type.String({ description: "The provider's own id; usable as `parent` where the type has children." }),
    name: Type.String(),
    type: Type.String(),
    parent: Type.Optional(Type.String()),
    url: Type.Optional(Type.String()),
    attributes: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
  },
  { $id: 'Resource' },
);
export type Resource = Type.Static<typeof Resource>;
