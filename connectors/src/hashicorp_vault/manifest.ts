import { type ConnectorManifest, letterIcon } from '@inthub/connector-sdk';
import Type from 'typebox';

const mount = (title: string, initial: string) =>
  Type.Optional(
    Type.String({
      title,
      pattern: '^[A-Za-z0-9_-]+(?:/[A-Za-z0-9_-]+)*$',
      maxLength: 256,
      default: initial,
      description: `Path where it is mounted; default ${initial}.`,
    }),
  );
/**
 * Vault says 403 for a token that ended or was revoked, with "invalid token" beside the "permission denied" that it also says for a
 * missing policy. Source: developer.hashicorp.com/vault/docs/concepts/tokens, "Error responses"; the form is go-multierror's.
 */
const expired = [
  {
    status: 403,
    body: {
      at: '/errors/0',
      oneOf: ['2 errors occurred:\n\t* permission denied\n\t* invalid token\n\n', 'invalid token'],
    },
  },
];
const namespaceHeader = { 'x-vault-namespace': '{config.namespace}' };
const login = { tokenAt: '/auth/client_token', expiresInAt: '/auth/lease_duration', defaultLifetimeSeconds: 1_200 };
const sendAs = { name: 'X-Vault-Token', value: '{token}' };

export const manifest: ConnectorManifest = {
  id: 'hashicorp_vault',
  version: '1.0.0',
  metadata: {
    name: 'HashiCorp Vault',
    description: 'Secrets (KV 1 and 2), encryption (transit) and certificates (PKI) of a HashiCorp Vault or OpenBao.',
    icon: letterIcon('V', '#1563ff'),
    category: 'vault',
    vendor: 'HashiCorp',
    documentationUrl: 'https://developer.hashicorp.com/vault/api-docs',
    supportUrl: 'https://support.hashicorp.com',
    privacyPolicyUrl: 'https://www.hashicorp.com/privacy',
    tags: ['secrets', 'encryption', 'pki', 'certificates'],
    minPlatformVersion: '0.1.0',
    targetApiVersion: 'v1',
  },
  types: [
    {
      id: 'vault.hashicorp',
      displayName: 'HashiCorp Vault',
      description: 'A Vault cluster, or one namespace of it.',
      category: 'vault',
      capabilities: ['KV v1/v2', 'transit', 'PKI'],
      config: Type.Object({
        namespace: Type.Optional(
          Type.String({
            title: 'Namespace',
            pattern: '^[A-Za-z0-9_.-]+(?:/[A-Za-z0-9_.-]+)*/?$',
            maxLength: 256,
            description: 'Vault Enterprise and HCP: the namespace that everything below is in.',
          }),
        ),
        kvMount: mount('KV mount', 'secret'),
        kvVersion: Type.Optional(
          Type.Integer({ title: 'KV version', minimum: 1, maximum: 2, default: 2, description: '1 or 2; default 2.' }),
        ),
        transitMount: mount('Transit mount', 'transit'),
        pkiMount: mount('PKI mount', 'pki'),
        authMount: mount('Auth mount', 'approle'),
        authRole: Type.Optional(
          Type.String({
            title: 'Auth role',
            pattern: '^[A-Za-z0-9_.-]{1,128}$',
            description: 'Role to log in as with a Kubernetes or JWT token.',
          }),
        ),
      }),
      defaultEndpoint: null,
      templates: [
        {
          name: 'AppRole',
          description: 'For machines: role id and secret id.',
          config: { authMode: 'basic', authMount: 'approle' },
        },
        {
          name: 'Kubernetes',
          description: "For a hub in a cluster: the pod's service account token.",
          config: { authMode: 'iam', authMount: 'kubernetes' },
        },
        {
          name: 'HCP Vault Dedicated',
          description: 'A cluster of HashiCorp Cloud Platform; its own namespace is admin.',
          config: { namespace: 'admin' },
        },
      ],
    },
  ],
  auth: [
    {
      mode: 'basic',
      kind: 'basic_auth',
      title: 'AppRole',
      help: 'User name: the role id (vault read auth/approle/role/<role>/role-id); password: a secret id (vault write -f auth/approle/role/<role>/secret-id). Set authMount where AppRole is mounted elsewhere.',
      apply: {
        scheme: 'token-exchange',
        url: '/v1/auth/{config.authMount|approle}/login',
        json: { role_id: '{username}', secret_id: '{password}' },
        headers: namespaceHeader,
        ...login,
        sendAs,
      },
      expired,
    },
    {
      mode: 'iam',
      kind: 'bearer_token',
      title: 'Kubernetes or JWT',
      help: 'The JWT to log in with: usually ref://file/… to the projected service account token, so that a renewed one is read. Set authRole, and authMount (kubernetes, jwt, …).',
      apply: {
        scheme: 'token-exchange',
        url: '/v1/auth/{config.authMount|kubernetes}/login',
        json: { role: '{config.authRole}', jwt: '{token}' },
        headers: namespaceHeader,
        ...login,
        sendAs,
      },
      expired,
    },
    {
      mode: 'token',
      kind: 'bearer_token',
      title: 'Token',
      help: 'A Vault token, best a periodic one (vault token create -period=24h -policy=…): each health check renews it in its second half.',
      apply: { scheme: 'header', name: 'X-Vault-Token', value: '{token}' },
    },
  ],
  egress: { hosts: [] },
  requiredPermissions: [
    {
      scope: 'read, list on <kvMount>',
      description: 'KV 2: read on data/ and subkeys/, list on metadata/. KV 1: read and list.',
      required: true,
      justification: 'secret.ref, secret.list, secret.read, and references of other integrations (ref://vaults/…).',
    },
    {
      scope: 'update on <transitMount>/encrypt and decrypt',
      description: 'For the keys that are to be used.',
      required: false,
      justification: 'Only for transit.encrypt and transit.decrypt.',
    },
    {
      scope: 'update on <pkiMount>/issue, read on cert',
      description: 'For the roles that are to issue.',
      required: false,
      justification: 'Only for pki.issue; certificate.get needs no token.',
    },
  ],
  critical: true,
};
