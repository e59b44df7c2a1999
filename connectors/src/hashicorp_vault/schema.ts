/** The fields that are read. Source: developer.hashicorp.com/vault/api-docs, pages named at each. */
import Type from 'typebox';

const anything = Type.Record(Type.String(), Type.Unknown());
const nullable = <Schema extends Type.TSchema>(schema: Schema) => Type.Union([schema, Type.Null()]);

/** secret/kv/kv-v2, "Read secret version". */
export const KvData = Type.Object({
  data: Type.Object({
    data: nullable(anything),
    metadata: Type.Object({ version: Type.Integer(), created_time: Type.String() }),
  }),
});
/** secret/kv/kv-v2, "Read secret subkeys": the names, each value replaced by null. */
export const KvSubkeys = Type.Object({
  data: Type.Object({
    subkeys: nullable(anything),
    metadata: Type.Object({ version: Type.Integer(), created_time: Type.String() }),
  }),
});
/** secret/kv/kv-v1, "Read secret". */
export const KvOneData = Type.Object({ data: anything });
/** secret/kv, "List secrets". */
export const KeyList = Type.Object({ data: Type.Object({ keys: Type.Array(Type.String()) }) });
/** secret/transit, "Encrypt data" and "Decrypt data". */
export const Encrypted = Type.Object({
  data: Type.Object({ ciphertext: Type.String(), key_version: Type.Optional(Type.Integer()) }),
});
export const Decrypted = Type.Object({ data: Type.Object({ plaintext: Type.String() }) });
/** secret/pki, "Generate certificate and key". */
export const Issued = Type.Object({
  data: Type.Object({
    certificate: Type.String(),
    private_key: Type.String(),
    issuing_ca: Type.Optional(nullable(Type.String())),
    ca_chain: Type.Optional(nullable(Type.Array(Type.String()))),
    serial_number: Type.String(),
    expiration: Type.Optional(Type.Integer()),
  }),
});
/** secret/pki, "Read certificate". */
export const Certificate = Type.Object({
  data: Type.Object({ certificate: Type.String(), revocation_time: Type.Optional(Type.Integer()) }),
});
/** system/health. */
export const Health = Type.Object({
  initialized: Type.Boolean(),
  sealed: Type.Boolean(),
  standby: Type.Boolean(),
  version: Type.Optional(Type.String()),
});
/** auth/token, "Lookup a token (self)". `ttl` 0: it does not end. */
export const TokenFacts = Type.Object({
  data: Type.Object({
    ttl: Type.Integer(),
    creation_ttl: Type.Optional(Type.Integer()),
    renewable: Type.Optional(Type.Boolean()),
    policies: Type.Optional(nullable(Type.Array(Type.String()))),
    display_name: Type.Optional(Type.String()),
    type: Type.Optional(Type.String()),
  }),
});
/** system/leases, "Renew lease"; auth/token, "Renew a token (self)". */
export const RenewedLease = Type.Object({
  lease_id: Type.String(),
  lease_duration: Type.Integer(),
  renewable: Type.Boolean(),
});
export const RenewedToken = Type.Object({
  auth: Type.Object({ lease_duration: Type.Integer(), renewable: Type.Boolean() }),
});
