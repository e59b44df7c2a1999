import { HubError, invalidField } from '@inthub/contracts';
import type { CatalogType } from './catalog-types.ts';
import { unknownType } from './check-config.ts';
import { suggest } from './near-matches.ts';

/** The types that the loaded connectors offer now, in memory. */
export interface TypeRegistry {
  list(filter?: { category?: string; connector?: string }): readonly CatalogType[];
  find(id: string): CatalogType | undefined;
  /** @throws HubError `not_found`, naming near matches. */
  get(id: string): CatalogType;
  /** The type of a new integration. @throws HubError `invalid_request` at /type, naming near matches. */
  require(id: string): CatalogType;
  replace(types: readonly CatalogType[]): void;
}

export function createTypeRegistry(): TypeRegistry {
  let byId: ReadonlyMap<string, CatalogType> = new Map();
  return {
    list: ({ category, connector } = {}) =>
      [...byId.values()].filter(
        (type) =>
          (category === undefined || type.manifest.category === category) &&
          (connector === undefined || type.connectorId === connector),
      ),
    find: (id) => byId.get(id),
    get(id) {
      const type = byId.get(id);
      if (type) return type;
      throw new HubError(
        'not_found',
        `There is no integration type "${id.slice(0, 128)}"; ${suggest(id, byId.keys())}.`,
      );
    },
    require(id) {
      const type = byId.get(id);
      if (type) return type;
      throw invalidField('/type', unknownType(id, byId.keys()), 'type');
    },
    replace(types) {
      byId = new Map(types.toSorted((a, b) => (a.id < b.id ? -1 : 1)).map((type) => [type.id, type]));
    },
  };
}
