import { type Blame, type ErrorCode, errorCodes } from './codes.ts';

/** One fault in the caller's input. `path` is a JSON Pointer (RFC 6901) into the named part, for example `/config/endpoint`. */
export interface FieldError {
  readonly path: string;
  readonly rule: string;
  readonly message: string;
}

export interface HubErrorOptions {
  /** Faulty fields, for `invalid_request` and its like. */
  errors?: readonly FieldError[];
  /** Safe to show to the caller and to log: never a secret, never another tenant's data. */
  details?: Readonly<Record<string, unknown>>;
  /** How long to wait before a retry can succeed. */
  retryAfterMs?: number;
  /** Overrides the code's default blame. */
  blame?: Blame;
  /** Overrides the code's default. */
  retryable?: boolean;
  /** Private: kept for the log and the audit, never sent. */
  cause?: unknown;
}

/**
 * The only error that crosses a room's wall. `message` is public: it says what is wrong and the way out.
 * The raw cause stays in `cause`.
 */
export class HubError extends Error {
  override readonly name = 'HubError';
  readonly code: ErrorCode;
  readonly errors: readonly FieldError[];
  readonly details: Readonly<Record<string, unknown>>;
  readonly retryAfterMs: number | undefined;
  readonly blame: Blame;
  readonly retryable: boolean;

  constructor(code: ErrorCode, message?: string, options: HubErrorOptions = {}) {
    super(message ?? errorCodes[code].title, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.errors = options.errors ?? [];
    this.details = options.details ?? {};
    this.retryAfterMs = options.retryAfterMs;
    this.blame = options.blame ?? errorCodes[code].blame;
    this.retryable = options.retryable ?? errorCodes[code].retryable;
  }

  get status(): number {
    return errorCodes[this.code].status;
  }

  /** Any thrown value as a HubError; what is not one becomes `internal` (or `code`) with the value as its private cause. */
  static from(value: unknown, code: ErrorCode = 'internal'): HubError {
    return value instanceof HubError ? value : new HubError(code, undefined, { cause: value });
  }
}

/** `invalid_request` for one field. */
export function invalidField(path: string, message: string, rule = 'invalid'): HubError {
  return new HubError('invalid_request', `${path}: ${message}`, { errors: [{ path, rule, message }] });
}
