/** Standard actions of vaults: a connector gives the handlers that its product can serve. What shows a secret is marked sensitive. */
import { pageLimits } from '@inthub/contracts';
import type { AnyAction } from '../action.ts';
import type { Discover } from '../connector.ts';
import type { ActionContext } from '../context.ts';
import { type ActionSpecs, type Handlers, type StandardActionsOptions, standardActions } from './standard-actions.ts';
import {
  CertificateGetInput,
  CertificateGetOutput,
  PkiIssueInput,
  PkiIssueOutput,
  SecretListInput,
  SecretListOutput,
  SecretReadInput,
  SecretReadOutput,
  SecretRefInput,
  SecretRefOutput,
  TransitDecryptInput,
  TransitDecryptOutput,
  TransitEncryptInput,
  TransitEncryptOutput,
} from './vault-schemas.ts';

/** Everything about the standard actions but the handler. */
export const vaultActionSpecs = {
  'secret.ref': {
    title: 'Get a reference to a secret',
    description: 'An AuthRef that other integrations can use in the place of the secret, and the names of its fields.',
    input: SecretRefInput,
    output: SecretRefOutput,
    safe: true,
  },
  'secret.list': {
    title: 'List secrets',
    description: 'Names of secrets and folders, never values.',
    input: SecretListInput,
    output: SecretListOutput,
    weight: 5,
    safe: true,
  },
  'secret.read': {
    title: 'Read a secret',
    description: 'The values of a secret. Prefer secret.ref: then the secret never leaves the hub.',
    input: SecretReadInput,
    output: SecretReadOutput,
    safe: true,
    sensitive: true,
  },
  'transit.encrypt': {
    title: 'Encrypt',
    description: 'Encrypts text or bytes with a key that never leaves the vault.',
    input: TransitEncryptInput,
    output: TransitEncryptOutput,
    safe: true,
    sensitive: true,
  },
  'transit.decrypt': {
    title: 'Decrypt',
    description: 'Decrypts what transit.encrypt gave.',
    input: TransitDecryptInput,
    output: TransitDecryptOutput,
    safe: true,
    sensitive: true,
  },
  'pki.issue': {
    title: 'Issue a certificate',
    description: 'A new key and a certificate for it, signed by the vault. The key is shown this once.',
    input: PkiIssueInput,
    output: PkiIssueOutput,
    safe: false,
    sensitive: true,
  },
  'certificate.get': {
    title: 'Get a certificate',
    description: 'An issued certificate by its serial number, with its validity and whether it is revoked.',
    input: CertificateGetInput,
    output: CertificateGetOutput,
    safe: true,
  },
} as const satisfies ActionSpecs;

export type VaultActionId = keyof typeof vaultActionSpecs;
export const vaultActionIds = Object.keys(vaultActionSpecs) as readonly VaultActionId[];

export type VaultHandlers = Handlers<typeof vaultActionSpecs>;

/** The standard actions for which there is a handler, in the standard order. */
export function vaultActions(
  handlers: VaultHandlers,
  options: StandardActionsOptions<VaultActionId> = {},
): AnyAction[] {
  return standardActions(vaultActionSpecs, handlers, options);
}

/** Discovery of `secrets` (parent: a folder) from the same handlers. */
export function vaultDiscovery(handlers: VaultHandlers): Record<string, Discover> {
  const list = handlers['secret.list'];
  if (list === undefined) return {};
  return {
    secrets: async ({ parent, cursor, limit }, ctx) => {
      const query = { ...(parent === undefined ? {} : { path: parent }), ...(cursor === undefined ? {} : { cursor }) };
      const { items, nextCursor } = await list({ ...query, limit: Math.min(Math.max(1, limit), pageLimits.max) }, ctx);
      return {
        items: items.map(({ name, path, isFolder }) => ({
          id: path,
          name,
          type: 'secrets',
          ...(parent === undefined ? {} : { parent }),
          attributes: { isFolder },
        })),
        nextCursor,
      };
    },
  };
}

/** The AuthRef of a secret of this integration; by its id where its name cannot stand in one. */
export function vaultReference(path: string, field: string | undefined, { integration }: ActionContext): string {
  const holder = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/.test(integration.name) ? integration.name : integration.id;
  return `ref://vaults/${holder}/${path}${field === undefined ? '' : `#${field}`}`;
}
