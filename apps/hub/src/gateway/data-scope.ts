// What data a grant covers, and whether a call stays within it. An action that does not say what it concerns is outside every
// restriction: what nobody can tell is not allowed.
import {
  type ConnectorManifest,
  type DataScope,
  type DiscoveryScope,
  type ProjectPlace,
  parseImageReference,
} from '@inthub/connector-sdk';
import { HubError, type Page, type Resource } from '@inthub/contracts';
import { findAtPointer } from '../egress/egress.ts';
import type { Grant } from '../runtime/runtime.ts';
import { fitsNamePattern, type NamePattern, parseNamePattern } from './name-pattern.ts';
import type { DiscoveryTarget } from './target.ts';

/** The restrictions of a grant, ready for use. */
export interface DataScopeView {
  /** Null: every project. */
  readonly projects: readonly NamePattern[] | null;
  /** Null: every kind. */
  readonly dataTypes: ReadonlySet<string> | null;
  readonly piiAccess: boolean;
}

const allDataTypes = 5;

/** Null when the grant restricts nothing, so that most calls ask no further. */
export function dataScopeView({ projects, dataTypes, piiAccess }: Grant['dataScope']): DataScopeView | null {
  const types = new Set<string>(dataTypes);
  if (projects === 'all' && types.size === allDataTypes && piiAccess) return null;
  return {
    projects: projects === 'all' ? null : projects.map(parseNamePattern),
    dataTypes: types.size === allDataTypes ? null : types,
    piiAccess,
  };
}

/** @throws HubError `not_granted` for a call that leaves the grant, or of which nobody can tell. */
export function demandDataScope(
  view: DataScopeView,
  name: string,
  scope: DataScope | undefined,
  params: unknown,
): void {
  demandKinds(view, name, scope);
  if (view.projects === null || scope?.project === null) return;
  if (scope?.project === undefined) throw untold(name, 'which project it concerns', 'projects');
  const places = Array.isArray(scope.project)
    ? (scope.project as readonly ProjectPlace[])
    : [scope.project as ProjectPlace];
  const named = places.map((place) => projectAt(place, params)).filter((project) => project !== undefined);
  if (named.length === 0) {
    throw new HubError(
      'not_granted',
      `The grant of this integration is restricted to projects, so a call of ${name} must name one.`,
      { details: { restriction: 'projects' } },
    );
  }
  for (const project of named) demandProject(view, project);
}

/** The scope of a resource type, which the caller names. */
export function discoveryScopeOf(
  { discoveryScope = {} }: ConnectorManifest,
  resourceType: string,
): DiscoveryScope | undefined {
  return Object.hasOwn(discoveryScope, resourceType) ? discoveryScope[resourceType] : undefined;
}

/**
 * What discovery may ask.
 * @throws HubError `not_granted`
 */
export function demandDiscovery(view: DataScopeView, target: DiscoveryTarget, scope: DiscoveryScope | undefined): void {
  const name = `discovery of ${target.resourceType}`;
  demandKinds(view, name, scope);
  if (view.projects === null || scope?.project === null) return;
  if (scope?.project === undefined) throw untold(name, 'which project a resource belongs to', 'projects');
  if (scope.project === 'parent') demandProject(view, target.parent ?? '');
}

/** The resources of a page that the grant covers; the page may be shorter than what was asked for, the cursor stays. */
export function withinDataScope(
  view: DataScopeView,
  page: Page<Resource>,
  scope: DiscoveryScope | undefined,
): Page<Resource> {
  const { projects } = view;
  const by = scope?.project;
  if (projects === null || (by !== 'id' && by !== 'name')) return page;
  return { ...page, items: page.items.filter((resource) => isCovered(projects, resource[by])) };
}

function demandKinds(
  { dataTypes, piiAccess }: DataScopeView,
  name: string,
  scope: Omit<DataScope, 'project'> | undefined,
): void {
  if (dataTypes !== null) {
    if (scope?.dataTypes === undefined) throw untold(name, 'which kinds of data it deals with', 'dataTypes');
    const missing = scope.dataTypes.filter((type) => !dataTypes.has(type));
    if (missing.length > 0) {
      throw new HubError(
        'not_granted',
        `The grant of this integration does not cover ${missing.join(' and ')}, which ${name} deals with; an admin can add it.`,
        { details: { restriction: 'dataTypes', missing } },
      );
    }
  }
  if (piiAccess) return;
  if (scope?.containsPii === undefined) throw untold(name, 'whether it deals with personal data', 'piiAccess');
  if (scope.containsPii) {
    throw new HubError(
      'not_granted',
      `The grant of this integration does not cover personal data, which ${name} may deal with; an admin can allow it.`,
      { details: { restriction: 'piiAccess' } },
    );
  }
}

function demandProject({ projects }: DataScopeView, project: string): void {
  if (projects === null || isCovered(projects, project)) return;
  throw new HubError(
    'not_granted',
    `Project ${JSON.stringify(project.slice(0, 200))} is not covered by the grant of this integration; an admin can add it.`,
    { details: { restriction: 'projects' } },
  );
}

/** Only names that mean the same to everybody: a provider resolves `team/../other` and may unescape `%2e`. */
function isCovered(projects: readonly NamePattern[], project: string): boolean {
  return isPlain(project) && projects.some((pattern) => fitsNamePattern(pattern, project));
}

const misleading = /[%\\?#\p{Cc}]|^\s|\s$/u;

function isPlain(project: string): boolean {
  if (project === '' || project.length > 1_024 || misleading.test(project)) return false;
  return project.split('/').every((part) => part !== '' && part !== '.' && part !== '..');
}

function untold(name: string, what: string, restriction: string): HubError {
  return new HubError(
    'not_granted',
    `The connector does not say of ${name} ${what}, so a grant with that restriction does not cover it. An admin can lift the restriction.`,
    { details: { restriction } },
  );
}

/** Undefined when the place is not filled; text that nothing covers when it is filled with something that names no project. */
function projectAt(place: ProjectPlace, params: unknown): string | undefined {
  if (typeof place === 'string') return textAt(place, params);
  if ('join' in place) {
    const parts = place.join.map((pointer) => textAt(pointer, params));
    return parts.every((part) => part !== undefined) ? parts.join('/') : undefined;
  }
  const text = textAt(place.imageReference, params);
  if (text === undefined) return undefined;
  try {
    return parseImageReference(text).repository;
  } catch {
    return ''; // Covered by nothing; the action's own schema would refuse it later.
  }
}

function textAt(pointer: string, params: unknown): string | undefined {
  const value = findAtPointer(params, pointer);
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'string') return value;
  return typeof value === 'number' ? String(value) : '';
}
