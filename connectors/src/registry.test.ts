import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { communicationActionIds, projectManagementActionIds, registryActionIds } from '@inthub/connector-sdk';
import { describe, expect, it } from 'vitest';
import { connectors } from './registry.ts';

const folders = readdirSync(import.meta.dirname, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && !entry.name.startsWith('_'))
  .map(({ name }) => name)
  .sort();
const ids = connectors.map(({ manifest }) => manifest.id);

describe('the registry', () => {
  it('has every folder, in order; add a missing connector to registry.ts', () => {
    expect(ids).toEqual(folders);
  });

  it('has every type once', () => {
    const types = connectors.flatMap(({ manifest }) => manifest.types.map(({ id }) => id));

    expect(new Set(types).size).toBe(types.length);
  });

  it.each(folders)('%s has the files that one looks for', (folder) => {
    for (const file of [
      'manifest.ts',
      'connector.ts',
      'checks.ts',
      'connector.test.ts',
      'counterpart.ts',
      'README.md',
    ]) {
      expect(existsSync(join(import.meta.dirname, folder, file)), file).toBe(true);
    }
  });

  it.each(connectors)('$manifest.id tells in its README of every action and scope', ({ manifest, actions }) => {
    const readme = readFileSync(join(import.meta.dirname, manifest.id, 'README.md'), 'utf8');

    for (const id of actions.keys()) expect(readme).toContain(`\n| \`${id}\` |`);
    for (const { scope } of manifest.requiredPermissions) expect(readme).toContain(scope);
    for (const heading of ['## Credential', '## Actions', '## Quirks']) expect(readme).toContain(heading);
    expect(readme.split('\n').length).toBeLessThanOrEqual(90);
  });

  it('offers the standard actions on every registry', () => {
    const registries = connectors.filter(({ manifest }) => manifest.metadata.category === 'registry');

    for (const { manifest, actions } of registries) {
      const standard = registryActionIds.filter((id) => id !== 'scan.get');
      expect([...actions.keys()], manifest.id).toEqual(expect.arrayContaining(standard));
    }
    const scanning = registries.filter(({ actions }) => actions.has('scan.get')).map(({ manifest }) => manifest.id);
    expect(scanning).toEqual(['harbor', 'quay']);
  });

  it.each([
    ['communication', communicationActionIds],
    ['project_management', projectManagementActionIds],
  ])('offers every standard action of %s, so that a caller may change the product', (category, ids) => {
    const products = connectors.filter(({ manifest }) => manifest.metadata.category === category);

    expect(products.length).toBeGreaterThan(1);
    for (const { manifest, actions } of products)
      expect([...actions.keys()], manifest.id).toEqual(expect.arrayContaining([...ids]));
  });
});
