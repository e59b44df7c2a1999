import {
  type ActionContext,
  repage,
  type SecretEntry,
  type VaultHandlers,
  vaultReference,
} from '@inthub/connector-sdk';
import { HubError } from '@inthub/contracts';
import { isFirstKv, mountPath, noSecret, read } from './api.ts';
import { KeyList, KvData, KvOneData, KvSubkeys } from './schema.ts';

interface Secret {
  readonly fields: Readonly<Record<string, unknown>>;
  readonly version: number | null;
  readonly updatedAt: string | null;
}

async function readSecret(path: string, version: number | undefined, ctx: ActionContext): Promise<Secret> {
  const isFirst = isFirstKv(ctx);
  if (isFirst && version !== undefined) {
    throw new HubError('invalid_request', '/params/version: this mount is KV version 1, which keeps no versions.', {
      errors: [{ path: '/params/version', rule: 'version', message: 'KV version 1 keeps no versions.' }],
    });
  }
  const response = await read(mountPath('kvMount', ctx, isFirst ? '' : 'data', path), ctx, {
    query: { version },
    expect: [404],
  });
  if (response.status === 404) throw noSecret(path, ctx);
  if (isFirst) return { fields: (await response.json(KvOneData)).data, version: null, updatedAt: null };
  const { data, metadata } = (await response.json(KvData)).data;
  if (data === null) throw noSecret(path, ctx);
  return { fields: data, version: metadata.version, updatedAt: toTimestamp(metadata.created_time) };
}

/** The names only: KV 2 can leave out the values by itself, KV 1 cannot. */
async function readNames(path: string, ctx: ActionContext): Promise<Omit<Secret, 'fields'> & { names: string[] }> {
  if (isFirstKv(ctx)) {
    const { fields, ...rest } = await readSecret(path, undefined, ctx);
    return { ...rest, names: Object.keys(fields) };
  }
  const response = await read(mountPath('kvMount', ctx, 'subkeys', path), ctx, { expect: [404] });
  if (response.status === 404) throw noSecret(path, ctx);
  const { subkeys, metadata } = (await response.json(KvSubkeys)).data;
  if (subkeys === null) throw noSecret(path, ctx);
  return {
    names: Object.keys(subkeys),
    version: metadata.version,
    updatedAt: toTimestamp(metadata.created_time),
  };
}

export const secretHandlers: Pick<Required<VaultHandlers>, 'secret.ref' | 'secret.list' | 'secret.read'> = {
  'secret.ref': async ({ path, field }, ctx) => {
    const { names, version, updatedAt } = await readNames(path, ctx);
    if (field !== undefined && !names.includes(field)) {
      throw new HubError(
        'provider_not_found',
        `${path} has no field "${field}"; it has ${names.join(', ') || 'none'}.`,
      );
    }
    return { reference: vaultReference(path, field, ctx), path, fields: names.sort(), version, updatedAt };
  },

  'secret.list': async ({ path = '', cursor, limit = 50 }, ctx) => {
    const { items, nextCursor } = await repage<SecretEntry>({
      cursor,
      limit,
      // Vault gives the whole folder at once; a cursor of its own it does not have.
      fetch: async (page) => {
        if (page !== undefined)
          throw new HubError('invalid_cursor', 'The cursor is not one that this list handed out. Start again without.');
        const target = mountPath('kvMount', ctx, isFirstKv(ctx) ? '' : 'metadata', path);
        const response = await read(`${target}/`, ctx, { query: { list: 'true' }, expect: [404] });
        // A folder exists by what is in it: an empty one is a 404.
        if (response.status === 404) return { items: [], nextCursor: null };
        const { keys } = (await response.json(KeyList)).data;
        return { items: keys.map((key) => toEntry(path, key)), nextCursor: null };
      },
    });
    return { items: [...items], nextCursor };
  },

  'secret.read': async ({ path, version }, ctx) => ({ path, ...(await readSecret(path, version, ctx)) }),
};

function toEntry(folder: string, key: string): SecretEntry {
  const isFolder = key.endsWith('/');
  const name = isFolder ? key.slice(0, -1) : key;
  return { name, path: folder === '' ? name : `${folder}/${name}`, isFolder };
}

/** Vault writes nanoseconds (RFC 3339). */
function toTimestamp(text: string): string | null {
  const time = new Date(text);
  return Number.isNaN(time.getTime()) ? null : time.toISOString();
}
