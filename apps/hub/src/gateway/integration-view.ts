// What calls need of an integration beside its row, worked out once for each version of it.
import { type AuthMethod, authMethodsOf, type CircuitSettings } from '@inthub/connector-sdk';
import type { RateLimits } from '@inthub/contracts';
import type { Grant, InstalledIntegration, LoadedConnector } from '../runtime/runtime.ts';
import { circuitDefaults } from './circuit/circuit-defaults.ts';
import { type DataScopeView, dataScopeView } from './data-scope.ts';
import { limitsOf } from './limit/limit-defaults.ts';
import { type Plan, plansOf } from './plan.ts';

export interface IntegrationView {
  readonly connector: LoadedConnector;
  readonly connectorId: string;
  /** A critical connector's failures are loud (GW-8). */
  readonly critical: boolean;
  readonly plans: ReadonlyMap<string, Plan>;
  /** Key of everything kept for the integration: tenant and id. */
  readonly key: string;
  readonly tenantKey: string;
  readonly circuit: CircuitSettings;
  readonly limits: RateLimits;
  /** Windows that the provider keeps beside its default one, as actions name them; null where it keeps one. */
  readonly buckets: ReadonlySet<string> | null;
  readonly grant: GrantView | null;
  readonly allowedHosts: readonly string[];
  readonly blockedHosts: readonly string[];
  /** Ways to authenticate in the integration's authMode; empty when its connector has none. */
  readonly authMethods: readonly AuthMethod[];
}

export interface GrantView {
  readonly granted: ReadonlySet<string>;
  readonly denied: ReadonlySet<string>;
  /** Null restricts nothing. */
  readonly dataScope: DataScopeView | null;
  /** Epoch milliseconds; Infinity never expires. */
  readonly expiresAtMs: number;
}

export interface IntegrationViews {
  of(integration: InstalledIntegration, connector: LoadedConnector): IntegrationView;
}

/** @param fallback Limits of integrations that name none. */
export function createIntegrationViews(fallback: RateLimits): IntegrationViews {
  const views = new WeakMap<InstalledIntegration, IntegrationView>();
  return {
    of(integration, connector) {
      const known = views.get(integration);
      // A connector may be swapped for another version while the row stays the same.
      if (known !== undefined && known.connector === connector) return known;
      const view = viewOf(integration, connector, fallback);
      views.set(integration, view);
      return view;
    },
  };
}

export function keyOf(tenantId: string, integrationId: string): string {
  return `${tenantId}/${integrationId}`;
}

function viewOf(integration: InstalledIntegration, connector: LoadedConnector, fallback: RateLimits): IntegrationView {
  const { manifest } = connector.definition;
  const { grant, config, tenantId } = integration;
  const plans = plansOf(connector.definition, integration.type);
  const category = manifest.types.find(({ id }) => id === integration.type)?.category ?? manifest.metadata.category;
  return {
    connector,
    connectorId: manifest.id,
    critical: manifest.critical ?? false,
    plans,
    key: keyOf(tenantId, integration.id),
    tenantKey: tenantId,
    circuit: manifest.circuit ?? circuitDefaults[category],
    limits: limitsOf(integration.rateLimits, manifest.pace, fallback),
    buckets: manifest.limitBuckets === undefined ? null : bucketsOf(plans),
    grant: grant === null ? null : grantView(grant),
    allowedHosts: [...manifest.egress.hosts, ...(grant?.networkScope.allowedDomains ?? [])],
    blockedHosts: grant?.networkScope.blockedDomains ?? [],
    authMethods: authMethodsOf(manifest, integration.type).filter(({ mode }) => mode === config.authMode),
  };
}

function bucketsOf(plans: ReadonlyMap<string, Plan>): ReadonlySet<string> {
  return new Set([...plans.values()].flatMap(({ bucket }) => bucket ?? []));
}

function grantView({ grantedCapabilities, deniedCapabilities, dataScope, expiresAt }: Grant): GrantView {
  const expiresAtMs = expiresAt === null ? Number.POSITIVE_INFINITY : Date.parse(expiresAt);
  return {
    granted: new Set(grantedCapabilities),
    denied: new Set(deniedCapabilities),
    dataScope: dataScopeView(dataScope),
    // A date that cannot be read has passed: a grant that nobody understands allows nothing.
    expiresAtMs: Number.isNaN(expiresAtMs) ? 0 : expiresAtMs,
  };
}
