/** Where key-encryption keys live: the key ring in memory, or a KMS behind the same three calls. */
export interface KeyProvider {
  /** The key that new data keys are wrapped under. */
  currentKeyId(): Promise<string>;
  /** Wraps under the current key. `context` must come back unchanged to `unwrap`. */
  wrap(dataKey: Buffer, context: Buffer): Promise<WrappedKey>;
  /** @throws HubError `credential_unavailable` when there is no such key, or when anything does not fit. */
  unwrap(wrapped: WrappedKey, context: Buffer): Promise<Buffer>;
}

export interface WrappedKey {
  readonly keyId: string;
  readonly wrapped: Buffer;
}
