/** The part of oidc-provider 9 that the launcher uses; the package brings no types. */
declare module 'oidc-provider' {
  import type { RequestListener } from 'node:http';

  export interface ResourceServer {
    scope: string;
    audience?: string;
    accessTokenTTL?: number;
    accessTokenFormat?: 'opaque' | 'jwt';
    jwt?: { sign?: { alg: string; kid?: string } };
  }

  export interface Configuration {
    clients: Record<string, unknown>[];
    jwks: { keys: object[] };
    scopes?: string[];
    features: Record<string, object>;
    ttl?: Record<string, number>;
    cookies?: { keys: string[] };
    clientBasedCORS?: () => boolean;
    extraTokenClaims?: (context: unknown, token: { clientId?: string }) => Record<string, unknown> | undefined;
    [other: string]: unknown;
  }

  export class Provider {
    constructor(issuer: string, configuration: Configuration);
    callback(): RequestListener;
  }
}
