/** What scripts may rely on; the README documents them. */
export const exitCodes = {
  ok: 0,
  /** The operation failed: a connection test, an action, the provider, the hub. */
  failure: 1,
  /** Wrong usage, or input that the hub refuses as invalid. */
  usage: 2,
  /** A verification ran and found a fault. */
  verification: 3,
  /** Not signed in, or not allowed. */
  denied: 4,
  notFound: 5,
  /** The present state forbids it, or somebody else changed it meanwhile. */
  conflict: 6,
  /** The hub does not answer, or is starting or stopping. */
  unreachable: 7,
} as const;
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];
