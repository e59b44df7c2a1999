/** Quay's own API. Source: docs.redhat.com, "Red Hat Quay API reference", and quay/quay endpoints/api. */
import {
  type ActionContext,
  isDigest,
  numberedPages,
  type RegistryRepository,
  type RegistryTag,
  repage,
  type ScanSummary,
} from '@inthub/connector-sdk';
import { HubError, invalidField, type Page } from '@inthub/contracts';
import type { Static } from 'typebox';
import { RepositoryPage, Security, type Tag, TagPage } from './schema.ts';

export interface PageRequest {
  readonly cursor: string | undefined;
  readonly limit: number;
}

/** Quay sets the size of these pages itself, and hands out a token for the next. */
export async function listRepositories(
  namespace: string | undefined,
  page: PageRequest,
  ctx: ActionContext,
): Promise<Page<RegistryRepository>> {
  const of = namespace ?? configuredNamespace(ctx);
  return repage({
    ...page,
    fetch: async (next_page) => {
      if (next_page !== undefined && !/^[A-Za-z0-9_=-]+$/.test(next_page)) {
        throw new HubError(
          'invalid_cursor',
          'The cursor is not one that this list handed out. Start again without a cursor.',
        );
      }
      const query = { namespace: of, public: true, last_modified: true, next_page };
      const found = await (await ctx.http.get('/api/v1/repository', { query })).json(RepositoryPage);
      const items = found.repositories.map((repository) => ({
        name: `${repository.namespace}/${repository.name}`,
        description: repository.description || null,
        isPublic: repository.is_public ?? null,
        updatedAt: fromSeconds(repository.last_modified),
      }));
      return { items, nextCursor: found.next_page ?? null };
    },
  });
}

/** Quay keeps the history of tags; only those that exist now are wanted. */
export async function listTags(repository: string, page: PageRequest, ctx: ActionContext): Promise<Page<RegistryTag>> {
  return numberedPages({
    ...page,
    maxPageSize: 100,
    fetch: async ({ number, size }) => {
      const query = { onlyActiveTags: true, page: number, limit: size };
      const { tags, has_additional } = await (await ctx.http.get(`${repositoryPath(repository)}/tag/`, { query })).json(
        TagPage,
      );
      return { items: tags.map(toTag), hasNext: has_additional };
    },
  });
}

/** Null when this caller may not read tags through the API; a digest has no date of its own there. */
export async function findPushTime(
  { repository, tag }: { readonly repository: string; readonly tag: string | null },
  ctx: ActionContext,
): Promise<string | null> {
  if (tag === null) return null;
  try {
    const query = { onlyActiveTags: true, specificTag: tag, limit: 1 };
    const { tags } = await (await ctx.http.get(`${repositoryPath(repository)}/tag/`, { query })).json(TagPage);
    return fromSeconds(tags.find(({ name }) => name === tag)?.start_ts);
  } catch (error) {
    const harmless =
      error instanceof HubError &&
      ['provider_unauthenticated', 'provider_forbidden', 'provider_not_found'].includes(error.code);
    if (!harmless) throw error;
    ctx.log.info('push time not readable', { code: error.code });
    return null;
  }
}

const states: Readonly<Record<string, ScanSummary['status']>> = {
  scanned: 'complete',
  failed: 'failed',
  queued: 'queued',
  unsupported: 'unsupported',
  manifest_layer_too_large: 'unsupported',
};

export async function getScan(repository: string, digest: string, ctx: ActionContext): Promise<ScanSummary> {
  const path = `${repositoryPath(repository)}/manifest/${digest}/security`;
  const { status: state, data } = await (await ctx.http.get(path, { query: { vulnerabilities: true } })).json(Security);
  const status = Object.hasOwn(states, state) ? states[state] : undefined;
  if (status === undefined) {
    throw new HubError('provider_bad_response', `Quay reports an unknown scan status "${state.slice(0, 40)}".`);
  }
  const complete = status === 'complete';
  const counted = count(complete ? data : null);
  return {
    repository,
    digest,
    status,
    severity: complete ? counted.severity : null,
    total: complete ? counted.total : null,
    fixable: complete ? counted.fixable : null,
    bySeverity: counted.bySeverity,
    scanner: complete ? 'Clair' : null,
    completedAt: null,
  };
}

const ranks = ['critical', 'high', 'medium', 'low', 'negligible', 'unknown'] as const;

/** One vulnerability may be found in several packages; it counts once, by its name. */
function count(data: Security['data']) {
  const bySeverity = { critical: 0, high: 0, medium: 0, low: 0, negligible: 0, unknown: 0 };
  const seen = new Map<string, { rank: (typeof ranks)[number]; fixable: boolean }>();
  const found = (data?.Layer?.Features ?? []).flatMap(({ Vulnerabilities }) => Vulnerabilities ?? []);
  for (const [at, { Name, Severity, FixedBy }] of found.entries()) {
    const rank = ranks.find((name) => name === Severity?.toLowerCase()) ?? 'unknown';
    const key = Name ?? `#${at}`;
    const known = seen.get(key);
    const worst = known !== undefined && ranks.indexOf(known.rank) < ranks.indexOf(rank) ? known.rank : rank;
    seen.set(key, { rank: worst, fixable: (known?.fixable ?? false) || Boolean(FixedBy) });
  }
  let fixable = 0;
  for (const vulnerability of seen.values()) {
    bySeverity[vulnerability.rank] += 1;
    if (vulnerability.fixable) fixable += 1;
  }
  const severity = ranks.find((rank) => bySeverity[rank] > 0) ?? 'none';
  return { bySeverity, severity, total: seen.size, fixable } as const;
}

function toTag({ name, manifest_digest, start_ts }: Static<typeof Tag>): RegistryTag {
  return {
    name,
    digest: manifest_digest != null && isDigest(manifest_digest) ? manifest_digest : null,
    pushedAt: fromSeconds(start_ts),
  };
}

/** Repository names have passed their grammar; the API takes the slash between namespace and name as it is. */
function repositoryPath(repository: string): string {
  if (!repository.includes('/')) throw invalidField('/repository', 'is not <namespace>/<name>.', 'pattern');
  return `/api/v1/repository/${repository}`;
}

function fromSeconds(seconds: number | null | undefined): string | null {
  // The range of Date; beyond it toISOString throws.
  if (seconds == null || seconds <= 0 || seconds > 8_640_000_000_000) return null;
  return new Date(seconds * 1000).toISOString();
}

function configuredNamespace(ctx: ActionContext): string {
  const { namespace } = ctx.integration.config;
  if (typeof namespace === 'string') return namespace;
  throw invalidField(
    '/namespace',
    'is required: Quay lists the repositories of one user or organisation. Set it here or in the config of the integration.',
    'required',
  );
}
