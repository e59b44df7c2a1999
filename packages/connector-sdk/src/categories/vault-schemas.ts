/** The shapes that every vault connector shares. A value of a secret appears only in outputs of actions that are marked sensitive. */
import { NullableTimestamp } from '@inthub/contracts';
import Type from 'typebox';

const closed = { additionalProperties: false };
const nullable = <Schema extends Type.TSchema>(schema: Schema) => Type.Union([schema, Type.Null()]);

/** Segments without white space, `#`, `?`, empty parts, `.` and `..`: what may stand in an AuthRef. */
export const secretPathPattern = '^(?!\\.{1,2}(?:/|$))[^\\s#?/\\\\]+(?:/(?!\\.{1,2}(?:/|$))[^\\s#?/\\\\]+)*$';
const SecretPath = Type.String({
  minLength: 1,
  maxLength: 512,
  pattern: secretPathPattern,
  title: 'Path',
  description: 'Of the secret, below the mount or vault that the integration is configured for.',
  examples: ['team/app'],
});
const FieldName = Type.String({ pattern: '^[A-Za-z0-9._-]{1,128}$', title: 'Field', examples: ['password'] });
const KeyName = Type.String({ pattern: '^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$', title: 'Key' });
const Base64 = Type.String({ maxLength: 2_097_152, pattern: '^[A-Za-z0-9+/]*={0,2}$' });
const Version = Type.Integer({ minimum: 1 });

export const SecretRefInput = Type.Object({ path: SecretPath, field: Type.Optional(FieldName) }, closed);
export const SecretRefOutput = Type.Object({
  reference: Type.String({ description: 'AuthRef that stands in the place of the secret: ref://vaults/…' }),
  path: Type.String(),
  fields: Type.Array(Type.String(), { description: 'Names of what is stored there; never values.' }),
  version: nullable(Version),
  updatedAt: NullableTimestamp,
});

export const SecretListInput = Type.Object(
  {
    path: Type.Optional({ ...SecretPath, description: 'Folder to list; default the root.' }),
    cursor: Type.Optional(
      Type.String({ minLength: 1, maxLength: 2048, description: 'nextCursor of the page before.' }),
    ),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500, default: 50 })),
  },
  closed,
);
export const SecretEntry = Type.Object({
  name: Type.String(),
  path: Type.String({ description: 'Usable as `path` of the other actions.' }),
  isFolder: Type.Boolean(),
});
export type SecretEntry = Type.Static<typeof SecretEntry>;
export const SecretListOutput = Type.Object({ items: Type.Array(SecretEntry), nextCursor: nullable(Type.String()) });

export const SecretReadInput = Type.Object(
  { path: SecretPath, version: Type.Optional({ ...Version, description: 'Default the newest.' }) },
  closed,
);
export const SecretReadOutput = Type.Object({
  path: Type.String(),
  fields: Type.Record(Type.String(), Type.Unknown(), { description: 'The secret. Keep it out of logs.' }),
  version: nullable(Version),
  updatedAt: NullableTimestamp,
});

const Context = Type.Optional({ ...Base64, description: 'Base64; needed where the key is derived.' });
export const TransitEncryptInput = Type.Object(
  {
    key: KeyName,
    plaintext: Type.Optional(Type.String({ maxLength: 1_048_576, description: 'Text, as UTF-8.' })),
    plaintextBase64: Type.Optional({ ...Base64, description: 'Bytes.' }),
    context: Context,
  },
  { ...closed, oneOf: [{ required: ['plaintext'] }, { required: ['plaintextBase64'] }] },
);
export const TransitEncryptOutput = Type.Object({ ciphertext: Type.String(), keyVersion: nullable(Version) });
export const TransitDecryptInput = Type.Object(
  { key: KeyName, ciphertext: Type.String({ minLength: 1, maxLength: 2_097_152 }), context: Context },
  closed,
);
export const TransitDecryptOutput = Type.Object({
  plaintextBase64: Type.String(),
  plaintext: nullable(Type.String({ description: 'Null when the bytes are not UTF-8.' })),
});

const AltName = Type.String({ minLength: 1, maxLength: 253, pattern: '^[^,\\s]+$' });
export const PkiIssueInput = Type.Object(
  {
    role: KeyName,
    commonName: Type.String({ minLength: 1, maxLength: 253, examples: ['app.example.com'] }),
    altNames: Type.Optional(Type.Array(AltName, { maxItems: 100, description: 'DNS names and e-mail addresses.' })),
    ipAddresses: Type.Optional(Type.Array(AltName, { maxItems: 100 })),
    ttlSeconds: Type.Optional(Type.Integer({ minimum: 60, maximum: 315_360_000, description: "Default the role's." })),
  },
  closed,
);
export const PkiIssueOutput = Type.Object({
  certificate: Type.String({ description: 'PEM.' }),
  privateKey: Type.String({ description: 'PEM. Keep it out of logs.' }),
  issuingCa: nullable(Type.String()),
  caChain: Type.Array(Type.String()),
  serialNumber: Type.String(),
  expiresAt: NullableTimestamp,
});
export const CertificateGetInput = Type.Object(
  { serialNumber: Type.String({ pattern: '^[0-9a-fA-F]{1,2}(?:[:-]?[0-9a-fA-F]{2})*$', maxLength: 128 }) },
  closed,
);
export const CertificateGetOutput = Type.Object({
  serialNumber: Type.String(),
  certificate: Type.String({ description: 'PEM.' }),
  subject: Type.String(),
  issuer: Type.String(),
  notBefore: NullableTimestamp,
  notAfter: NullableTimestamp,
  revokedAt: NullableTimestamp,
});
