import { type AnyAction, type DataScope, registryDiscoveryScope } from '@inthub/connector-sdk';
import { createFakeClock } from '@inthub/testing';
import Type from 'typebox';
import { describe, expect, it } from 'vitest';
import type { Grant } from '../runtime/runtime.ts';
import { createSampleConnector, listTags, sampleManifest } from '../runtime/testing.ts';
import { createRig } from './testing.ts';

const everything: Grant['dataScope'] = {
  projects: 'all',
  dataTypes: ['code', 'issues', 'messages', 'configs', 'secrets'],
  piiAccess: true,
};
const { cacheTtlMs: _, ...uncached } = listTags;

/** An action with any input. */
function action(id: string, dataScope?: DataScope): AnyAction {
  return { ...uncached, id, input: Type.Object({}), ...(dataScope === undefined ? {} : { dataScope }) };
}

function setUp(dataScope: Partial<Grant['dataScope']>, actions: readonly AnyAction[], declared = true) {
  const resources = ['team/app', 'team/sub/app', 'other/app', 'team/../other/app'];
  const connector = createSampleConnector({
    manifest: { ...sampleManifest, ...(declared ? { discoveryScope: registryDiscoveryScope } : {}) },
    actions,
    discover: {
      repositories: async () => ({
        items: resources.map((name) => ({ id: name, name, type: 'repositories' })),
        nextCursor: 'n',
      }),
      tags: async ({ parent }) => ({
        items: [{ id: 't', name: 't', type: 'tags', parent: parent ?? '' }],
        nextCursor: null,
      }),
    },
  });
  const grant: Grant = {
    grantedCapabilities: [...actions.map(({ id }) => id), 'resource.discover'],
    deniedCapabilities: [],
    networkScope: { allowedDomains: [], blockedDomains: [] },
    grantedBy: 'a',
    grantedAt: '2026-01-01T00:00:00.000Z',
    reviewedAt: null,
    expiresAt: null,
    dataScope: { ...everything, ...dataScope },
  };
  const rig = createRig({
    clock: createFakeClock(),
    connector,
    provider: async () => ({ tags: [] }),
    integration: { grant },
  });
  const run = async (id: string, params: unknown = {}) => {
    const { error } = await rig.gateway.execute({ ...rig.call, action: id, params });
    return error === undefined ? 'passed' : { code: error.code, restriction: error.details['restriction'] };
  };
  const discover = (resourceType: string, parent?: string) =>
    rig.gateway
      .discover({ ...rig.call, resourceType, limit: 10, ...(parent === undefined ? {} : { parent }) })
      .then(({ items }) => items.map(({ name }) => name));
  return { rig, run, discover };
}

const refusedBy = (restriction: string) => ({ code: 'not_granted', restriction });

