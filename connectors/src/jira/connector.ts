import {
  defineConnector,
  type ProjectManagementHandlers,
  projectManagementActions,
  projectManagementDiscovery,
  testBySteps,
} from '@inthub/connector-sdk';
import type { Page } from '@inthub/contracts';
import { checks, connectionSteps, product, remedies } from './checks.ts';
import { addComment, listComments } from './comments.ts';
import { addLabel, listLabels } from './labels.ts';
import { manifest } from './manifest.ts';
import { getProject, listProjects } from './projects.ts';
import { createTask, getTask, listTasks, searchTasks, transitionTask, updateTask } from './tasks.ts';
import { jiraWebhook } from './webhooks.ts';

const paged = async <Item>(page: Promise<Page<Item>>) => {
  const { items, nextCursor } = await page;
  return { items: [...items], nextCursor };
};

const handlers: ProjectManagementHandlers = {
  'project.list': (input, ctx) => paged(listProjects(input, ctx)),
  'project.get': ({ projectId }, ctx) => getProject(projectId, ctx),
  'task.list': (input, ctx) => paged(listTasks(input, ctx)),
  'task.get': ({ taskId }, ctx) => getTask(taskId, ctx),
  'task.create': (input, ctx) => createTask(input, ctx),
  'task.update': (input, ctx) => updateTask(input, ctx),
  'task.transition': (input, ctx) => transitionTask(input, ctx),
  'comment.list': (input, ctx) => paged(listComments(input, ctx)),
  'comment.add': (input, ctx) => addComment(input, ctx),
  'label.list': (input, ctx) => paged(listLabels(input, ctx)),
  'label.add': (input, ctx) => addLabel(input, ctx),
  'task.search': (input, ctx) => paged(searchTasks(input, ctx)),
};

const read = ['read:jira-work'];
const write = ['read:jira-work', 'write:jira-work'];

export const jira = defineConnector({
  manifest,
  actions: projectManagementActions(handlers, {
    requiredScopes: {
      'project.list': read,
      'project.get': read,
      'task.list': read,
      'task.get': read,
      'task.create': write,
      'task.update': write,
      'task.transition': write,
      'comment.list': read,
      'comment.add': write,
      'label.list': read,
      'label.add': write,
      'task.search': read,
    },
  }),
  testConnection: (ctx) => testBySteps({ product, remedies, steps: connectionSteps }, ctx),
  discover: projectManagementDiscovery(handlers),
  checks,
  webhooks: [jiraWebhook],
});
