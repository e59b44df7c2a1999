import Type from 'typebox';

/** Secret material by kind (VLT-2). Every string in here is secret unless it is `username`, `appId` or `installationId`. */
const secret = (description: string, maxLength = 16_384) => Type.String({ minLength: 1, maxLength, description });

export const credentialKinds = [
  'oauth2_token',
  'api_key',
  'bearer_token',
  'basic_auth',
  'service_account',
  'mtls_cert',
  'webhook_secret',
  'github_app',
] as const;
export type CredentialKind = (typeof credentialKinds)[number];

const closed = { additionalProperties: false };

export const CredentialMaterial = Type.Union(
  [
    Type.Object({ kind: Type.Literal('api_key'), key: secret('The API key.') }, closed),
    Type.Object({ kind: Type.Literal('bearer_token'), token: secret('The token, without the word Bearer.') }, closed),
    Type.Object(
      {
        kind: Type.Literal('basic_auth'),
        username: Type.String({ minLength: 1, maxLength: 512 }),
        password: secret('The password or access token.'),
      },
      closed,
    ),
    Type.Object(
      {
        kind: Type.Literal('oauth2_token'),
        accessToken: secret('The access token.'),
        refreshToken: Type.Optional(secret('The refresh token.')),
        expiresAt: Type.Optional(Type.String({ format: 'date-time' })),
        scopes: Type.Optional(Type.Array(Type.String({ maxLength: 512 }), { maxItems: 200 })),
      },
      closed,
    ),
    Type.Object(
      {
        kind: Type.Literal('service_account'),
        credentialJson: secret('The key file as the provider issued it.', 65_536),
      },
      closed,
    ),
    Type.Object(
      {
        kind: Type.Literal('mtls_cert'),
        certificate: secret('Client certificate chain, PEM.', 65_536),
        privateKey: secret('Private key, PEM.', 65_536),
        passphrase: Type.Optional(secret('Passphrase of the key.')),
      },
      closed,
    ),
    Type.Object({ kind: Type.Literal('webhook_secret'), secret: secret('The shared secret.') }, closed),
    Type.Object(
      {
        kind: Type.Literal('github_app'),
        appId: Type.String({ minLength: 1, maxLength: 64 }),
        installationId: Type.String({ minLength: 1, maxLength: 64 }),
        privateKey: secret('Private key of the App, PEM.', 65_536),
      },
      closed,
    ),
  ],
  { description: 'Secret material by kind. Accepted, never returned.' },
);
export type CredentialMaterial = Type.Static<typeof CredentialMaterial>;
