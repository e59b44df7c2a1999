import ipaddr from 'ipaddr.js';

/**
 * What an address is for. Only `public` may be reached without an entry in the allow-list.
 * Sources: IANA IPv4 and IPv6 Special-Purpose Address Registries; RFC 6890.
 */
export type AddressKind =
  | 'public'
  | 'loopback'
  | 'private'
  | 'carrier-grade NAT'
  | 'link-local'
  | 'cloud metadata'
  | 'multicast'
  | 'unspecified'
  | 'broadcast'
  | 'documentation'
  | 'benchmarking'
  | 'reserved'
  | 'not an address';

export interface AddressVerdict {
  readonly kind: AddressKind;
  /** The IPv4 address that an IPv6 form carries (mapped, compatible, NAT64, 6to4, Teredo, ISATAP), where that decided. */
  readonly carries?: string;
}

type Address = ipaddr.IPv4 | ipaddr.IPv6;
type Range = readonly [network: readonly [Address, number], kind: AddressKind];

const ranges = (rows: Readonly<Record<string, AddressKind>>): readonly Range[] =>
  Object.entries(rows).map(([cidr, kind]) => [ipaddr.parseCIDR(cidr), kind]);

/** Instance metadata and platform endpoints; 168.63.129.16 (Azure) is in public space, and must be refused all the same. */
const metadata = new Set(
  [
    '169.254.169.254',
    '169.254.170.2',
    '169.254.170.23',
    '168.63.129.16',
    '100.100.100.200',
    '192.0.0.192',
    'fd00:ec2::254',
    'fd00:ec2::23',
    'fd20:ce::254',
  ].map((text) => ipaddr.parse(text).toNormalizedString()),
);

const v4 = ranges({
  '0.0.0.0/8': 'unspecified',
  '10.0.0.0/8': 'private',
  '100.64.0.0/10': 'carrier-grade NAT',
  '127.0.0.0/8': 'loopback',
  '169.254.0.0/16': 'link-local',
  '172.16.0.0/12': 'private',
  '192.0.0.0/24': 'reserved',
  '192.0.2.0/24': 'documentation',
  '192.88.99.0/24': 'reserved',
  '192.168.0.0/16': 'private',
  '198.18.0.0/15': 'benchmarking',
  '198.51.100.0/24': 'documentation',
  '203.0.113.0/24': 'documentation',
  '224.0.0.0/4': 'multicast',
  '255.255.255.255/32': 'broadcast',
  '240.0.0.0/4': 'reserved',
});

const v6 = ranges({
  '::/128': 'unspecified',
  '::1/128': 'loopback',
  // RFC 8215: a network's own translation prefix; what is behind it is that network's affair.
  '64:ff9b:1::/48': 'private',
  '2001:2::/48': 'benchmarking',
  '2001:db8::/32': 'documentation',
  '2001::/23': 'reserved',
  '3fff::/20': 'documentation',
  'fc00::/7': 'private',
  'fe80::/10': 'link-local',
  'fec0::/10': 'private',
  'ff00::/8': 'multicast',
});
const globalUnicast = ipaddr.parseCIDR('2000::/3');
const compatible = ipaddr.parseCIDR('::/96');
const nat64 = ipaddr.parseCIDR('64:ff9b::/96');
const sixToFour = ipaddr.parseCIDR('2002::/16');
const teredo = ipaddr.parseCIDR('2001::/32');

/** Reads an address, zone id allowed; undefined for anything else. IPv4 only as four decimal parts, as resolvers give it. */
export function findAddress(text: string): Address | undefined {
  if (ipaddr.IPv4.isValidFourPartDecimal(text)) return ipaddr.IPv4.parse(text);
  return text.includes(':') && ipaddr.IPv6.isValid(text) ? ipaddr.IPv6.parse(text) : undefined;
}

/** What an address is for; IPv6 forms that carry an IPv4 address count as that address when it is not public. */
export function classifyAddress(text: string): AddressVerdict {
  const address = findAddress(text);
  if (address === undefined) return { kind: 'not an address' };
  if (metadata.has(withoutZone(address))) return { kind: 'cloud metadata' };
  if (address.kind() === 'ipv4') return { kind: kindOfIPv4(address) };

  const { carried, translated } = unwrap(address as ipaddr.IPv6);
  for (const inner of carried) {
    const kind = kindOfIPv4(inner);
    if (kind !== 'public') return { kind, carries: inner.toString() };
  }
  if (translated) return { kind: 'public' };
  // Everything outside 2000::/3 that has no name in the table is not assigned for global use.
  const named = find(address, v6);
  return { kind: named ?? (within(address, globalUnicast) ? 'public' : 'reserved') };
}

function kindOfIPv4(address: Address): AddressKind {
  if (metadata.has(address.toString())) return 'cloud metadata';
  return find(address, v4) ?? 'public';
}

function find(address: Address, rows: readonly Range[]): AddressKind | undefined {
  return rows.find(([network]) => within(address, network))?.[1];
}

function within(address: Address, network: readonly [Address, number]): boolean {
  return address.match(network as [Address, number]);
}

/**
 * IPv4 addresses inside an IPv6 one; `translated` when the whole address stands for them.
 * RFC 4291 §2.5.5, RFC 6052 §2.2, RFC 3056, RFC 4380 §4, RFC 5214 §6.1.
 */
function unwrap(address: ipaddr.IPv6): { carried: readonly ipaddr.IPv4[]; translated: boolean } {
  const bytes = address.toByteArray();
  const at = (offset: number, mask = 0) => new ipaddr.IPv4(bytes.slice(offset, offset + 4).map((byte) => byte ^ mask));
  const stands = (...carried: ipaddr.IPv4[]) => ({ carried, translated: true });

  if (address.isIPv4MappedAddress() || within(address, nat64)) return stands(at(12));
  // :: and ::1 lie in the compatible range and are no IPv4 addresses.
  if (within(address, compatible) && bytes.some((byte, index) => byte > (index === 15 ? 1 : 0))) return stands(at(12));
  if (within(address, sixToFour)) return stands(at(2));
  if (within(address, teredo)) return stands(at(4), at(12, 0xff));
  const isatap = ((bytes[8] ?? 0) & 0xfd) === 0 && bytes[9] === 0 && bytes[10] === 0x5e && bytes[11] === 0xfe;
  return { carried: isatap ? [at(12)] : [], translated: false };
}

function withoutZone(address: Address): string {
  return address.toNormalizedString().replace(/%.*$/, '');
}
