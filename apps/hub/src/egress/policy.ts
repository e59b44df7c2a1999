import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import { HubError } from '@inthub/contracts';
import { classifyAddress, findAddress } from './address.ts';
import { type AllowList, parseAllowList } from './allow-list.ts';
import { canonicalHost, type HostRules } from './host-rules.ts';

/** Where a request goes: scheme, host and port, each in one canonical form. */
export interface Target {
  readonly protocol: 'http:' | 'https:';
  /** Lower-case ASCII name or address, no brackets, no dot at the end. */
  readonly hostname: string;
  readonly port: number;
  /** `hostname`, with the port unless it is the scheme's own; brackets around IPv6. As the Host header has it. */
  readonly host: string;
  readonly origin: string;
}

/** What one integration may reach by name. */
export interface HostPolicy {
  readonly endpoint: Target;
  readonly allowed: HostRules;
  readonly blocked: HostRules;
}

/** How a target is covered: the endpoint itself, its own host over TLS, or a declared host by exact name or by suffix. */
export type Coverage = 'endpoint' | 'endpoint-tls' | 'exact' | 'suffix';

export interface EgressPolicy {
  /** @throws HubError `egress_denied` when this target is not one of the integration's, or is a literal address that may not be reached. */
  checkTarget(target: Target, hosts: HostPolicy): Coverage;
  /** @throws HubError `egress_denied` naming the address and the setting that would allow it. */
  checkAddress(address: string, target: Pick<Target, 'hostname' | 'port'>): void;
  /**
   * The same policy with a tenant's own exceptions on top. They never open the hub's own ports.
   * @throws HubError `invalid_request` naming the entry that cannot be read.
   */
  withExceptions(entries: readonly string[]): EgressPolicy;
  /** Tells policies apart: connections that were opened under one are not used under another. */
  readonly key: string;
}

export interface PolicyOptions {
  /** Entries of `HUB_EGRESS_ALLOW`. */
  readonly allow: readonly string[];
  /** Ports that this hub listens on: refused on its own machine unless an entry names the address. */
  readonly ownPorts?: readonly number[];
}

const setting = 'HUB_EGRESS_ALLOW';
const tenantSetting = 'egressAllow';
const defaultPorts = { 'http:': 80, 'https:': 443 } as const;

/** @throws HubError `invalid_request` for an entry that cannot be read. */
export function createPolicy({ allow, ownPorts = [] }: PolicyOptions): EgressPolicy {
  return policyOf(parseAllowList(allow, setting), ownPorts, undefined);
}

function policyOf(
  list: AllowList,
  ownPorts: readonly number[],
  exceptions: TenantExceptions | undefined,
): EgressPolicy {
  function checkAddress(address: string, target: Pick<Target, 'hostname' | 'port'>): void {
    if (ownPorts.includes(target.port) && isOwnAddress(address) && !list.names(address, target.port)) {
      throw deny(`${address} port ${target.port} is this hub itself, which it does not call.`, address, target);
    }
    const verdict = classifyAddress(address);
    if (verdict.kind === 'public' || list.allows(address, verdict, target)) return;
    if (exceptions?.list.allows(address, verdict, target) === true) return;
    throw deny(explain(address, verdict, target), address, target);
  }

  return {
    checkAddress,
    checkTarget(target, { endpoint, allowed, blocked }) {
      if (blocked.match(target.hostname, target.port) !== undefined) {
        throw denyHost(`${target.hostname} is on the list of blocked domains of this integration's grant.`, target);
      }
      const coverage = coverageOf(target, endpoint, allowed);
      if (coverage === undefined) throw denyHost(explainHost(target, endpoint), target);
      if (isIP(target.hostname) !== 0) checkAddress(target.hostname, target);
      return coverage;
    },
    withExceptions(entries) {
      if (entries.length === 0) return policyOf(list, ownPorts, undefined);
      return policyOf(list, ownPorts, { key: entries.join(','), list: parseAllowList(entries, tenantSetting) });
    },
    key: exceptions?.key ?? '',
  };
}

