import type { IncomingHttpHeaders } from 'node:http';
import type { Clock } from '@inthub/contracts';
import type { IntegrationSettings } from '../integration-settings.ts';
import type { Target } from '../policy.ts';
import type { OpenCredential } from '../scope.ts';
import type { ClientIdentity } from '../tls.ts';
import type { TokenStore } from './token-store.ts';

/** What a request carries to prove who it is. */
export interface Authorization {
  readonly headers: Readonly<Record<string, string>>;
  readonly identity?: ClientIdentity;
  /** Path and query that the request goes to instead of its own, on the same origin. A secret: it is reported nowhere. */
  readonly path?: string;
  /** Values that must not show in an error, as they went over the wire. */
  secrets(): readonly string[];
  /** The token in it was fetched for this very request; fetching another would bring the same. */
  readonly fresh?: boolean;
}

export const noAuthorization: Authorization = { headers: {}, secrets: () => [] };

/** The request that is to be authorised. */
export interface AuthRequest {
  readonly target: Target;
  /** Path and query. */
  readonly path: string;
  readonly method: string;
}

/** A request for a token, outside the action itself. Passes the same policy and address guard. */
export interface TokenRequest {
  readonly url: URL;
  readonly method: 'GET' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** The credential inside, to keep it out of errors. */
  readonly secrets: readonly string[];
  /** Checked already: the operator or the endpoint's own host names this realm. */
  readonly realm?: Target;
}

/** What a scheme works with. */
export interface AuthContext {
  readonly tenantId: string;
  readonly integrationId: string;
  readonly settings: IntegrationSettings;
  readonly clock: Clock;
  readonly tokens: TokenStore;
  /** Opens the integration's credential; undefined when it has none. @throws HubError `credential_unavailable` */
  open(): OpenCredential | Promise<OpenCredential> | undefined;
  /** Sends a token request and returns its JSON. @throws HubError of the one status mapper. */
  fetchToken(request: TokenRequest): Promise<Readonly<Record<string, unknown>>>;
  /** Waits for something shared with other calls, within this call's limits. */
  race<Value>(promise: Promise<Value>): Promise<Value>;
}

/** One way to authorise, bound to its scheme. */
export interface Authenticator {
  authorize(request: AuthRequest, context: AuthContext): Authorization | Promise<Authorization>;
  /**
   * After a 401: another authorisation to repeat the request with, once, or undefined when this scheme has no better one.
   * @throws HubError when it is clear why not.
   */
  renew?(request: AuthRequest, context: AuthContext, refused: Refused): Promise<Authorization | undefined>;
}

export interface Refused {
  readonly headers: IncomingHttpHeaders;
  readonly used: Authorization;
}
