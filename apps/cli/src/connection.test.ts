import { describe, expect, it } from 'vitest';
import { readSettings } from './config.ts';
import { chooseTarget, hubUrl, isUnprotected } from './connection.ts';

const profiles = new Map([
  ['default', { url: 'https://hub.example.com', token: 'stored' }],
  ['work', { url: 'https://work.example.com/hub', token: 'stored-work' }],
]);
const choose = (flags: object, environment: Record<string, string>, known: typeof profiles = profiles) =>
  chooseTarget(flags, readSettings(environment), known);

describe('chooseTarget', () => {
  it.each([
    ['nothing at all', {}, {}, new Map(), 'default', 'http://127.0.0.1:8080', undefined],
    ['the stored default', {}, {}, profiles, 'default', 'https://hub.example.com', 'stored'],
    ['a profile by flag', { profile: 'work' }, {}, profiles, 'work', 'https://work.example.com/hub', 'stored-work'],
    [
      'a profile by environment',
      {},
      { INTHUB_PROFILE: 'work' },
      profiles,
      'work',
      'https://work.example.com/hub',
      'stored-work',
    ],
    [
      'flag before environment',
      { profile: 'default' },
      { INTHUB_PROFILE: 'work' },
      profiles,
      'default',
      'https://hub.example.com',
      'stored',
    ],
    [
      'token of the environment first',
      {},
      { INTHUB_TOKEN: 'env' },
      profiles,
      'default',
      'https://hub.example.com',
      'env',
    ],
    [
      'URL of the environment, no stored token for it',
      {},
      { INTHUB_URL: 'http://a' },
      profiles,
      'default',
      'http://a',
      undefined,
    ],
    [
      'URL by flag before environment',
      { url: 'http://b' },
      { INTHUB_URL: 'http://a' },
      profiles,
      'default',
      'http://b',
      undefined,
    ],
    [
      'the same URL written otherwise',
      { url: 'HTTPS://HUB.example.com:443/' },
      {},
      profiles,
      'default',
      'https://hub.example.com',
      'stored',
    ],
    ['an unknown profile', { profile: 'constructor' }, {}, profiles, 'constructor', 'http://127.0.0.1:8080', undefined],
    [
      'variables set to nothing',
      {},
      { INTHUB_URL: '', INTHUB_TOKEN: ' ', INTHUB_PROFILE: '' },
      profiles,
      'default',
      'https://hub.example.com',
      'stored',
    ],
  ])('takes %s', (_what, flags, environment, known, profile, url, token) => {
    expect(choose(flags, environment, known)).toEqual({ profile, url, token });
  });
});

describe('readSettings', () => {
  it.each([
    [{ XDG_CONFIG_HOME: '/etc/somebody' }, '/etc/somebody/inthub/config.json'],
    [{ XDG_CONFIG_HOME: 'relative', HOME: '/srv/me' }, '/srv/me/.config/inthub/config.json'],
    [{ HOME: '/srv/me' }, '/srv/me/.config/inthub/config.json'],
  ])('keeps profiles for %j in %s', (environment, path) => {
    expect(readSettings(environment).configFile).toBe(path);
  });

  it('allows colours unless NO_COLOR says something or the terminal is a dumb one', () => {
    expect(readSettings({ NO_COLOR: '' }).colorAllowed).toBe(true);
    expect(readSettings({ NO_COLOR: '1' }).colorAllowed).toBe(false);
    expect(readSettings({ TERM: 'dumb' }).colorAllowed).toBe(false);
  });
});

describe('hubUrl', () => {
  it('has one form for each address', () => {
    expect(hubUrl('http://127.0.0.1:8080///')).toBe('http://127.0.0.1:8080');
    expect(hubUrl('https://Example.com/hub/')).toBe('https://example.com/hub');
  });

  it('knows where a token can be read on the way', () => {
    expect(
      ['http://127.0.0.1:1', 'http://[::1]', 'http://localhost', 'https://a.example'].filter(isUnprotected),
    ).toEqual([]);
    expect(isUnprotected('http://a.example')).toBe(true);
  });
});
