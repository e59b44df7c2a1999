import { type CredentialKind, CredentialMaterial, HubError } from '@inthub/contracts';
import { Check, Errors } from 'typebox/value';

/**
 * The material behind a text from a file, the environment or an outside vault: a JSON object with `kind` is material in full, any other
 * text is the one secret of `kind` (`user:password` for basic_auth, PEM blocks for mtls_cert).
 * @param where Names the source in messages; the text itself never appears in one.
 * @throws HubError `credential_unavailable`
 */
export function materialFromText(text: string, kind: CredentialKind, where: string): CredentialMaterial {
  const material = readObject(text) ?? bareMaterial(text, kind, where);
  if (!Check(CredentialMaterial, material)) {
    const fields = [...new Set(Errors(CredentialMaterial, material).map((error) => error.instancePath || '/'))].slice(
      0,
      10,
    );
    throw unusable(`${where} does not hold a usable ${kind} credential; look at ${fields.join(', ')}.`);
  }
  return material as CredentialMaterial;
}

/** Every secret text in the material, and the secret fields of a key file within it: what the redactor has to know. */
export function secretsOf(material: CredentialMaterial): string[] {
  const open = new Set(['kind', 'username', 'appId', 'installationId', 'expiresAt', 'scopes']);
  const values = Object.entries(material).flatMap(([name, value]) =>
    open.has(name) || typeof value !== 'string' ? [] : [value],
  );
  const inner = material.kind === 'service_account' ? secretFieldsOf(material.credentialJson) : [];
  return [...values, ...inner];
}

function readObject(text: string): object | undefined {
  if (!text.trimStart().startsWith('{')) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    // A provider's own key file is JSON too; only ours names one of our kinds.
    return typeof value === 'object' && value !== null && 'kind' in value ? value : undefined;
  } catch {
    return undefined;
  }
}

function bareMaterial(text: string, kind: CredentialKind, where: string): object {
  switch (kind) {
    case 'bearer_token':
      return { kind, token: text };
    case 'api_key':
      return { kind, key: text };
    case 'webhook_secret':
      return { kind, secret: text };
    case 'oauth2_token':
      return { kind, accessToken: text };
    case 'service_account':
      return { kind, credentialJson: text };
    case 'basic_auth': {
      const colon = text.indexOf(':');
      if (colon < 1) throw unusable(`${where} must hold "user:password" for basic_auth.`);
      return { kind, username: text.slice(0, colon), password: text.slice(colon + 1) };
    }
    case 'mtls_cert': {
      const blocks = text.match(/-----BEGIN ([A-Z ]+)-----[\s\S]*?-----END \1-----/g) ?? [];
      const certificate = blocks.filter((block) => block.startsWith('-----BEGIN CERTIFICATE-----')).join('\n');
      const privateKey = blocks.find((block) => /^-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(block));
      if (certificate === '' || privateKey === undefined) {
        throw unusable(`${where} must hold a certificate and its private key, both as PEM.`);
      }
      return { kind, certificate, privateKey };
    }
    case 'github_app':
      throw unusable(`${where} must hold JSON with kind, appId, installationId and privateKey.`);
  }
}

function secretFieldsOf(keyFile: string): string[] {
  try {
    const fields: unknown = JSON.parse(keyFile);
    if (typeof fields !== 'object' || fields === null) return [];
    return Object.entries(fields).flatMap(([name, value]) =>
      typeof value === 'string' && /key$|secret|token|password/i.test(name) ? [value] : [],
    );
  } catch {
    // Not every provider's key file is JSON; then the whole text is the only secret.
    return [];
  }
}

function unusable(message: string): HubError {
  return new HubError('credential_unavailable', message);
}