interface TenantExceptions {
  readonly key: string;
  readonly list: AllowList;
}

/**
 * Reads a URL as a target.
 * @param name What the URL is, for the message: `config.endpoint`.
 * @throws HubError `egress_denied` for other schemes, credentials inside, or no URL at all. The URL itself is not repeated when it
 * holds credentials.
 */
export function parseTarget(url: URL | string, name: string): Target & { readonly url: URL } {
  const parsed = typeof url === 'string' ? (URL.canParse(url) ? new URL(url) : undefined) : url;
  if (parsed === undefined)
    throw new HubError('egress_denied', `${name} is not a URL; it must start with https:// or http://.`);
  const { protocol } = parsed;
  if (protocol !== 'https:' && protocol !== 'http:') {
    throw new HubError(
      'egress_denied',
      `${name} has the scheme ${protocol.slice(0, 20)}; only https: and http: may be used.`,
    );
  }
  if (parsed.username !== '' || parsed.password !== '') {
    throw new HubError('egress_denied', `${name} holds a user name or password; store them as a credential instead.`);
  }
  const hostname = canonicalHost(parsed.hostname);
  if (hostname === '') throw new HubError('egress_denied', `${name} has no usable host name.`);
  const port = parsed.port === '' ? defaultPorts[protocol] : Number(parsed.port);
  if (port === 0) throw new HubError('egress_denied', `${name} has port 0, which cannot be connected to.`);
  const bracketed = hostname.includes(':') ? `[${hostname}]` : hostname;
  const host = port === defaultPorts[protocol] ? bracketed : `${bracketed}:${port}`;
  return { protocol, hostname, port, host, origin: `${protocol}//${host}`, url: parsed };
}

/** A declared host without a port is reached on the port of its scheme only; plain http only where the endpoint itself is plain. */
function coverageOf(target: Target, endpoint: Target, allowed: HostRules): Coverage | undefined {
  if (target.origin === endpoint.origin) return 'endpoint';
  if (target.protocol === 'http:' && endpoint.protocol === 'https:') return undefined;
  if (target.hostname === endpoint.hostname && target.protocol === 'https:' && target.port === 443)
    return 'endpoint-tls';
  return allowed.match(target.hostname, target.port, [defaultPorts[target.protocol]]);
}

function explainHost(target: Target, endpoint: Target): string {
  if (target.protocol === 'http:' && endpoint.protocol === 'https:') {
    return `${target.host} over plain http is refused, because the integration's endpoint uses https.`;
  }
  return (
    `${target.host} is neither the endpoint's host (${endpoint.host}) nor a host that the connector declares. ` +
    `An administrator can add it to the grant's allowed domains.`
  );
}

function explain(
  address: string,
  { kind, carries }: ReturnType<typeof classifyAddress>,
  target: Pick<Target, 'hostname' | 'port'>,
) {
  const what = carries === undefined ? address : `${address} (carries ${carries})`;
  const subject = target.hostname === address ? what : `${target.hostname} resolves to ${what}`;
  const byName = target.hostname === address || kind === 'cloud metadata' ? '' : ` or ${target.hostname}`;
  return `${subject}: a ${kind} address, which the hub does not connect to. The operator can allow it by adding ${address}${byName} to ${setting}, or to the tenant's ${tenantSetting}.`;
}

function deny(message: string, address: string, target: Pick<Target, 'hostname' | 'port'>): HubError {
  return new HubError('egress_denied', message, { details: { host: target.hostname, address, setting } });
}

function denyHost(message: string, target: Target): HubError {
  return new HubError('egress_denied', message, { details: { host: target.host } });
}

function isOwnAddress(address: string): boolean {
  const normal = findAddress(address)?.toNormalizedString();
  const { kind } = classifyAddress(address);
  if (kind === 'loopback' || kind === 'unspecified') return true;
  return Object.values(networkInterfaces()).some((rows) =>
    rows?.some((row) => findAddress(row.address)?.toNormalizedString() === normal),
  );
}
