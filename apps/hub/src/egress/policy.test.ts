import { networkInterfaces } from 'node:os';
import { HubError } from '@inthub/contracts';
import { describe, expect, it } from 'vitest';
import { createHostRules } from './host-rules.ts';
import { createPolicy, parseTarget, type Target } from './policy.ts';

const target = (url: string): Target => parseTarget(url, 'the URL');
const hosts = (endpoint: string, allowed: string[] = [], blocked: string[] = []) => ({
  endpoint: target(endpoint),
  allowed: createHostRules(allowed),
  blocked: createHostRules(blocked),
});
const refusal = (act: () => unknown): HubError => {
  try {
    act();
  } catch (error) {
    return error as HubError;
  }
  throw new Error('Expected a refusal');
};

describe('addresses', () => {
  const at = { hostname: 'intern.example', port: 443 };

  it('refuses a private address and says what would allow it', () => {
    const error = refusal(() => createPolicy({ allow: [] }).checkAddress('10.1.2.3', at));

    expect(error).toBeInstanceOf(HubError);
    expect(error).toMatchObject({ code: 'egress_denied', blame: 'configuration', retryable: false });
    expect(error.message).toContain('intern.example resolves to 10.1.2.3: a private address');
    expect(error.message).toContain('adding 10.1.2.3 or intern.example to HUB_EGRESS_ALLOW');
  });

  it.each([
    ['10.0.0.0/8', '10.1.2.3', true],
    ['10.0.0.0/8', '::ffff:10.1.2.3', true],
    ['10.0.0.0/8', '11.1.2.3', true], // public anyway
    ['10.0.0.0/8', '192.168.0.1', false],
    ['fd00::/8', 'fd12::1', true],
    ['127.0.0.1', '127.0.0.1', true],
    ['127.0.0.1', '127.0.0.2', false],
    ['127.0.0.1:443', '127.0.0.1', true],
    ['127.0.0.1:80', '127.0.0.1', false],
    ['[::1]:443', '::1', true],
    ['::1', '::1', true],
    ['intern.example', '192.168.0.1', true],
    ['Intern.Example:443', '192.168.0.1', true],
    ['intern.example:80', '192.168.0.1', false],
    ['*.example', '192.168.0.1', true],
    ['*.intern.example', '192.168.0.1', false],
    ['intern.example', '127.0.0.1', true],
    // Whoever runs the name's DNS must not open these.
    ['intern.example', '169.254.1.1', false],
    ['intern.example', '224.0.0.1', false],
    ['intern.example', '0.0.0.0', false],
    // Metadata only by its own name.
    ['intern.example', '169.254.169.254', false],
    ['169.254.0.0/16', '169.254.169.254', false],
    ['0.0.0.0/0', '169.254.169.254', false],
    ['::/0', 'fd00:ec2::254', false],
    ['169.254.169.254', '169.254.169.254', true],
  ])('with %s it allows %s: %s', (entry, address, allowed) => {
    const check = () => createPolicy({ allow: [entry] }).checkAddress(address, at);

    if (allowed) expect(check).not.toThrow();
    else expect(refusal(check).code).toBe('egress_denied');
  });

  it.each([
    '10.0.0.0/33',
    '10.1',
    '0x7f.1',
    '2130706433',
    'https://x.example',
    'a b',
    '*',
    '*.',
    'x.example:0',
    'x.example:99999',
    '10.0.0.0/8:80',
    'a*.example',
    '[127.0.0.1]',
  ])('refuses the entry %j by name', (entry) => {
    const error = refusal(() => createPolicy({ allow: ['127.0.0.1', entry] }));

    expect(error.code).toBe('invalid_request');
    expect(error.message).toContain(`HUB_EGRESS_ALLOW: "${entry}"`);
  });

  it('does not call the hub itself, on any address of this machine, unless an entry names it', () => {
    const policy = createPolicy({
      allow: ['127.0.0.0/8', '::1/128', '10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16'],
      ownPorts: [8080],
    });
    const own = Object.values(networkInterfaces()).flatMap((rows) => rows ?? []);

    for (const { address } of own) {
      const error = refusal(() => policy.checkAddress(address, { hostname: 'me.example', port: 8080 }));
      expect(error.message, address).toContain('this hub itself');
    }
    expect(() => policy.checkAddress('127.0.0.1', { hostname: 'me.example', port: 8081 })).not.toThrow();
    expect(() =>
      createPolicy({ allow: ['127.0.0.1:8080'], ownPorts: [8080] }).checkAddress('127.0.0.1', {
        hostname: 'x',
        port: 8080,
      }),
    ).not.toThrow();
  });
});

