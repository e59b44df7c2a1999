import type { ConnectorCategory, ModelPrice, RateLimits } from '@inthub/contracts';
import type { TObject } from 'typebox';
import type { AuthMethod } from './auth-method.ts';
import type { DiscoveryScope } from './data-scope.ts';

/** Everything about a connector that is data; forms, docs, validation, egress rules and catalog rows come from it. */
export interface ConnectorManifest {
  /** Folder name, registry key and event prefix: `[a-z][a-z0-9_]*`. */
  readonly id: string;
  /** Semantic version. */
  readonly version: string;
  readonly metadata: ConnectorMetadata;
  readonly types: readonly IntegrationTypeManifest[];
  /** Ways to authenticate, best first. */
  readonly auth: readonly AuthMethod[];
  readonly egress: EgressManifest;
  /** Scopes at the provider, by capability, with the reason an operator reads before granting. */
  readonly requiredPermissions: readonly RequiredPermission[];
  /** Pace that the product documents; an integration may override it. */
  readonly pace?: RateLimits;
  /** Overrides the category's circuit-breaker defaults. */
  readonly circuit?: CircuitSettings;
  /** What the provider's models cost, with source and date; a platform or tenant may override each. */
  readonly modelPrices?: readonly ModelPrice[];
  /** A critical connector fails loudly; others return a quiet, typed failure (GW-8). Default false. */
  readonly critical?: boolean;
  /** Names of the provider's rate-limit headers, where they are not `ratelimit-*` or `x-ratelimit-*`. */
  readonly rateLimitHeaders?: RateLimitHeaders;
  /** Where the provider counts several windows side by side; actions name theirs in `limitBucket`. */
  readonly limitBuckets?: LimitBuckets;
  /** What discovery shows, by resource type; a grant that is restricted to projects or data refuses what is not declared here. */
  readonly discoveryScope?: Readonly<Record<string, DiscoveryScope>>;
}

/** Windows that a provider keeps apart, for example GitHub's `core`, `search` and `graphql` (`x-ratelimit-resource`). */
export interface LimitBuckets {
  /** Header of an answer that names its bucket. */
  readonly header: string;
  /** Bucket of actions that name none, and of answers without the header. */
  readonly default: string;
}

export interface ConnectorMetadata {
  readonly name: string;
  readonly description: string;
  /** Data URI (air-gapped hubs show it too). */
  readonly icon: string;
  readonly category: ConnectorCategory;
  readonly vendor: string;
  readonly documentationUrl: string;
  readonly supportUrl: string;
  readonly privacyPolicyUrl: string;
  readonly tags: readonly string[];
  readonly minPlatformVersion: string;
  readonly targetApiVersion: string;
}

/** A facet that the connector offers: `registry.harbor`. */
export interface IntegrationTypeManifest {
  /** `<category prefix>.<product>`. */
  readonly id: string;
  readonly displayName: string;
  readonly description: string;
  readonly category: ConnectorCategory;
  /** What the product can do, in the catalog's words: `repos`, `tags`, `digests`. */
  readonly capabilities: readonly string[];
  /** Fields beside the base config (`composeConfigSchema` joins them). */
  readonly config: TObject;
  /** Fixed or suggested endpoint; null when only the operator knows it. */
  readonly defaultEndpoint: string | null;
  /** Action ids of this type; default all of the connector's. */
  readonly actions?: readonly string[];
  /** Ready-made settings for the wizard. */
  readonly templates?: readonly ProfileTemplate[];
}

export interface ProfileTemplate {
  readonly name: string;
  readonly description: string;
  readonly config: Readonly<Record<string, unknown>>;
}

export interface EgressManifest {
  /** Hosts beside the endpoint's own that actions may reach, for example `auth.docker.io`. Exact names or `*.suffix`. */
  readonly hosts: readonly string[];
}

export interface RequiredPermission {
  readonly scope: string;
  readonly description: string;
  readonly required: boolean;
  readonly justification: string;
}

export interface CircuitSettings {
  readonly failureThreshold: number;
  readonly successThreshold: number;
  /** Milliseconds open before a probe is let through. */
  readonly timeoutMs: number;
  readonly halfOpenMaxRequests: number;
}

export interface RateLimitHeaders {
  readonly limit: string;
  readonly remaining: string;
  /** Header with the reset time, and how to read it. */
  readonly reset?: {
    readonly name: string;
    /** `date-time`: RFC 3339. `duration`: as Go writes it, `6m0s` or `20ms`. */
    readonly unit: 'seconds-from-now' | 'epoch-seconds' | 'epoch-milliseconds' | 'date-time' | 'duration';
  };
}
