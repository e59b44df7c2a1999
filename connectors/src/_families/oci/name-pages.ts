/** Pages of `_catalog` and `tags/list`, for registries that page as specified, in their own way, or not at all. */
import { type ActionContext, decodeCursor, encodeCursor, type HttpResponse, nextLink } from '@inthub/connector-sdk';
import { HubError, type Page } from '@inthub/contracts';
import Type, { type Static } from 'typebox';
import { Catalog, RegistryErrors, TagList } from './schema.ts';

/**
 * `query`: the query of the registry's own next link; only that is kept of the link, so that a cursor can never lead to another path.
 * `after`: where the registry gave more than was asked for, the last name that the caller has seen of its answer.
 */
const Position = Type.Object(
  {
    query: Type.Optional(Type.String({ minLength: 1, maxLength: 1400 })),
    after: Type.Optional(Type.String({ minLength: 1, maxLength: 512 })),
  },
  { additionalProperties: false, minProperties: 1 },
);
type Position = Static<typeof Position>;

export interface NamePageRequest {
  readonly path: string;
  readonly of: 'repositories' | 'tags';
  readonly limit: number;
  readonly cursor: string | undefined;
  /** Where the registry sends no Link header, go on after the last name of a full page. Default false. */
  readonly pagesWithoutLinks?: boolean;
}

/**
 * At most `limit` names. Source: distribution-spec "Listing Tags" (`n`, `last`, `Link`). Distribution 2.8 ignores `n` for tags and
 * answers 400 to an `n` above its catalog.maxentries.
 */
export async function listNames(request: NamePageRequest, ctx: ActionContext): Promise<Page<string>> {
  const { limit, cursor } = request;
  const at: Position = cursor === undefined ? {} : decodeCursor(Position, cursor);
  const response = await fetchPage(request, at, ctx);
  const names = await readNames(request.of, response);
  const next = nextQuery(response, at) ?? guessNext(request, names, at);

  const isOurs = names.length <= limit && at.after === undefined;
  if (isOurs)
    return { items: names, nextCursor: next === undefined ? null : encodeCursor({ query: next } satisfies Position) };

  // The registry ignored `n`: cut its answer here, in an order that does not depend on the registry.
  const sorted = [...new Set(names)].sort(byCodeUnit);
  const rest = at.after === undefined ? sorted : sorted.filter((name) => byCodeUnit(name, at.after as string) > 0);
  const items = rest.slice(0, limit);
  const last = items.at(-1);
  if (rest.length > limit && last !== undefined)
    return { items, nextCursor: encodeCursor({ ...at, after: last } satisfies Position) };
  return { items, nextCursor: next === undefined ? null : encodeCursor({ query: next } satisfies Position) };
}

async function fetchPage({ path, limit }: NamePageRequest, at: Position, ctx: ActionContext): Promise<HttpResponse> {
  const query = Object.fromEntries(new URLSearchParams(at.query ?? ''));
  const response = await ctx.http.get(path, { query: { ...query, n: limit }, expect: [400] });
  if (response.status !== 400) return response;
  const codes = await registryCodes(response);
  if (codes.includes('PAGINATION_NUMBER_INVALID')) return ctx.http.get(path, { query });
  throw new HubError('provider_rejected', 'The registry refused to list names (HTTP 400).', {
    details: { status: 400, registryCodes: codes },
  });
}

/** Codes of an error body; none where something else than a registry wrote it. */
async function registryCodes(response: HttpResponse): Promise<readonly string[]> {
  try {
    const { errors } = await response.json(RegistryErrors);
    return errors.slice(0, 5).map(({ code }) => code.slice(0, 64));
  } catch (error) {
    if (error instanceof HubError && error.code === 'provider_bad_response') return [];
    throw error;
  }
}

async function readNames(of: NamePageRequest['of'], response: HttpResponse): Promise<readonly string[]> {
  if (of === 'tags') return (await response.json(TagList)).tags ?? [];
  return (await response.json(Catalog)).repositories ?? [];
}

function nextQuery(response: HttpResponse, at: Position): string | undefined {
  const link = nextLink(response);
  if (link === undefined) return undefined;
  link.searchParams.delete('n');
  return requireProgress(link.searchParams.toString(), at);
}

function requireProgress(query: string, at: Position): string {
  if (query !== '' && query !== at.query && query.length <= 1400) return query;
  throw new HubError('provider_bad_response', 'The registry has a next page that does not lead on.');
}

function guessNext({ pagesWithoutLinks = false, limit }: NamePageRequest, names: readonly string[], at: Position) {
  const last = names.at(-1);
  if (!pagesWithoutLinks || last === undefined || names.length !== limit) return undefined;
  return requireProgress(new URLSearchParams({ last }).toString(), at);
}

function byCodeUnit(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
