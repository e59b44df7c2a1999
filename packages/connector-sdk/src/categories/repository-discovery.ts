/** Discovery of repositories and of what lies below them, from the handlers of the standard actions. */
import { invalidField, type Page, pageLimits } from '@inthub/contracts';
import type { Discover } from '../connector.ts';
import type { ActionContext } from '../context.ts';
import type { DiscoveryScope } from '../data-scope.ts';
import type { CiHandlers } from './ci.ts';
import type { SourceControlHandlers } from './source-control.ts';

/** What the discovery of both categories concerns: goes into the manifest's `discoveryScope`. */
export const repositoryDiscoveryScope: Readonly<Record<string, DiscoveryScope>> = {
  repositories: { project: 'id', dataTypes: ['code'], containsPii: false },
  branches: { project: 'parent', dataTypes: ['code'], containsPii: false },
  tags: { project: 'parent', dataTypes: ['code'], containsPii: false },
  pull_requests: { project: 'parent', dataTypes: ['issues'], containsPii: true },
  issues: { project: 'parent', dataTypes: ['issues'], containsPii: true },
  workflows: { project: 'parent', dataTypes: ['code'], containsPii: false },
  runs: { project: 'parent', dataTypes: ['code'], containsPii: true },
};

/**
 * `repositories` (parent: an owner), and `branches`, `tags`, `pull_requests` (open ones) and `issues` (open ones) with the
 * repository's `owner/name` as parent.
 */
export function sourceControlDiscovery(handlers: SourceControlHandlers): Record<string, Discover> {
  return {
    ...repositories(handlers['repo.list']),
    ...below('branches', handlers['branch.list'], ({ name }, parent) => ({ id: `${parent}@${name}`, name })),
    ...below('tags', handlers['tag.list'], ({ name }, parent) => ({ id: `${parent}@${name}`, name })),
    ...below('pull_requests', handlers['pr.list'], ({ number, title }, parent) => ({
      id: `${parent}!${number}`,
      name: title,
    })),
    ...below('issues', handlers['issue.list'], ({ number, title }, parent) => ({
      id: `${parent}#${number}`,
      name: title,
    })),
  };
}

/** `workflows` and `runs`, with the repository's `owner/name` as parent. */
export function ciDiscovery(handlers: CiHandlers): Record<string, Discover> {
  return {
    ...below('workflows', handlers['workflow.list'], ({ id, name }) => ({ id, name })),
    ...below('runs', handlers['run.list'], ({ id, name }) => ({ id, name })),
  };
}

function repositories(list: SourceControlHandlers['repo.list']): Record<string, Discover> {
  if (list === undefined) return {};
  return {
    repositories: async ({ parent, cursor, limit }, ctx) => {
      const owner = parent === undefined ? {} : { owner: parent };
      const { items, nextCursor } = await list({ ...owner, ...pageOf(cursor, limit) }, ctx);
      return {
        items: items.map(({ fullName, name, ...attributes }) => ({
          id: fullName,
          name,
          type: 'repositories',
          ...(parent === undefined ? {} : { parent }),
          attributes,
        })),
        nextCursor,
      };
    },
  };
}

interface BelowInput {
  readonly owner: string;
  readonly repo: string;
  readonly cursor?: string;
  readonly limit: number;
}

function below<Item extends Record<string, unknown>>(
  type: string,
  list: ((input: BelowInput, ctx: ActionContext) => Promise<Page<Item>>) | undefined,
  identify: (item: Item, parent: string) => { readonly id: string; readonly name: string },
): Record<string, Discover> {
  if (list === undefined) return {};
  return {
    [type]: async ({ parent, cursor, limit }, ctx) => {
      if (parent === undefined)
        throw invalidField('/parent', `is required for ${type}: the repository as owner/name.`, 'required');
      const { items, nextCursor } = await list({ ...splitFullName(parent), ...pageOf(cursor, limit) }, ctx);
      return {
        items: items.map((item) => ({ ...identify(item, parent), type, parent, attributes: item })),
        nextCursor,
      };
    },
  };
}

function pageOf(cursor: string | undefined, limit: number): { cursor?: string; limit: number } {
  return { ...(cursor === undefined ? {} : { cursor }), limit: Math.min(Math.max(1, limit), pageLimits.max) };
}

/** `group/subgroup/name` → owner and name. @throws HubError `invalid_request` */
function splitFullName(fullName: string): { owner: string; repo: string } {
  const segments = fullName.split('/');
  if (segments.length < 2 || segments.some((segment) => !/^[^\s]+$/.test(segment) || /^\.{1,2}$/.test(segment)))
    throw invalidField('/parent', 'is not a repository as owner/name.', 'pattern');
  const slash = fullName.lastIndexOf('/');
  return { owner: fullName.slice(0, slash), repo: fullName.slice(slash + 1) };
}
