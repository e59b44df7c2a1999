import { describe, expect, it } from 'vitest';
import { problem, startFakeHub } from './testing/fake-hub.ts';
import { startBench } from './testing/run-cli.ts';
import { ids, sampleIntegration } from './testing/samples.ts';

describe('runProgram', () => {
  it('explains itself on stdout, with the exit codes', async () => {
    const { run } = await startBench();

    const { code, stdout, stderr } = await run(['--help']);

    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/integrations +installed connectors/);
    expect(stdout).toMatch(/Exit codes: 0 done, 1 the operation failed/);
  });

  it('prints its version', async () => {
    const { run } = await startBench();

    expect(await run(['--version'])).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) });
  });

  it.each([
    [['integratons'], /unknown command 'integratons'\n\(Did you mean integrations\?\)/],
    [['integrations', 'lst'], /Did you mean list\?/],
    [['integrations', 'list', '--stats', 'active'], /unknown option '--stats'\n\(Did you mean --status\?\)/],
    [['integrations', 'list', '--status', 'fine'], /Allowed choices are draft,/],
    [['integrations', 'list', '--limit', '0'], /whole number from 1 to/],
    [['integrations', 'show'], /missing required argument 'integration'/],
    [['integrations', 'pause', 'x'], /required option '--reason <text>'/],
  ])('answers wrong usage %j with exit code 2 and the way out', async (args, message) => {
    const { hub, run } = await startBench();

    const { code, stdout, stderr } = await run(args);

    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(message);
    expect(stderr).toContain('→');
    expect(hub.requests).toEqual([]);
  });

  it('shows the commands of a group when none is named, and calls that wrong usage', async () => {
    const { run } = await startBench();

    const { code, stdout, stderr } = await run(['integrations']);

    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/pause .*pause an integration/);
    expect(stderr).not.toMatch(/error:/);
  });

  it.each([[['integrations']], [['nonsense']], [['integrations', 'list', '--limit', 'x']]])(
    'tells wrong usage %j as one JSON document with --json',
    async (args) => {
      const { run } = await startBench();

      const { stdout, stderr } = await run([...args, '--json']);

      expect(stdout).toBe('');
      expect(JSON.parse(stderr)).toMatchObject({ code: 'usage', exitCode: 2, detail: expect.any(String) });
    },
  );

  it.each([
    ['integrations', 'list', 'canary'],
    ['integrations', 'create', '--pasword=canary'],
  ])('repeats no word that might be a secret: %j', async (...args) => {
    const { run } = await startBench();

    const { code, stderr } = await run(args);

    expect(code).toBe(2);
    expect(stderr).not.toContain('canary');
  });

  it.each([
    [400, 'invalid_request', 2],
    [401, 'unauthenticated', 4],
    [403, 'forbidden', 4],
    [403, 'not_granted', 4],
    [403, 'egress_denied', 1],
    [404, 'not_found', 5],
    [404, 'provider_not_found', 1],
    [409, 'illegal_transition', 6],
    [409, 'provider_conflict', 1],
    [412, 'version_mismatch', 6],
    [424, 'credential_unavailable', 1],
    [429, 'rate_limited', 1],
    [500, 'internal', 1],
    [502, 'provider_unauthenticated', 1],
    [503, 'circuit_open', 1],
    [503, 'unavailable', 7],
  ])('ends a %i %s with exit code %i', async (status, code, exitCode) => {
    const { run } = await startBench({
      getIntegration: () => {
        throw problem(status, code, `It is ${code}.`);
      },
    });

    const human = await run(['integrations', 'show', ids.integration]);
    const json = await run(['integrations', 'show', ids.integration, '--json']);

    expect(human).toMatchObject({ code: exitCode, stdout: '' });
    expect(human.stderr).toContain(`It is ${code}.`);
    expect(human.stderr).toContain('request request-1');
    expect(json).toMatchObject({ code: exitCode, stdout: '' });
    expect(JSON.parse(json.stderr)).toMatchObject({ status, code, exitCode, requestId: 'request-1' });
  });

  it('lists the faults of several fields, and when to try again', async () => {
    const { run } = await startBench({
      getIntegration: () => {
        const errors = [
          { path: '/a', rule: 'r', message: 'is wrong' },
          { path: '/b', rule: 'r', message: 'is odd' },
        ];
        throw problem(429, 'rate_limited', '/a is wrong (and 1 more).', { errors, retryAfterMs: 1500 });
      },
    });

    const { stderr } = await run(['integrations', 'show', ids.integration]);

    expect(stderr).toMatch(/^error: \/a is wrong \(and 1 more\)\.\n {2}\/b is odd\n/);
    expect(stderr).toContain('Try again in 2 s.');
  });

  it('ends with exit code 7 when no hub answers', async () => {
    const gone = await startFakeHub({});
    await gone.stop();
    const { run } = await startBench();

    const human = await run(['types', 'list'], { environment: { INTHUB_URL: gone.url } });
    const json = await run(['types', 'list', '--json'], { environment: { INTHUB_URL: gone.url } });

    expect(human).toMatchObject({ code: 7, stdout: '' });
    expect(human.stderr).toContain(`The hub at ${gone.url} does not answer (ECONNREFUSED)`);
    expect(human.stderr).toContain('inthub start');
    expect(JSON.parse(json.stderr)).toMatchObject({ code: 'unreachable', exitCode: 7 });
  });

  it('lets nothing that comes from outside act on the terminal', async () => {
    const evil = '\u001b[2J\u001b]0;owned\u0007\u009b31m\u202e';
    const { run } = await startBench({
      getIntegration: () => sampleIntegration({ name: evil, description: `a\n${evil}` }),
      listIntegrations: () => ({ items: [], nextCursor: null }),
      pauseIntegration: () => {
        throw problem(409, 'illegal_transition', evil);
      },
    });

    const shown = await run(['integrations', 'show', ids.integration]);
    const json = await run(['integrations', 'show', ids.integration, '--json']);
    const failed = await run(['integrations', 'pause', ids.integration, '--reason', 'x']);
    const missing = await run(['integrations', 'show', `no${evil}`]);

    expect(JSON.parse(json.stdout)).toMatchObject({ name: evil });
    for (const text of [shown.stdout, json.stdout, failed.stderr, missing.stderr]) {
      expect(text).not.toMatch(/(?!\n)[\p{Cc}\u202e]/u);
    }
  });
});
