/** Source control for end-to-end tests: counterparts of the connectors behind real HTTP, and hubs with an integration of each. */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Counterpart, Responder, StartCounterpart } from '@inthub/connector-sdk/testing';
import { expect } from 'vitest';
import { type Provider, startProvider } from './provider.ts';
import type { TestHub } from './testing.ts';

export const scmProducts = ['github', 'gitlab', 'gitea'] as const;
export type ScmProductId = (typeof scmProducts)[number];

interface Write {
  readonly method: string;
  readonly path: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into bodies of every shape.
  readonly body: any;
}

/** A product with a repository, and an open pull request in it. */
export interface ScmServer {
  readonly product: ScmProductId;
  readonly provider: Provider;
  /** Owner and name of the repository, as annotations name it. */
  readonly target: { readonly owner: string; readonly repository: string };
  readonly headSha: string;
  readonly pullRequestNumber: number;
  /** Every request that changed something, and what it said. */
  readonly writes: Write[];
  /** What people see under the pull request, asked of the product itself. */
  comments(): Promise<readonly string[]>;
  /** An active integration of it. @returns its id */
  install(hub: TestHub): Promise<string>;
  stop(): Promise<void>;
}

const commentsPath = {
  github: (owner: string, repo: string, number: number) =>
    `/repos/${owner}/${repo}/issues/${number}/comments?per_page=100`,
  gitlab: (owner: string, repo: string, number: number) =>
    `/api/v4/projects/${encodeURIComponent(`${owner}/${repo}`)}/merge_requests/${number}/notes?per_page=100`,
  gitea: (owner: string, repo: string, number: number) => `/api/v1/repos/${owner}/${repo}/issues/${number}/comments`,
};

export async function startScmServer(product: ScmProductId): Promise<ScmServer> {
  const counterpart = await startCounterpart(product);
  const { credential = { kind: 'bearer_token', token: 'canary-scm-token' } } = counterpart;
  const writes: Write[] = [];
  const provider = await startProvider(atItsOwnAddress(counterpart, () => provider.url, writes));
  const bearer = 'token' in credential ? credential.token : '';
  const authorization = product === 'gitea' ? `token ${bearer}` : `Bearer ${bearer}`;
  const {
    owner,
    repo,
    sourceBranch: branch,
    targetBranch: base,
  } = counterpart.inputs['pr.create'] as Record<'owner' | 'repo' | 'sourceBranch' | 'targetBranch', string>;
  let pullRequestNumber = 0;
  let headSha = '';
  return {
    product,
    provider,
    target: { owner, repository: repo },
    get headSha() {
      return headSha;
    },
    get pullRequestNumber() {
      return pullRequestNumber;
    },
    writes,
    async comments() {
      const path = commentsPath[product](owner, repo, pullRequestNumber);
      const response = await fetch(`${provider.url}${path}`, { headers: { authorization } });
      const found = (await response.json()) as { body: string; system?: boolean }[];
      return found.filter(({ system }) => system !== true).map(({ body }) => body);
    },
    async install(hub) {
      const { status, body, text } = await hub.call('POST', '/api/v1/integrations', {
        type: `scm.${product}`,
        name: product,
        config: { ...counterpart.config, endpoint: provider.url, authMode: 'token', retryPolicy: { maxRetries: 0 } },
        credentials: credential,
        submit: true,
      });
      expect(status, text).toBe(201);
      const tested = await hub.call('POST', `/api/v1/integrations/${body.id}/test`, {});
      expect(tested.body.success, tested.text).toBe(true);
      const run = async (action: string, params: object) => {
        const path = `/api/v1/connectors/instances/${body.id}/execute`;
        const done = await hub.call('POST', path, { action, params: { owner, repo, ...params } });
        expect(done.status, done.text).toBe(200);
        return done.body.data;
      };
      const opened = { title: 'To be annotated', sourceBranch: branch, targetBranch: base };
      pullRequestNumber = (await run('pr.create', opened)).number;
      headSha = (await run('commit.list', { limit: 1 })).items[0].sha;
      return body.id as string;
    },
    async stop() {
      await provider.stop();
      await counterpart.stop();
    },
  };
}

/** Connectors export their definition only; counterparts are found where `npm run try` finds them. */
async function startCounterpart(product: ScmProductId): Promise<Counterpart> {
  const file = join(import.meta.dirname, '../../../../connectors/src', product, 'counterpart.ts');
  const { startCounterpart: start } = (await import(/* @vite-ignore */ pathToFileURL(file).href)) as {
    startCounterpart: StartCounterpart;
  };
  return start();
}

/** The counterpart is asked at the address that it knows for its own, and its links lead to where it was asked. */
function atItsOwnAddress({ respond, config }: Counterpart, url: () => string, writes: Write[]): Responder {
  return async (request, signal) => {
    const { origin } = new URL(String(config?.['endpoint'] ?? request.url));
    const asked = new URL(`${request.url.pathname}${request.url.search}`, origin);
    if (request.method !== 'GET') {
      const body: unknown = request.body === null ? null : JSON.parse(Buffer.from(request.body).toString());
      writes.push({ method: request.method, path: request.url.pathname, body });
    }
    const reply = await respond({ ...request, url: asked }, signal);
    const link = reply?.headers?.['link'];
    if (reply === undefined || link === undefined) return reply;
    return { ...reply, headers: { ...reply.headers, link: link.replaceAll(origin, url()) } };
  };
}