describe('targets', () => {
  const policy = createPolicy({ allow: [] });
  const check = (url: string, ...rest: Parameters<typeof hosts>) => policy.checkTarget(target(url), hosts(...rest));

  it.each([
    ['https://api.example.com/x', 'endpoint'],
    ['https://API.EXAMPLE.COM./x', 'endpoint'],
    ['https://auth.example.com', 'exact'],
    ['https://one.cdn.example.com', 'suffix'],
    ['https://deep.one.cdn.example.com', 'suffix'],
    ['https://files.example.com:8443', 'exact'],
  ])('covers %s as %s', (url, coverage) => {
    expect(
      check(url, 'https://api.example.com', ['auth.example.com', '*.cdn.example.com', 'files.example.com:8443']),
    ).toBe(coverage);
  });

  it.each([
    ['https://evil.example'],
    ['https://cdn.example.com'],
    ['https://evilcdn.example.com'],
    ['https://api.example.com.evil.example'],
    ['https://api.example.com:8443'],
    ['https://auth.example.com:22'],
    ['https://files.example.com'],
    ['http://auth.example.com'],
    ['http://api.example.com'],
  ])('refuses %s', (url) => {
    const error = refusal(() =>
      check(url, 'https://api.example.com', ['auth.example.com', '*.cdn.example.com', 'files.example.com:8443']),
    );

    expect(error.code).toBe('egress_denied');
  });

  it('reaches the endpoint over TLS when config still says http', () => {
    expect(check('https://api.example.com/x', 'http://api.example.com')).toBe('endpoint-tls');
  });

  it('lets blocked domains win over everything', () => {
    for (const blocked of ['api.example.com', '*.example.com', 'api.example.com:443']) {
      expect(
        refusal(() => check('https://api.example.com', 'https://api.example.com', ['api.example.com'], [blocked]))
          .message,
      ).toContain('blocked domains');
    }
  });

  it.each([
    'http://127.0.0.1/',
    'http://127.1/',
    'http://2130706433/',
    'http://0x7f000001/',
    'http://0x7f.0.0.1/',
    'http://0177.0.0.1/',
    'http://0177.1/',
    'http://127.0.0.1./',
    'http://%31%32%37.0.0.1/',
    'http://１２７.0.0.1/',
    'http://[::1]/',
    'http://[::]/',
    'http://[0:0:0:0:0:0:0:1]/',
    'http://[::ffff:127.0.0.1]/',
    'http://[::ffff:7f00:1]/',
    'http://[64:ff9b::7f00:1]/',
    'http://[2002:7f00:1::]/',
    'http://0/',
    'http://0.0.0.0/',
    'http://169.254.169.254/latest/meta-data/',
    'http://2852039166/',
    'http://0xa9fea9fe/',
    'http://[fd00:ec2::254]/',
    'http://[fe80::1]/',
  ])('refuses the endpoint %s, however it is written', (url) => {
    const error = refusal(() => check(url, url));

    expect(error.code).toBe('egress_denied');
    expect(error.message).toContain('HUB_EGRESS_ALLOW');
  });
});

describe('parseTarget', () => {
  it.each([
    ['ftp://example.com', 'scheme ftp:'],
    ['file:///etc/passwd', 'scheme file:'],
    ['javascript:alert(1)', 'scheme javascript:'],
    ['unix:/var/run/docker.sock', 'scheme unix:'],
    ['https://user:hunter2@example.com', 'user name or password'],
    ['https://token@example.com', 'user name or password'],
    ['http://example.com:0/', 'port 0'],
    ['not a url', 'not a URL'],
    ['http://', 'not a URL'],
    ['http://[fe80::1%25eth0]/', 'not a URL'],
  ])('refuses %s', (url, why) => {
    const error = refusal(() => target(url));

    expect(error.code).toBe('egress_denied');
    expect(error.message).toContain(why);
    expect(error.message).not.toContain('hunter2');
  });

  it('brings hosts into one form', () => {
    expect(target('HTTPS://Bücher.Example.:443/x')).toMatchObject({
      hostname: 'xn--bcher-kva.example',
      host: 'xn--bcher-kva.example',
      port: 443,
      origin: 'https://xn--bcher-kva.example',
    });
    expect(target('http://[2606:4700:0:0::1111]:8080/')).toMatchObject({
      hostname: '2606:4700::1111',
      host: '[2606:4700::1111]:8080',
    });
  });
});
