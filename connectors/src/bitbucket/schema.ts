import Type from 'typebox';

const slug = '^[A-Za-z0-9_.-]{1,128}$';

export const Config = Type.Object({
  workspace: Type.String({
    title: 'Workspace',
    pattern: slug,
    description: 'Slug of the workspace, as in bitbucket.org/<workspace>.',
  }),
});

/** One page of GET /2.0/repositories/{workspace}. Source: Bitbucket Cloud swagger, `paginated_repositories`. */
export const Repositories = Type.Object({
  values: Type.Array(
    Type.Object({
      uuid: Type.String(),
      full_name: Type.String(),
      is_private: Type.Optional(Type.Boolean()),
      updated_on: Type.Optional(Type.String()),
    }),
  ),
  next: Type.Optional(Type.String()),
});

export const Hook = Type.Object({ uuid: Type.String({ minLength: 1, maxLength: 128 }) });
