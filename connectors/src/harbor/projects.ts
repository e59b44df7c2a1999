import { type ActionContext, defineAction, type RegistryRepository, toTimestamp } from '@inthub/connector-sdk';
import { NullableTimestamp, type Page } from '@inthub/contracts';
import Type from 'typebox';
import { listPage, type PageRequest } from './api.ts';
import { Projects, Repositories } from './schema.ts';

const Project = Type.Object({
  name: Type.String(),
  id: Type.Integer(),
  isPublic: Type.Union([Type.Boolean(), Type.Null()]),
  repositoryCount: Type.Union([Type.Integer(), Type.Null()]),
  createdAt: NullableTimestamp,
});
type Project = Type.Static<typeof Project>;

export async function listProjects(page: PageRequest, ctx: ActionContext): Promise<Page<Project>> {
  return listPage(
    '/projects',
    page,
    { sort: 'creation_time', with_detail: false },
    async (response) =>
      (await response.json(Projects)).map((project) => ({
        name: project.name,
        id: project.project_id,
        isPublic: project.metadata?.public == null ? null : project.metadata.public === 'true',
        repositoryCount: project.repo_count ?? null,
        createdAt: toTimestamp(project.creation_time),
      })),
    ctx,
  );
}

/** Of one project, or of all that the account may see. */
export async function listRepositories(
  project: string | undefined,
  page: PageRequest,
  ctx: ActionContext,
): Promise<Page<RegistryRepository>> {
  return listPage(
    project === undefined ? '/repositories' : `/projects/${encodeURIComponent(project)}/repositories`,
    page,
    { sort: 'creation_time' },
    async (response) =>
      (await response.json(Repositories)).map(({ name, description, update_time }) => ({
        name,
        description: description || null,
        isPublic: null,
        updatedAt: toTimestamp(update_time),
      })),
    ctx,
  );
}

export const projectList = defineAction({
  id: 'harbor.project.list',
  title: 'List projects',
  description: 'Projects that the account may see, oldest first.',
  input: Type.Object(
    {
      cursor: Type.Optional(
        Type.String({ minLength: 1, maxLength: 2048, description: 'nextCursor of the page before.' }),
      ),
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500, default: 50 })),
    },
    { additionalProperties: false },
  ),
  output: Type.Object({ items: Type.Array(Project), nextCursor: Type.Union([Type.String(), Type.Null()]) }),
  requiredScopes: ['project: list'],
  dataScope: { dataTypes: ['code'], containsPii: false },
  safe: true,
  weight: 5,
  run: async ({ cursor, limit = 50 }, ctx) => {
    const { items, nextCursor } = await listProjects({ cursor, limit }, ctx);
    return { items: [...items], nextCursor };
  },
});
