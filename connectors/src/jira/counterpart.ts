/** The fake Jira of the tests, shaped by Atlassian's OpenAPI document, with one issue in it. */
import { type Counterpart, createMockGateway } from '@inthub/connector-sdk/testing';
import { jira } from './connector.ts';
import { createFakeJira, pointsField } from './testing.ts';

export async function startCounterpart(): Promise<Counterpart> {
  const respond = createFakeJira();
  const config = { endpoint: 'https://acme.atlassian.test', estimateField: pointsField };
  await createMockGateway({ connector: jira, respond, config }).run('task.create', {
    projectId: 'PROJ',
    title: 'First',
    description: '**Markdown**',
  });
  const task = { taskId: 'PROJ-101' };
  return {
    name: 'a fake Jira Cloud',
    proof: 'vendor description',
    respond,
    config,
    inputs: {
      'project.list': {},
      'project.get': { projectId: 'PROJ' },
      'task.list': { projectId: 'PROJ' },
      'task.get': task,
      'task.create': { projectId: 'PROJ', title: 'Second', description: '- one\n- two', priority: 'high' },
      'task.update': { ...task, title: 'Changed' },
      'task.transition': { ...task, targetStatus: 'In Progress' },
      'comment.list': task,
      'comment.add': { ...task, body: 'A *comment*' },
      'label.list': { projectId: 'PROJ' },
      'label.add': { ...task, label: 'bug' },
      'task.search': { query: 'first', syntax: 'text' },
    },
    stop: () => Promise.resolve(),
  };
}