describe('a grant that is restricted to projects', () => {
  const get = action('repo.get', { project: '/repository' });
  const scope = { projects: ['team/*', 'ops'] };

  it.each([
    ['team/app', true],
    ['ops', true],
    ['team/sub/app', false],
    ['other/app', false],
    ['Team/app', false],
    ['', false],
    ['team/', false],
    ['team/..', false],
    ['team/%2e%2e', false],
    ['team/a\\b', false],
    ['team/a?x', false],
    ['team/a\u0000', false],
    [' team/app', false],
    [['team/app'], false],
    [{ toString: 'team/app' }, false],
    [42, false],
  ])('lets %j pass: %s', async (repository, passes) => {
    const { run, rig } = setUp(scope, [get]);

    expect(await run('repo.get', { repository })).toEqual(passes ? 'passed' : refusedBy('projects'));
    expect(rig.scopes.length).toBe(passes ? 1 : 0);
  });

  it('refuses a call that names none, and an action that does not say which it concerns', async () => {
    const { run, rig } = setUp(scope, [get, action('repo.list', { dataTypes: ['code'] }), action('plain.get')]);

    expect(await run('repo.get')).toEqual(refusedBy('projects'));
    expect(await run('repo.list')).toEqual(refusedBy('projects'));
    expect(await run('plain.get')).toEqual(refusedBy('projects'));
    const { error } = await rig.gateway.execute({ ...rig.call, action: 'plain.get', params: {} });
    expect(error?.message).toContain('does not say of plain.get which project');
    await rig.gateway.close();
    expect(rig.audit.at(-1)).toMatchObject({ outcome: 'denied', details: { code: 'not_granted' } });
  });

  it('lets an action pass that concerns no project', async () => {
    expect(await setUp(scope, [action('me.get', { project: null })]).run('me.get')).toBe('passed');
  });

  it('reads owner and name apart, image references, and every place that is filled', async () => {
    const joined = action('repo.get', { project: { join: ['/owner', '/repo'] } });
    const image = action('tag.resolve', { project: ['/repository', { imageReference: '/imageRef' }] });
    const { run } = setUp(scope, [joined, image]);

    expect(await run('repo.get', { owner: 'team', repo: 'app' })).toBe('passed');
    expect(await run('repo.get', { owner: 'other', repo: 'app' })).toEqual(refusedBy('projects'));
    expect(await run('repo.get', { owner: 'team' })).toEqual(refusedBy('projects'));
    expect(await run('tag.resolve', { imageRef: 'registry.example.com:5000/team/app:1.0' })).toBe('passed');
    expect(await run('tag.resolve', { imageRef: 'other/app' })).toEqual(refusedBy('projects'));
    expect(await run('tag.resolve', { imageRef: 'no image ref' })).toEqual(refusedBy('projects'));
    expect(await run('tag.resolve', { imageRef: 'team/app', repository: 'other/app' })).toEqual(refusedBy('projects'));
  });

  it('shows of discovery what it covers, and nothing below another project', async () => {
    const { discover } = setUp(scope, [get]);

    expect(await discover('repositories')).toEqual(['team/app']);
    expect(await discover('tags', 'team/app')).toEqual(['t']);
    await expect(discover('tags', 'other/app')).rejects.toMatchObject(refusedCode);
    await expect(discover('tags')).rejects.toMatchObject(refusedCode);
    await expect(discover('toString')).rejects.toMatchObject(refusedCode);
  });

  it('shows nothing of what the connector does not declare', async () => {
    await expect(setUp(scope, [get], false).discover('repositories')).rejects.toMatchObject(refusedCode);
  });

  it('does not stand in the way of connection tests', async () => {
    const { rig } = setUp({ projects: [], dataTypes: [], piiAccess: false }, [get]);

    expect(await rig.gateway.testConnection(rig.call)).toMatchObject({ success: true });
  });

  it('holds for answers in the cache too', async () => {
    const { rig, run } = setUp({}, [{ ...get, cacheTtlMs: 60_000 }]);
    expect(await run('repo.get', { repository: 'other/app' })).toBe('passed');
    rig.change({ grant: { ...(rig.integration.grant as Grant), dataScope: { ...everything, ...scope } }, version: 1 });

    expect(await run('repo.get', { repository: 'other/app' })).toEqual(refusedBy('projects'));
  });
});

const refusedCode = { code: 'not_granted' };

describe('a grant that is restricted to kinds of data', () => {
  it.each([
    [['code'], 'passed'],
    [[], 'passed'],
    [['code', 'issues'], refusedBy('dataTypes')],
    [undefined, refusedBy('dataTypes')],
  ] as const)('meets an action that deals with %j: %j', async (dataTypes, expected) => {
    const scope = dataTypes === undefined ? {} : { dataTypes };
    expect(await setUp({ dataTypes: ['code'] }, [action('a.get', scope)]).run('a.get')).toEqual(expected);
  });

  it.each([
    [false, 'passed'],
    [true, refusedBy('piiAccess')],
    [undefined, refusedBy('piiAccess')],
  ] as const)('without personal data meets containsPii %s: %j', async (containsPii, expected) => {
    const scope = containsPii === undefined ? {} : { containsPii };
    expect(await setUp({ piiAccess: false }, [action('a.get', scope)]).run('a.get')).toEqual(expected);
  });

  it('that restricts nothing asks for no declaration', async () => {
    const { run, discover } = setUp({}, [action('a.get')], false);

    expect(await run('a.get')).toBe('passed');
    expect((await discover('repositories')).length).toBe(4);
  });
});
