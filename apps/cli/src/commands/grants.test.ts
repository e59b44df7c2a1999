import { describe, expect, it } from 'vitest';
import type { HubRequest } from '../testing/fake-hub.ts';
import { startBench } from '../testing/run-cli.ts';
import { sampleIntegration, samplePermissions } from '../testing/samples.ts';

const narrowed = {
  grantedCapabilities: ['tag.list'],
  deniedCapabilities: ['tag.resolve'],
  dataScope: { projects: ['a'], dataTypes: ['code'], piiAccess: false },
  networkScope: { allowedDomains: ['example.com'], blockedDomains: [] },
  expiresAt: '2026-12-01T00:00:00.000Z',
  reviewedAt: null,
  // Fields of the answer that the hub does not take back.
  integrationId: 'x',
  version: 3,
};
const operations = (grant: Record<string, unknown> | null) => ({
  listIntegrations: () => ({ items: [sampleIntegration()], nextCursor: null }),
  getPermissions: () => samplePermissions({ grant, effectiveCapabilities: ['tag.list'] }),
  putPermissions: ({ body }: HubRequest) => samplePermissions({ grant: body as Record<string, unknown> }),
});
const sent = (requests: readonly HubRequest[]) =>
  requests.find(({ operation }) => operation === 'putPermissions')?.body;
const set = ['grants', 'set', 'main registry'] as const;

describe('inthub grants', () => {
  it('shows what is allowed, and by which grant', async () => {
    const open = await startBench(operations(null));
    const closed = await startBench(operations(narrowed));

    const first = await open.run(['grants', 'show', 'main registry']);
    const second = await closed.run(['grants', 'show', 'main registry']);

    expect(first.stdout).toMatch(/grant +none: everything that the type declares is allowed/);
    expect(second.stdout).toMatch(/expires +2026-12-01 00:00:00Z\ndenied +tag\.resolve/);
    expect(second.stdout).toMatch(/tag\.list +yes\ntag\.resolve +no/);
  });

  it('narrows from everything that is declared', async () => {
    const { hub, run } = await startBench(operations(null));

    const { code } = await run([...set, '--deny', 'tag.resolve', '--expires', '30d']);

    expect(code).toBe(0);
    expect(sent(hub.requests)).toEqual({
      grantedCapabilities: ['tag.list', 'tag.resolve'],
      deniedCapabilities: ['tag.resolve'],
      expiresAt: '2026-12-21T10:15:30.000Z',
    });
  });

  it('leaves what no flag names as it is', async () => {
    const { hub, run } = await startBench(operations(narrowed));

    await run([...set, '--allow', 'tag.resolve', 'tag.list', '--block-domain', 'evil.example', '--expires', 'never']);

    expect(sent(hub.requests)).toEqual({
      grantedCapabilities: ['tag.resolve', 'tag.list'],
      deniedCapabilities: ['tag.resolve'],
      dataScope: narrowed.dataScope,
      networkScope: { allowedDomains: ['example.com'], blockedDomains: ['evil.example'] },
      expiresAt: null,
      reviewedAt: null,
    });
  });

  it.each([
    [null, ['--project', 'team/*', 'ops'], { projects: ['team/*', 'ops'], piiAccess: true }],
    [null, ['--no-pii'], { projects: 'all', piiAccess: false }],
    [narrowed, ['--all-projects'], { projects: 'all', dataTypes: ['code'], piiAccess: false }],
    [
      narrowed,
      ['--data-type', 'issues', 'code', '--pii'],
      { projects: ['a'], dataTypes: ['issues', 'code'], piiAccess: true },
    ],
  ])('restricts projects and data: %#', async (grant, flags, dataScope) => {
    const { hub, run } = await startBench(operations(grant));

    expect(await run([...set, ...flags])).toMatchObject({ code: 0 });

    expect(sent(hub.requests)).toMatchObject({ dataScope });
    expect(await run([...set, '--data-type', 'everything'])).toMatchObject({ code: 2 });
    expect(await run([...set, '--project', 'a', '--all-projects'])).toMatchObject({ code: 2 });
  });

  it('opens all capabilities only when told to', async () => {
    const { hub, run } = await startBench(operations(narrowed));

    await run([...set, '--allow-all']);

    expect(sent(hub.requests)).toMatchObject({ grantedCapabilities: ['tag.list', 'tag.resolve'] });
  });

  it.each([
    [[], /nothing to change/],
    [
      ['--allow', 'tag.lists'],
      /no capability "tag\.lists"\. Did you mean "tag\.list"\?\n.*Known: tag\.list, tag\.resolve/,
    ],
    [['--allow', 'tag.list', '--allow-all'], /exclude each other/],
    [['--expires', 'soon'], /--expires "soon" is not a time/],
  ])('refuses %j', async (flags, message) => {
    const { hub, run } = await startBench(operations(narrowed));

    const { code, stderr } = await run([...set, ...flags]);

    expect(code).toBe(2);
    expect(stderr).toMatch(message);
    expect(sent(hub.requests)).toBeUndefined();
  });
});
