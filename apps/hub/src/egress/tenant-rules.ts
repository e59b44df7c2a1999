import { HubError } from '@inthub/contracts';
import type { EgressPolicy } from './policy.ts';

/** What a platform admin has set for one tenant's traffic. */
export interface TenantNetwork {
  /** Nothing is sent for this tenant. */
  readonly offline: boolean;
  /** Exceptions beside `HUB_EGRESS_ALLOW`, in its form. Read once for each object. */
  readonly egressAllow: readonly string[];
}

/** The same, ready for use. */
export interface TenantRules {
  /** The refusal, when nothing may be sent. */
  readonly offline: (() => HubError) | undefined;
  readonly policy: EgressPolicy;
}

export interface TenantRulesOptions {
  /** The operator's own, for every tenant. */
  readonly policy: EgressPolicy;
  readonly offline: boolean;
  readonly network?: (tenantId: string) => TenantNetwork | Promise<TenantNetwork>;
}

/** The rules of each tenant; answers at once where nothing has to be asked. */
export function createTenantRules(
  options: TenantRulesOptions,
): (tenantId: string) => TenantRules | Promise<TenantRules> {
  const { policy, network } = options;
  // Nothing that is set for a tenant brings a hub online, so nothing is asked.
  const usual: TenantRules = { offline: options.offline ? hubOffline : undefined, policy };
  if (options.offline || network === undefined) return () => usual;
  const known = new WeakMap<TenantNetwork, TenantRules>();

  function rulesOf(found: TenantNetwork): TenantRules {
    let rules = known.get(found);
    if (rules === undefined) {
      const { offline, egressAllow } = found;
      rules = {
        offline: offline ? tenantOffline : undefined,
        policy: egressAllow.length === 0 ? policy : policy.withExceptions(egressAllow),
      };
      known.set(found, rules);
    }
    return rules;
  }
  return (tenantId) => {
    const found = network(tenantId);
    return found instanceof Promise ? found.then(rulesOf) : rulesOf(found);
  };
}

function hubOffline(): HubError {
  return new HubError(
    'offline',
    'The hub is in offline mode and sends nothing. The operator can end this with HUB_OFFLINE=false.',
  );
}

function tenantOffline(): HubError {
  return new HubError(
    'offline',
    'This tenant is in offline mode, so nothing is sent for it. A platform admin can end this with offline: false on the tenant.',
  );
}
