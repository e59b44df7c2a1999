import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { editHaproxy, parseHaproxy } from './haproxy/haproxy-config.ts';
import { editNginx, parseNginx } from './nginx/nginx-config.ts';
import type { Upstream } from './router-product.ts';

const nginx = `# server in a comment;
http {
    log_format main '$remote_addr { ; } "\${x}"';
    upstream app { # the application
        zone app 64k;
        server 127.0.0.1:9001 weight=90 max_fails=3; # blue
        server "127.0.0.1:9002" down;
        server [::1]:9003 backup weight=5;
        server unix:/run/app.sock;
    }
    upstream other { server 10.0.0.1; }
    server { listen 80; server_name a; location / { return 200 "}"; } }
}
`;
const haproxy = `global
  maxconn 100
defaults
  mode http
frontend web
  default_backend app
backend app # the application
  balance roundrobin
  server blue 127.0.0.1:9001 weight 90 check # server red 1.2.3.4
  server green 127.0.0.1:9002 check weight 10
  server spare [::1]:9003 backup
listen other
  bind :81
  server one 10.0.0.1:80
`;

const cases = [
  { name: 'nginx', text: nginx, parse: parseNginx, edit: editNginx, blue: '127.0.0.1:9001', green: '127.0.0.1:9002' },
  { name: 'haproxy', text: haproxy, parse: parseHaproxy, edit: editHaproxy, blue: 'blue', green: 'green' },
];
const weightsOf = (upstreams: readonly Upstream[], name = 'app') =>
  Object.fromEntries((upstreams.find((one) => one.name === name)?.backends ?? []).map((one) => [one.name, one.weight]));

describe('reading', () => {
  it('finds the backends of nginx, whatever stands around them', () => {
    expect(parseNginx(nginx)).toEqual([
      {
        name: 'app',
        backends: [
          { name: '127.0.0.1:9001', address: '127.0.0.1', port: 9001, weight: 90, isBackup: false },
          { name: '127.0.0.1:9002', address: '127.0.0.1', port: 9002, weight: 0, isBackup: false },
          { name: '[::1]:9003', address: '[::1]', port: 9003, weight: 5, isBackup: true },
          { name: 'unix:/run/app.sock', address: 'unix:/run/app.sock', port: null, weight: 1, isBackup: false },
        ],
      },
      { name: 'other', backends: [{ name: '10.0.0.1', address: '10.0.0.1', port: null, weight: 1, isBackup: false }] },
    ]);
  });

  it('finds the servers of HAProxy, whatever stands around them', () => {
    expect(parseHaproxy(haproxy)).toEqual([
      {
        name: 'app',
        backends: [
          { name: 'blue', address: '127.0.0.1', port: 9001, weight: 90, isBackup: false },
          { name: 'green', address: '127.0.0.1', port: 9002, weight: 10, isBackup: false },
          { name: 'spare', address: '::1', port: 9003, weight: 1, isBackup: true },
        ],
      },
      { name: 'other', backends: [{ name: 'one', address: '10.0.0.1', port: 80, weight: 1, isBackup: false }] },
    ]);
  });

  it('comes to an end on any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'server upstream{};"\'\\#$ \n1') }), (text) => {
        parseNginx(text);
        parseHaproxy(text);
      }),
    );
  });
});

describe.each(cases)('changing $name', ({ text, parse, edit, blue, green }) => {
  const weight = fc.integer({ min: 0, max: 256 });

  it('sets the weights that are named, and changes no other line', () => {
    fc.assert(
      fc.property(weight, weight, (first, second) => {
        const edited = edit(text, { kind: 'weights', upstream: 'app', weights: { [blue]: first, [green]: second } });

        expect(weightsOf(parse(edited))).toEqual({ ...weightsOf(parse(text)), [blue]: first, [green]: second });
        expect(weightsOf(parse(edited), 'other')).toEqual(weightsOf(parse(text), 'other'));
        const differing = edited.split('\n').filter((line, at) => line !== text.split('\n')[at]);
        expect(differing.every((line) => line.includes('900'))).toBe(true);
        expect(edited).toContain('# ');
        expect(edit(edited, { kind: 'weights', upstream: 'app', weights: { [blue]: first } })).toBe(edited);
      }),
    );
  });

  it('adds a backend, and takes it away again without a trace', () => {
    const backend = { name: 'violet', address: '127.0.0.1', port: 9009, weight: 7 };
    const added = edit(text, { kind: 'add', upstream: 'app', backend });
    const name = Object.keys(weightsOf(parse(added))).find((one) => !(one in weightsOf(parse(text)))) as string;

    expect(weightsOf(parse(added))[name]).toBe(7);
    expect(() => edit(added, { kind: 'add', upstream: 'app', backend })).toThrow(/already/);
    expect(edit(added, { kind: 'remove', upstream: 'app', backend: name })).toBe(text);
  });

  it('names what there is when something is not there', () => {
    expect(() => edit(text, { kind: 'weights', upstream: 'none', weights: { a: 1 } })).toThrow(/"none"/);
    expect(() => edit(text, { kind: 'weights', upstream: 'app', weights: { red: 1 } })).toThrow(blue);
    expect(() => edit(text, { kind: 'remove', upstream: 'other', backend: blue })).toThrow(/it has/);
  });
});

it('adds the first backend of an empty upstream', () => {
  const backend = { address: '::1', port: 80, weight: 1 };

  expect(editNginx('upstream a {\n}\n', { kind: 'add', upstream: 'a', backend })).toContain(
    'server [::1]:80 weight=1;',
  );
  expect(editHaproxy('backend a\n  balance first\n', { kind: 'add', upstream: 'a', backend })).toBe(
    'backend a\n  balance first\n    server __1_80 [::1]:80 weight 1\n',
  );
});
