import { HubError } from '@inthub/contracts';
import ipaddr from 'ipaddr.js';
import { type AddressVerdict, findAddress } from './address.ts';
import { createHostRules, findHostRule } from './host-rules.ts';

/** The operator's exceptions: what egress may reach although it is not public. */
export interface AllowList {
  allows(address: string, verdict: AddressVerdict, target: { hostname: string; port: number }): boolean;
  /** An entry names this very address (and port, where it has one), not just a network around it. */
  names(address: string, port: number): boolean;
}

type Address = ipaddr.IPv4 | ipaddr.IPv6;

/** Kinds that an entry naming a host opens: whoever runs that name's DNS must not be able to point it at these others. */
const openedByHostName = new Set(['private', 'loopback', 'carrier-grade NAT', 'benchmarking', 'documentation']);

/**
 * Reads `HUB_EGRESS_ALLOW`: CIDRs (`10.0.0.0/8`), addresses (`127.0.0.1`, `[::1]:8080`), hosts (`gitea.internal`, `host:port`), `*.suffix`.
 * A cloud metadata address is opened only by an entry that names exactly this address.
 * @throws HubError `invalid_request` naming the entry.
 */
export function parseAllowList(entries: readonly string[], setting = 'HUB_EGRESS_ALLOW'): AllowList {
  const networks: (readonly [Address, number])[] = [];
  const addresses: { readonly address: string; readonly port: number | undefined }[] = [];
  const hosts: string[] = [];
  for (const entry of entries) {
    const text = entry.trim();
    if (text.includes('/')) {
      networks.push(parseNetwork(text, setting));
      continue;
    }
    const rule = findHostRule(findAddress(text)?.kind() === 'ipv6' ? `[${text}]` : text);
    if (rule === undefined) throw refuse(setting, text);
    const address = rule.suffix ? undefined : findAddress(rule.name);
    // `10.1`, `0x7f.1`: these are read as addresses too, but hardly as the ones that were meant.
    if (address?.kind() === 'ipv4' && !text.startsWith(rule.name)) throw refuse(setting, text);
    if (address === undefined) hosts.push(text);
    else addresses.push({ address: address.toNormalizedString(), port: rule.port });
  }
  const rules = createHostRules(hosts);

  const names = (address: string, port: number) => {
    const normal = findAddress(address)?.toNormalizedString();
    return addresses.some((entry) => entry.address === normal && (entry.port ?? port) === port);
  };
  return {
    names,
    allows(address, { kind, carries }, { hostname, port }) {
      const forms = carries === undefined ? [address] : [address, carries];
      if (forms.some((form) => names(form, port))) return true;
      if (kind === 'cloud metadata') return false;
      if (openedByHostName.has(kind) && rules.match(hostname, port) !== undefined) return true;
      return forms.some((form) => {
        const parsed = findAddress(form);
        return parsed !== undefined && networks.some(([network, bits]) => isWithin(parsed, network, bits));
      });
    },
  };
}

function parseNetwork(text: string, setting: string): readonly [Address, number] {
  const [address = ''] = text.split('/');
  if (findAddress(address) === undefined || !ipaddr.isValidCIDR(text)) throw refuse(setting, text);
  return ipaddr.parseCIDR(text);
}

function isWithin(address: Address, network: Address, bits: number): boolean {
  return address.kind() === network.kind() && address.match(network as never, bits);
}

function refuse(setting: string, entry: string): HubError {
  return new HubError(
    'invalid_request',
    `${setting}: "${entry.slice(0, 100)}" is none of: CIDR (10.0.0.0/8), address (127.0.0.1, [::1]:8080), host (gitea.internal), host:port, *.suffix.`,
  );
}
