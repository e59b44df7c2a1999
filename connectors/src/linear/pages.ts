import { decodeCursor, encodeCursor } from '@inthub/connector-sdk';
import { HubError, type Page } from '@inthub/contracts';
import Type from 'typebox';

/** Linear gives up to 250; more than this of issues would cost more points than one query may. */
const maxPageSize = 100;
const Position = Type.Object(
  { after: Type.String({ minLength: 1, maxLength: 1000 }) },
  { additionalProperties: false },
);

export interface PageRequest {
  readonly cursor?: string | undefined;
  readonly limit?: number | undefined;
}

/** The variables of a page that is asked for. */
export function pageVariables({ cursor, limit = 50 }: PageRequest): { first: number; after?: string } {
  const first = Math.min(limit, maxPageSize);
  return cursor === undefined ? { first } : { first, after: decodeCursor(Position, cursor).after };
}

interface Connection<Node> {
  readonly nodes: readonly Node[];
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor?: string | null };
}

export function toPage<Node, Item>({ nodes, pageInfo }: Connection<Node>, map: (node: Node) => Item): Page<Item> {
  return { items: nodes.map(map), nextCursor: nextOf(pageInfo) };
}

function nextOf({ hasNextPage, endCursor }: Connection<unknown>['pageInfo']): string | null {
  if (!hasNextPage) return null;
  if (!endCursor)
    throw new HubError('provider_bad_response', 'Linear promised another page without saying where it is.');
  return encodeCursor({ after: endCursor });
}
