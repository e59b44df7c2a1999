/** What the fake answers is read by jira.js, a client that others wrote, which checks each answer against schemas of its own. */
import { createServer, type Server } from 'node:http';
import { findFreePort } from '@inthub/testing';
import { createCloudClient } from 'jira.js';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { markdownToAdf } from './markdown-to-adf.ts';
import { createFakeJira, jiraFixtures } from './testing.ts';

let server: Server;
let client: ReturnType<typeof createCloudClient>;

beforeAll(async () => {
  const respond = createFakeJira();
  server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const url = new URL(request.url ?? '/', 'http://127.0.0.1');
    const method = request.method as 'GET';
    const body = chunks.length === 0 ? null : Buffer.concat(chunks);
    const reply = await respond({ method, url, headers: {}, body, auth: 'basic' }, new AbortController().signal);
    response.writeHead(reply?.status ?? 200, { 'content-type': 'application/json' });
    response.end(reply?.json === undefined ? '' : JSON.stringify(reply.json));
  });
  const port = await findFreePort();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const auth = { type: 'basic', email: 'hub@example.com', apiToken: 'canary' } as const;
  client = createCloudClient({ host: `http://127.0.0.1:${port}`, auth, onSchemaMismatch: 'throw' });
}, 60_000);
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

it('jira.js understands every answer of the fake', async () => {
  const description = markdownToAdf('- **one**\n- two') as never;
  const { key } = await client.issues.createIssue({
    fields: {
      project: { key: 'PROJ' },
      issuetype: { name: 'Task' },
      summary: 'Read by others',
      description,
      labels: ['bug'],
    },
  });

  const issue = await client.issues.getIssue({ issueIdOrKey: key });
  expect(issue.fields).toMatchObject({ summary: 'Read by others', labels: ['bug'], description });
  expect((await client.issues.getTransitions({ issueIdOrKey: key })).transitions).toHaveLength(2);
  await client.issueComments.addComment({ issueIdOrKey: key, body: description });
  expect((await client.issueComments.getComments({ issueIdOrKey: key })).comments).toHaveLength(1);
  expect((await client.projects.searchProjects()).values).toHaveLength(jiraFixtures.projects.length);
  expect((await client.projects.getAllStatuses({ projectIdOrKey: 'PROJ' }))[0]?.statuses).toHaveLength(3);
  expect((await client.labels.getAllLabels()).values).toContain('feature');
  expect(await client.serverInfo.getServerInfo()).toMatchObject({ deploymentType: 'Cloud' });
  expect(await client.myself.getCurrentUser()).toMatchObject({ accountId: jiraFixtures.userId });
});

it('jira.js refuses an answer that is none', async () => {
  await expect(client.issues.getIssue({ issueIdOrKey: 'PROJ-999' })).rejects.toThrow();
});
