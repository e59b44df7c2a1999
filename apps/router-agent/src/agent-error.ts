/** A failure that the caller is told of: what is wrong and the way out. Never holds the configuration itself or the token. */
export class AgentError extends Error {
  override readonly name = 'AgentError';
  readonly status: number;
  readonly code: AgentErrorCode;

  constructor(code: AgentErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.status = statuses[code];
  }
}

const statuses = {
  invalid_request: 400,
  unauthenticated: 401,
  not_found: 404,
  conflict: 409,
  /** Somebody changed the file since the revision that the caller saw. */
  revision_mismatch: 412,
  /** The router itself refuses the configuration, before or after; nothing has changed. */
  rejected: 422,
  /** It was accepted, but did not come to life; the former configuration serves again. */
  rolled_back: 422,
  busy: 503,
  failed: 500,
} as const;
export type AgentErrorCode = keyof typeof statuses;
