/** A Vault in memory, for tests: KV 1 and 2, transit, PKI, tokens. A stub by the API's documentation, with Vault's own error bodies. */
import type { Reply, Responder, SentRequest } from '@inthub/connector-sdk/testing';
import { createAuthority } from '@inthub/testing';

export interface FakeVaultOptions {
  /** By path below the mount. */
  readonly secrets: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly kvVersion?: 1 | 2;
  readonly sealed?: boolean;
  readonly token?: {
    readonly ttl: number;
    readonly creation_ttl: number;
    readonly renewable: boolean;
    readonly policies: string[];
  };
  /** What pki.issue hands out. */
  readonly certificate: { readonly certPem: string; readonly keyPem: string; readonly serialNumber: string };
}

/** In the folder `team` and at the top. */
export const sampleSecrets: FakeVaultOptions['secrets'] = {
  'team/app': { username: 'app', password: 'open sesame', nested: { a: 1 } },
  'team/app/blue': { token: 't' },
  'team/ąę%': { token: 'u' },
  top: { x: 'y' },
};

/** A certificate of an authority of the test's own, under a serial number that stays the same. */
export async function issueCertificate(): Promise<FakeVaultOptions['certificate']> {
  const authority = await createAuthority();
  return { ...(await authority.issue({ hosts: ['app.example.com'] })), serialNumber: '39:dd:2e:90' };
}

const created_time = '2026-01-02T03:04:05.123456789Z';
const none: Reply = { status: 404, json: { errors: [] } };
const denied: Reply = { status: 403, json: { errors: ['permission denied'] } };

export function createFakeVault(options: FakeVaultOptions): Responder {
  const { secrets, kvVersion = 2, sealed = false, certificate } = options;
  const token = options.token ?? { ttl: 3000, creation_ttl: 3600, renewable: true, policies: ['default', 'app'] };
  const wrap = (data: unknown): Reply => ({
    json: { request_id: 'r', lease_id: '', renewable: false, lease_duration: 0, data, wrap_info: null, warnings: null },
  });
  const list = (folder: string): Reply => {
    const prefix = folder === '' ? '' : `${folder}/`;
    const below = Object.keys(secrets).filter((path) => path.startsWith(prefix));
    const keys = [...new Set(below.map((path) => path.slice(prefix.length).replace(/\/.*/, '/')))].sort();
    return keys.length === 0 ? none : wrap({ keys });
  };
  const kv = (path: string, isList: boolean): Reply => {
    const [kind = '', ...rest] = kvVersion === 1 ? ['data', ...path.split('/')] : path.split('/');
    const name = rest.join('/').replace(/\/$/, '');
    if (isList) return list(name);
    const found = secrets[name];
    if (found === undefined) return none;
    if (kvVersion === 1) return wrap(found);
    const metadata = { created_time, custom_metadata: null, deletion_time: '', destroyed: false, version: 3 };
    if (kind === 'data') return wrap({ data: found, metadata });
    const subkeys = Object.fromEntries(Object.keys(found).map((key) => [key, null]));
    return kind === 'subkeys' ? wrap({ subkeys, metadata }) : none;
  };
  const write = (path: string, body: Readonly<Record<string, unknown>>): Reply => {
    if (path.startsWith('transit/encrypt/')) {
      return wrap({ ciphertext: `vault:v1:${Buffer.from(String(body['plaintext'])).toString('hex')}`, key_version: 1 });
    }
    if (path.startsWith('transit/decrypt/')) {
      const hex = /^vault:v1:([0-9a-f]+)$/.exec(String(body['ciphertext']))?.[1];
      if (hex === undefined) return { status: 400, json: { errors: ['invalid ciphertext: no prefix'] } };
      return wrap({ plaintext: Buffer.from(hex, 'hex').toString() });
    }
    if (path.startsWith('pki/issue/')) {
      const { certPem, keyPem, serialNumber } = certificate;
      return wrap({
        certificate: certPem,
        private_key: keyPem,
        private_key_type: 'ec',
        issuing_ca: certPem,
        serial_number: serialNumber,
        expiration: 1_900_000_000,
      });
    }
    if (path === 'auth/token/renew-self') return { json: { auth: { lease_duration: 3600, renewable: true } } };
    if (path === 'sys/leases/renew')
      return { json: { lease_id: body['lease_id'], lease_duration: 60, renewable: true, request_id: 'r' } };
    if (path === 'sys/capabilities-self') {
      const [first] = body['paths'] as string[];
      return { json: { [String(first)]: ['read', 'list'], capabilities: ['read', 'list'] } };
    }
    return denied;
  };

  return ({ method, url, headers, body }: SentRequest): Reply => {
    const path = decodeURIComponent(url.pathname.slice('/v1/'.length));
    if (path === 'sys/health') {
      const json = { initialized: true, sealed, standby: false, version: '1.20.4', cluster_name: 'c' };
      return { status: sealed ? 503 : 200, json };
    }
    if (sealed) return { status: 503, json: { errors: ['Vault is sealed'] } };
    if (path.startsWith('pki/cert/')) {
      const isKnown = path === `pki/cert/${certificate.serialNumber}`;
      return isKnown ? wrap({ certificate: certificate.certPem, revocation_time: 0 }) : none;
    }
    if (headers['x-vault-token'] === undefined) return denied;
    if (method === 'POST')
      return write(path, JSON.parse(Buffer.from(body ?? []).toString()) as Record<string, unknown>);
    if (path === 'auth/token/lookup-self') return wrap({ ...token, display_name: 'token-app', type: 'service' });
    if (path.startsWith('secret/')) return kv(path.slice('secret/'.length), url.searchParams.get('list') === 'true');
    return denied;
  };
}
