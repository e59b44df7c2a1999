import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { startBench, type TestBench } from '../testing/run-cli.ts';
import { sampleIdentity } from '../testing/samples.ts';

const operations = { whoAmI: () => sampleIdentity };
const signedOut = { INTHUB_TOKEN: '' };
const configFile = ({ configHome }: TestBench) => join(configHome, 'inthub', 'config.json');
const modeOf = (path: string) => statSync(path).mode & 0o777;
const stored = (bench: TestBench): unknown => JSON.parse(readFileSync(configFile(bench), 'utf8'));

describe('inthub login', () => {
  it('checks the token, keeps it for its owner only, and never prints it', async () => {
    const bench = await startBench(operations);
    const { url, token } = bench.hub;

    const result = await bench.run(['login', '--token-stdin'], { stdin: `${token}\n`, environment: signedOut });

    expect(result.code).toBe(0);
    expect(result.stdout + result.stderr).not.toContain(token);
    expect(result.stdout).toMatch(/tenant +Main \(main\)/);
    expect(stored(bench)).toEqual({ version: 1, profiles: { default: { url, token } } });
    expect(modeOf(configFile(bench))).toBe(0o600);
    expect(modeOf(join(bench.configHome, 'inthub'))).toBe(0o700);
    expect(readdirSync(join(bench.configHome, 'inthub'))).toEqual(['config.json']);
  });

  it('then signs later commands in, until logout', async () => {
    const bench = await startBench(operations);
    await bench.run(['login', '--token', bench.hub.token], { environment: signedOut });
    const later = { environment: { INTHUB_URL: '', INTHUB_TOKEN: '' } };

    const before = await bench.run(['whoami'], later);
    const out = await bench.run(['logout'], later);
    const after = await bench.run(['whoami'], later);

    expect(before).toMatchObject({ code: 0, stdout: expect.stringMatching(/scopes +platform\.admin/) });
    expect(out).toMatchObject({ code: 0, stdout: 'The token of profile default is forgotten.\n' });
    expect(after).toMatchObject({ code: 4, stderr: expect.stringContaining('inthub login') });
    expect(readFileSync(configFile(bench), 'utf8')).not.toContain(bench.hub.token);
  });

  it('keeps nothing when the hub refuses the token', async () => {
    const bench = await startBench(operations);

    const result = await bench.run(['login', '--token-stdin'], { stdin: 'wrong-canary', environment: signedOut });

    expect(result).toMatchObject({ code: 4, stdout: '' });
    expect(result.stderr).not.toContain('canary');
    expect(existsSync(configFile(bench))).toBe(false);
  });

  it('asks for the token in a terminal', async () => {
    const bench = await startBench(operations);

    const result = await bench.run(['login'], { answers: [bench.hub.token], environment: signedOut });

    expect(result.code).toBe(0);
    expect(result.questions).toEqual([`API key or token for ${bench.hub.url}`]);
  });

  it.each([
    [[], '', /No token was given/],
    [['--token-stdin'], '\n', /nothing came on standard input/],
    [['--token', 'a', '--token-stdin'], 'b', /exclude each other/],
    [['--token', 'two words'], '', /The token has spaces/],
    [['--token', 'x', '--url', 'ftp://hub'], '', /must start with http/],
    [['--token', 'x', '--url', 'http://me:canary@hub'], '', /must not hold a user or password/],
    [['--token', 'x', '--url', 'http://hub?a=1'], '', /must not have a query/],
    [['--token', 'x', '--profile', '../up'], '', /cannot be a profile’s name/],
  ])('refuses %j with stdin %j', async (args, stdin, message) => {
    const bench = await startBench(operations);

    const { code, stdout, stderr } = await bench.run(['login', ...args], { stdin, environment: signedOut });

    expect(stdout).toBe('');
    expect([2, 4]).toContain(code);
    expect(stderr).toMatch(message);
    expect(stderr).not.toContain('canary');
    expect(bench.hub.requests).toEqual([]);
  });

  it('keeps profiles apart, and prints JSON without the token', async () => {
    const bench = await startBench(operations);
    const { url, token } = bench.hub;

    const first = await bench.json(['login', '--token', token], { environment: signedOut });
    await bench.run(['login', '--token', token, '--profile', 'work'], { environment: signedOut });
    await bench.run(['logout', '--profile', 'work'], { environment: signedOut });

    expect(first).toEqual({ profile: 'default', url, ...sampleIdentity });
    expect(stored(bench)).toMatchObject({ profiles: { default: { url } } });
    expect(Object.keys((stored(bench) as { profiles: object }).profiles)).toEqual(['default']);
  });

  it('says that INTHUB_TOKEN goes first', async () => {
    const bench = await startBench(operations);

    const { stderr } = await bench.run(['login', '--token', bench.hub.token]);

    expect(stderr).toContain('INTHUB_TOKEN is set, and goes before the stored token.');
  });

  it('sends a stored token to the hub that it was stored for only', async () => {
    const bench = await startBench(operations);
    const other = await startBench(operations);
    await bench.run(['login', '--token', bench.hub.token], { environment: signedOut });

    const result = await bench.run(['whoami', '--url', other.hub.url], { environment: signedOut });

    expect(result).toMatchObject({ code: 4, stderr: expect.stringContaining(`Not signed in to ${other.hub.url}`) });
    expect(other.hub.requests).toEqual([]);
  });

  it('warns when others can read the tokens, and mends that with the next login', async () => {
    const bench = await startBench(operations);
    await bench.run(['login', '--token', bench.hub.token], { environment: signedOut });
    chmodSync(configFile(bench), 0o644);

    const { stderr } = await bench.run(['whoami'], { environment: signedOut });
    await bench.run(['login', '--token', bench.hub.token], { environment: signedOut });

    expect(stderr).toContain('chmod 600');
    expect(modeOf(configFile(bench))).toBe(0o600);
  });

  it('replaces the file that a link points to, not the link', async () => {
    const bench = await startBench(operations);
    const target = join(bench.configHome, 'dotfiles.json');
    writeFileSync(target, '{"version":1,"profiles":{}}', { mode: 0o600 });
    mkdirSync(join(bench.configHome, 'inthub'));
    symlinkSync(target, configFile(bench));

    await bench.run(['login', '--token', bench.hub.token], { environment: signedOut });

    expect(readFileSync(target, 'utf8')).toContain(bench.hub.token);
  });

  it.each([
    ['{"version":1,"profiles":{"default":{"url":"http://x","token":"canary"', /is not valid JSON/],
    ['[]', /is not a file of profiles/],
    ['{"version":9,"profiles":{}}', /another version/],
    ['{"version":1,"profiles":{"default":{"url":"http://x","token":5}}}', /no URL and token for "default"/],
  ])('names what is wrong with the file %j, and overwrites nothing', async (text, message) => {
    const bench = await startBench(operations);
    mkdirSync(join(bench.configHome, 'inthub'));
    writeFileSync(configFile(bench), text, { mode: 0o600 });

    const result = await bench.run(['login', '--token', bench.hub.token], { environment: signedOut });

    expect(result).toMatchObject({ code: 2, stdout: '' });
    expect(result.stderr).toMatch(message);
    expect(result.stderr).not.toContain('canary');
    expect(readFileSync(configFile(bench), 'utf8')).toBe(text);
  });
});
