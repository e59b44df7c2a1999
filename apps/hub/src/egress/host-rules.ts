import { isIPv6 } from 'node:net';
import { domainToASCII } from 'node:url';

/** `name`, `name:port`, `*.suffix` or `*.suffix:port`; names and addresses in the form in which URLs carry them. */
export interface HostRule {
  readonly name: string;
  /** `*.name`: any name below, at any depth, not `name` itself. */
  readonly suffix: boolean;
  readonly port: number | undefined;
}

export type HostMatch = 'exact' | 'suffix';

export interface HostRules {
  /**
   * How a host is named by the rules. A rule with a port fits that port only; a rule without one fits the ports in `ports`, or
   * every port when that is left out.
   */
  match(hostname: string, port: number, ports?: readonly number[]): HostMatch | undefined;
}

const label = /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/;

/** Reads one rule; undefined when it is none. */
export function findHostRule(text: string): HostRule | undefined {
  const parts = /^(?<star>\*\.)?(?:\[(?<v6>[0-9a-f:.]+)\]|(?<host>[^:[\]/\s*]+))(?::(?<port>\d{1,5}))?$/.exec(
    text.trim().toLowerCase(),
  )?.groups;
  if (parts === undefined) return undefined;
  const port = parts['port'] === undefined ? undefined : Number(parts['port']);
  if (port !== undefined && (port < 1 || port > 65_535)) return undefined;
  if (parts['v6'] !== undefined) {
    return parts['star'] === undefined && isIPv6(parts['v6'])
      ? { name: canonicalHost(parts['v6']), suffix: false, port }
      : undefined;
  }
  const name = canonicalHost(parts['host'] ?? '');
  if (name === '' || name.length > 253 || !name.split('.').every((part) => label.test(part))) return undefined;
  return { name, suffix: parts['star'] !== undefined, port };
}

export function createHostRules(texts: readonly string[]): HostRules {
  const exact = new Map<string, (number | undefined)[]>();
  const suffixes: HostRule[] = [];
  for (const text of texts) {
    const rule = findHostRule(text);
    // What the manifest or the grant says was validated there; a rule that cannot be read matches nothing.
    if (rule === undefined) continue;
    if (rule.suffix) suffixes.push(rule);
    else exact.set(rule.name, [...(exact.get(rule.name) ?? []), rule.port]);
  }
  const fits = (rulePort: number | undefined, port: number, ports: readonly number[] | undefined) =>
    rulePort === undefined ? (ports?.includes(port) ?? true) : rulePort === port;
  return {
    match(hostname, port, ports) {
      if (exact.get(hostname)?.some((rulePort) => fits(rulePort, port, ports)) === true) return 'exact';
      const below = suffixes.some((rule) => hostname.endsWith(`.${rule.name}`) && fits(rule.port, port, ports));
      return below ? 'suffix' : undefined;
    },
  };
}

/** A host as it is compared: ASCII, lower case, no brackets, no dot at the end, IPv6 compressed. */
export function canonicalHost(host: string): string {
  const bare = host.startsWith('[') ? host.slice(1, -1) : host;
  if (isIPv6(bare) && !bare.includes('%')) return new URL(`http://[${bare}]/`).hostname.slice(1, -1);
  return domainToASCII(bare.endsWith('.') ? bare.slice(0, -1) : bare);
}
