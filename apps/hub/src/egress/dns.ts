import { lookup as systemLookup } from 'node:dns/promises';
import type { Clock } from '@inthub/contracts';
import { HubError } from '@inthub/contracts';
import { LRUCache } from 'lru-cache';
import type { EgressPolicy, Target } from './policy.ts';

export interface ResolvedAddress {
  readonly address: string;
  readonly family: number;
}

/** Every address of a name. */
export type Resolve = (hostname: string) => Promise<readonly ResolvedAddress[]>;

/** The system's resolver: hosts file, search domains and all, in the order it gives. */
const systemResolve: Resolve = (hostname) => systemLookup(hostname, { all: true, order: 'verbatim' });

/** Names to addresses that may be connected to. */
export interface PinnedDns {
  /**
   * The addresses of a name, resolved once and every one checked by the tenant's policy; a connection is opened to one of exactly these.
   * @throws HubError `egress_denied` when a single one may not be reached: a public name that also points inside is a trap.
   * @throws what the resolver throws (`ENOTFOUND`, `EAI_AGAIN`, …).
   */
  resolve(target: Pick<Target, 'hostname' | 'port'>, policy: EgressPolicy): Promise<readonly ResolvedAddress[]>;
}

/** Short, because a name that moves must be followed; long enough that a burst of new connections asks once. */
const maxAgeMs = 10_000;
const maxNames = 2_000;

export function createPinnedDns(options: { clock: Clock; resolve?: Resolve }): PinnedDns {
  const { clock, resolve = systemResolve } = options;
  const answers = new LRUCache<string, { addresses: readonly ResolvedAddress[]; untilMs: number }>({ max: maxNames });
  const pending = new Map<string, Promise<readonly ResolvedAddress[]>>();

  async function ask(hostname: string): Promise<readonly ResolvedAddress[]> {
    try {
      const addresses = await resolve(hostname);
      if (addresses.length === 0)
        throw new HubError('provider_unreachable', `${hostname} has no address.`, {
          blame: 'configuration',
          retryable: false,
        });
      answers.set(hostname, { addresses, untilMs: clock.monotonicMs() + maxAgeMs });
      return addresses;
    } finally {
      pending.delete(hostname);
    }
  }

  function addressesOf(hostname: string): Promise<readonly ResolvedAddress[]> | readonly ResolvedAddress[] {
    const known = answers.get(hostname);
    if (known !== undefined && clock.monotonicMs() < known.untilMs) return known.addresses;
    let asking = pending.get(hostname);
    if (asking === undefined) {
      asking = ask(hostname);
      pending.set(hostname, asking);
    }
    return asking;
  }

  return {
    async resolve(target, policy) {
      const addresses = await addressesOf(target.hostname);
      // Checked at each use, not when cached: the exceptions depend on port and tenant.
      for (const { address } of addresses) policy.checkAddress(address, target);
      return addresses;
    },
  };
}
