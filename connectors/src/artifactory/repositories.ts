import { type ActionContext, defineAction } from '@inthub/connector-sdk';
import Type from 'typebox';
import { apiPath } from './product.ts';
import { Repositories } from './schema.ts';

const DockerRepository = Type.Object({
  key: Type.String(),
  kind: Type.Union([Type.String(), Type.Null()], { description: 'LOCAL, REMOTE, VIRTUAL or FEDERATED.' }),
  description: Type.Union([Type.String(), Type.Null()]),
});

/** All Docker repositories, by key; Artifactory does not page this list. */
export async function listDockerRepositories(ctx: ActionContext): Promise<Type.Static<typeof DockerRepository>[]> {
  const response = await ctx.http.get(apiPath(ctx, '/repositories'), { query: { packageType: 'docker' } });
  const found = (await response.json(Repositories)).map(({ key, type, description }) => ({
    key,
    kind: type ?? null,
    description: description || null,
  }));
  return found.sort((a, b) => (a.key < b.key ? -1 : 1));
}

export const repositoryKeys = defineAction({
  id: 'artifactory.repository.list',
  title: 'List Docker repositories',
  description: 'Keys of the Docker repositories of this Artifactory: what can stand in repoKey.',
  input: Type.Object({}, { additionalProperties: false }),
  output: Type.Object({ items: Type.Array(DockerRepository) }),
  requiredScopes: ['read on the repository'],
  dataScope: { dataTypes: ['code'], containsPii: false },
  safe: true,
  weight: 5,
  run: async (_input, ctx) => ({ items: await listDockerRepositories(ctx) }),
});
