/** Credentials whose every secret is a recognisable canary, and a store that hands them out. */
import { type CredentialKind, type CredentialMaterial, formatAuthRef, HubError, parseAuthRef } from '@inthub/contracts';

const canary = (what: string) => `canary-${what}-7f3a9c51e0`;

const canaries: { readonly [Kind in CredentialKind]: Extract<CredentialMaterial, { kind: Kind }> } = {
  api_key: { kind: 'api_key', key: canary('api-key') },
  bearer_token: { kind: 'bearer_token', token: canary('bearer-token') },
  basic_auth: { kind: 'basic_auth', username: 'robot', password: canary('basic-password') },
  oauth2_token: { kind: 'oauth2_token', accessToken: canary('access-token'), refreshToken: canary('refresh-token') },
  service_account: { kind: 'service_account', credentialJson: `{"private_key":"${canary('service-account')}"}` },
  mtls_cert: { kind: 'mtls_cert', certificate: canary('certificate'), privateKey: canary('private-key') },
  webhook_secret: { kind: 'webhook_secret', secret: canary('webhook-secret') },
  github_app: { kind: 'github_app', appId: '1', installationId: '2', privateKey: canary('app-key') },
};

/** A credential of a kind; nothing secret in it may turn up in a result, an error or a log. */
export function canaryCredential<Kind extends CredentialKind>(kind: Kind): Extract<CredentialMaterial, { kind: Kind }> {
  return canaries[kind];
}

const open = new Set(['kind', 'username', 'appId', 'installationId', 'expiresAt', 'scopes']);

/** Texts that betray the credential: its secrets, and their base64 forms as they travel in headers. */
export function secretsOf(material: CredentialMaterial | undefined): readonly string[] {
  if (material === undefined) return [];
  const secrets = Object.entries(material).flatMap(([field, value]) =>
    typeof value === 'string' && !open.has(field) ? [value] : [],
  );
  const basic =
    material.kind === 'basic_auth' ? [Buffer.from(`${material.username}:${material.password}`).toString('base64')] : [];
  return [...secrets, ...basic];
}

/** The secrets that occur anywhere in a value (messages and details of errors included). */
export function findSecrets(value: unknown, secrets: readonly string[]): readonly string[] {
  const text = JSON.stringify(value, (_key, part: unknown) =>
    part instanceof Error ? { ...part, message: part.message, stack: undefined, cause: undefined } : part,
  );
  return secrets.filter((secret) => text?.includes(JSON.stringify(secret).slice(1, -1)));
}

/** Stands in for the vault: keeps credentials in memory and remembers who was opened. */
export interface MockCredentialStore {
  /** Returns the AuthRef that now stands for the credential. */
  put(material: CredentialMaterial): string;
  /** @throws HubError `credential_unavailable` for a reference that points at nothing. */
  open(authRef: string): CredentialMaterial;
  /** References opened so far, in order. */
  readonly opened: readonly string[];
}

export function createMockCredentialStore(): MockCredentialStore {
  const stored = new Map<string, CredentialMaterial>();
  const opened: string[] = [];
  return {
    opened,
    put(material) {
      const ref = formatAuthRef({ scope: 'integrations', provider: 'test', key: `credential-${stored.size + 1}` });
      stored.set(ref, material);
      return ref;
    },
    open(authRef) {
      const material = stored.get(formatAuthRef(parseAuthRef(authRef)));
      if (material === undefined)
        throw new HubError('credential_unavailable', `${authRef} points at nothing in this test.`);
      opened.push(authRef);
      return material;
    },
  };
}
