import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { classifyAddress, findAddress } from './address.ts';

const kindOf = (address: string) => classifyAddress(address).kind;

/** An independent reading of the IANA registry: first and last address of each range that is not public. */
const notPublic: readonly (readonly [string, string])[] = [
  ['0.0.0.0', '0.255.255.255'],
  ['10.0.0.0', '10.255.255.255'],
  ['100.64.0.0', '100.127.255.255'],
  ['127.0.0.0', '127.255.255.255'],
  ['168.63.129.16', '168.63.129.16'],
  ['169.254.0.0', '169.254.255.255'],
  ['172.16.0.0', '172.31.255.255'],
  ['192.0.0.0', '192.0.0.255'],
  ['192.0.2.0', '192.0.2.255'],
  ['192.88.99.0', '192.88.99.255'],
  ['192.168.0.0', '192.168.255.255'],
  ['198.18.0.0', '198.19.255.255'],
  ['198.51.100.0', '198.51.100.255'],
  ['203.0.113.0', '203.0.113.255'],
  ['224.0.0.0', '255.255.255.255'],
];
const numberOf = (text: string) => text.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
const textOf = (value: number) => [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.');
const edges = notPublic.flatMap(([first, last]) => [
  numberOf(first) - 1,
  numberOf(first),
  numberOf(last),
  numberOf(last) + 1,
]);
const anyIPv4 = fc
  .oneof(
    fc.integer({ min: 0, max: 2 ** 32 - 1 }),
    fc.constantFrom(...edges.filter((edge) => edge >= 0 && edge < 2 ** 32)),
  )
  .map(textOf);
const isPublicIPv4 = (text: string) =>
  !notPublic.some(([first, last]) => numberOf(text) >= numberOf(first) && numberOf(text) <= numberOf(last));
const hex = (text: string, mask = 0) => {
  const bytes = text.split('.').map((part) => (Number(part) ^ mask).toString(16).padStart(2, '0'));
  return `${bytes[0]}${bytes[1]}:${bytes[2]}${bytes[3]}`;
};

describe('classifyAddress', () => {
  it('agrees with the registry on every IPv4 address', () => {
    fc.assert(
      fc.property(anyIPv4, (address) => {
        expect(kindOf(address) === 'public', address).toBe(isPublicIPv4(address));
      }),
      { numRuns: 2_000 },
    );
  });

  it('sees the IPv4 address inside every IPv6 form that carries one', () => {
    fc.assert(
      fc.property(anyIPv4, (inner) => {
        const forms = [
          `::ffff:${inner}`,
          `::ffff:${hex(inner)}`,
          `0:0:0:0:0:ffff:${hex(inner)}`,
          `64:ff9b::${hex(inner)}`,
          `2002:${hex(inner)}::1`,
          `2001:0:808:808::${hex(inner, 0xff)}`,
          `2001:0:${hex(inner)}::f7f7:f7f7`,
          ...(numberOf(inner) > 1 ? [`::${hex(inner)}`] : []),
        ];
        for (const form of forms) expect(kindOf(form) === 'public', form).toBe(isPublicIPv4(inner));
        if (!isPublicIPv4(inner)) expect(kindOf(`2606:4700::5efe:${hex(inner)}`), inner).not.toBe('public');
      }),
      { numRuns: 1_000 },
    );
  });

  it('lets nothing outside the global unicast block pass for public', () => {
    const group = fc.integer({ min: 0, max: 0xffff });
    fc.assert(
      fc.property(fc.array(group, { minLength: 8, maxLength: 8 }), (groups) => {
        const first = groups[0] ?? 0;
        fc.pre(first < 0x2000 || first > 0x3fff);
        fc.pre(groups.slice(0, 5).some((part) => part !== 0) && !(first === 0x64 && groups[1] === 0xff9b));
        expect(kindOf(groups.map((part) => part.toString(16)).join(':'))).not.toBe('public');
      }),
    );
  });

  it.each([
    ['::', 'unspecified'],
    ['::1', 'loopback'],
    ['fe80::1', 'link-local'],
    ['fe80::1%eth0', 'link-local'],
    ['fec0::1', 'private'],
    ['fd12:3456::1', 'private'],
    ['ff02::1', 'multicast'],
    ['64:ff9b:1::808:808', 'private'],
    ['100::1', 'reserved'],
    ['2001:db8::1', 'documentation'],
    ['2001:2::1', 'benchmarking'],
    ['2001:10::1', 'reserved'],
    ['3fff::1', 'documentation'],
    ['4000::1', 'reserved'],
    ['169.254.169.254', 'cloud metadata'],
    ['::ffff:169.254.169.254', 'cloud metadata'],
    ['64:ff9b::a9fe:a9fe', 'cloud metadata'],
    ['fd00:ec2::254', 'cloud metadata'],
    ['fd00:ec2::254%lo', 'cloud metadata'],
    ['192.0.0.192', 'cloud metadata'],
    ['168.63.129.16', 'cloud metadata'],
    ['255.255.255.255', 'broadcast'],
    ['2606:4700:4700::1111', 'public'],
    ['8.8.8.8', 'public'],
  ] as const)('calls %s %s', (address, kind) => {
    expect(kindOf(address)).toBe(kind);
  });

  it('names the address that decided', () => {
    expect(classifyAddress('::ffff:10.1.2.3')).toEqual({ kind: 'private', carries: '10.1.2.3' });
  });

  it.each(['', 'localhost', '0x7f.1', '2130706433', '0177.0.0.1', '127.1', '1.2.3.4.5', '1.2.3', ':', '1.2.3.4 '])(
    'takes %j for no address',
    (text) => {
      expect(findAddress(text)).toBeUndefined();
      expect(kindOf(text)).toBe('not an address');
    },
  );
});
