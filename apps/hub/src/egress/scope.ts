import type { AuthMethod, RateLimitHeaders } from '@inthub/connector-sdk';
import type { CredentialMaterial, IntegrationConfig } from '@inthub/contracts';

/** For whom and within which bounds a client may send. */
export interface EgressScope {
  readonly tenantId: string;
  readonly integrationId: string;
  readonly connectorId: string;
  /** Read once per object: hand in the same object for the same version of an integration, and a changed one as a new object. */
  readonly config: IntegrationConfig;
  /** Hosts beside the endpoint's own: the manifest's and the grant's allowed domains. Exact name, `name:port` or `*.suffix`. */
  readonly allowedHosts: readonly string[];
  /** Domains that the grant blocks (same forms); they win over everything. */
  readonly blockedHosts: readonly string[];
  readonly auth: AuthMethod;
  /** Undefined for `authMode: none`. */
  readonly credential?: CredentialSource;
  readonly rateLimitHeaders?: RateLimitHeaders;
  /** Header that names the window which an answer's limit speaks of. */
  readonly limitBucketHeader?: string;
  readonly signal: AbortSignal;
  /** `Clock.monotonicMs` value after which nothing may be sent or waited for. */
  readonly deadlineMs: number;
  /**
   * Whose clock the deadline is: `caller` (default) ends in `deadline_exceeded`, `integration` (its own `timeout`, the caller gave
   * none) in `provider_timeout`, so that a silent provider counts towards its breaker.
   */
  readonly deadlineFrom?: 'caller' | 'integration';
  /** W3C trace context of the call, sent on. */
  readonly traceparent?: string;
  /** W3C trace state of the caller, sent on unchanged beside it. */
  readonly tracestate?: string;
  /** Where calls are traced: opens a span for each attempt, whose context is sent instead. */
  readonly traceAttempt?: (start: AttemptStart) => AttemptTrace;
  /**
   * Told about every attempt, for audit, metrics and limits. Never sees header values or bodies. A token that other calls wait for
   * too is fetched to its end, so the report of a token request may come after the call has ended.
   */
  onAttempt(attempt: EgressAttempt): void;
}

/** Where a call's credential comes from. */
export interface CredentialSource {
  /** Called at most once per send that needs it. */
  open(): OpenCredential | Promise<OpenCredential>;
  /**
   * Gets it anew after the provider has called it expired; called at most once for a request. The answer may be the same one.
   * Default: what was opened is all there is.
   * @param refused Fingerprint of the one that was refused.
   */
  renew?(refused: string): Promise<OpenCredential>;
}

export interface OpenCredential {
  readonly material: CredentialMaterial;
  readonly fingerprint: string;
}

/** One request as it went over the wire, retries and token exchanges each counted. */
export interface EgressAttempt {
  readonly method: string;
  readonly host: string;
  /** Path without query; empty where the path is a secret. */
  readonly path: string;
  /** 1 for the first try; redirects and the repeat after a challenge keep the number of their try. */
  readonly attempt: number;
  readonly purpose: 'action' | 'token';
  readonly status: number | null;
  readonly errorCode: string | null;
  readonly durationMs: number;
  readonly requestBytes: number;
  /** As it came over the wire, before decompression. */
  readonly responseBytes: number;
  readonly rateLimit?: RateLimitState;
}

/** What is known of an attempt before it is made. */
export type AttemptStart = Pick<EgressAttempt, 'method' | 'host' | 'attempt' | 'purpose'>;

export interface AttemptTrace {
  readonly traceparent: string;
  end(attempt: EgressAttempt): void;
}

/** What the provider says about its limit. */
export interface RateLimitState {
  readonly limit?: number;
  readonly remaining?: number;
  readonly resetAt?: Date;
  readonly retryAfterMs?: number;
  /** Which of several windows it is, as the provider names it. */
  readonly bucket?: string;
}

/** The part of the hub's log that egress uses: fields first, then a fixed message. */
export interface EgressLog {
  warn(fields: object, message: string): void;
}
