/** The shared base as Forgejo would use it: what differs is in the product alone. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { defineConnector, type SourceControlActionId, sourceControlActions } from '@inthub/connector-sdk';
import { createApiDescription, createMockGateway, sourceControlConformance } from '@inthub/connector-sdk/testing';
import { describe, expect, it } from 'vitest';
import { sourceControlHandlers } from '../_families/gitea/handlers.ts';
import type { GiteaProduct } from '../_families/gitea/product.ts';
import { heldTo } from '../_families/gitea/testing/described.ts';
import { binaryFile, createFakeServer, files, textFile } from '../_families/gitea/testing/fake-server.ts';
import { manifest } from './manifest.ts';

const product: GiteaProduct = {
  id: 'forgejo',
  name: 'Forgejo',
  hookType: 'forgejo',
  hookHeaderPrefix: 'x-forgejo-',
  targetBranchParameter: 'base',
  mergeFields: { method: 'Do', title: ['MergeTitleField'], message: ['MergeMessageField'] },
  ciHookEvents: [],
};
const handlers = sourceControlHandlers(product);
const connector = defineConnector({
  manifest: { ...manifest, id: 'forgejo', types: manifest.types.slice(0, 1) },
  actions: sourceControlActions(handlers),
  testConnection: async () => ({ success: true, message: 'Not tried here.', details: {} }),
  discover: {},
  checks: [],
});
const vendorApis = process.env['VENDOR_APIS_DIR'] ?? join(import.meta.dirname, '../../../../shared/vendor-apis');
const descriptionFile = join(vendorApis, 'forgejo/swagger.v1.json');
const isDescribed = existsSync(descriptionFile);
const at = { owner: 'octo', repo: 'hello' };

describe.skipIf(!isDescribed)(
  `against Forgejo's swagger.v1.json${isDescribed ? '' : ` (absent: ${descriptionFile})`}`,
  () => {
    const { paths, ...rest } = JSON.parse(isDescribed ? readFileSync(descriptionFile, 'utf8') : '{"paths":{}}') as {
      paths: Record<string, unknown>;
    };
    // A path of two branch names, which is not asked for, and fits every other path below a pull request.
    const { '/repos/{owner}/{repo}/pulls/{base}/{head}': _shadow, ...others } = paths;
    const described = createApiDescription({ ...rest, paths: others });
    const server = () => heldTo(described, createFakeServer({ mergeMethod: 'Do', version: '16.0.1+gitea-1.22.0' }));
    const config = { endpoint: 'https://codeberg.example.com', authMode: 'token' };
    const gateway = createMockGateway({ connector, respond: server(), config });

    sourceControlConformance({
      name: 'the base with Forgejo, every exchange checked',
      offered: Object.keys(handlers) as SourceControlActionId[],
      fixtures: () => ({
        ...at,
        defaultBranch: 'trunk',
        repositories: ['octo/hello', 'octo/second', 'org/third', 'octo/empty'],
        branches: ['trunk', 'feature/one', 'feature/two'],
        tags: ['v1.0.0', 'v1.1.0'],
        file: textFile,
        binary: binaryFile,
        files,
        empty: { owner: 'octo', repo: 'empty' },
        unmerged: ['feature/one', 'feature/two'],
        canApproveOwn: true,
        labels: ['bug', 'help, please'],
        assignee: 'octo',
      }),
      run: (action, input) => gateway.run(action, input),
    });

    it('lists pull requests of a target branch by its own parameter, and merges with its own fields', async () => {
      const own = createMockGateway({ connector, respond: server(), config });
      await own.run('pr.create', { ...at, title: 't', sourceBranch: 'feature/one', targetBranch: 'trunk' });
      expect(await own.run('pr.list', { ...at, targetBranch: 'trunk' })).toMatchObject({ items: [{ number: 1 }] });

      await own.run('pr.merge', { ...at, number: 1, method: 'squash', commitTitle: 'T', commitMessage: 'M' });
      const sent = own.requests.find(({ url }) => url.pathname.endsWith('/merge'));
      expect(JSON.parse(Buffer.from(sent?.body ?? []).toString())).toEqual({
        Do: 'squash',
        MergeTitleField: 'T',
        MergeMessageField: 'M',
      });
    });
  },
);
