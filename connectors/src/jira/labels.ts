import { type ActionContext, numberedPages, repage, type TaskLabel } from '@inthub/connector-sdk';
import type { Page } from '@inthub/contracts';
import { apiPath, isCloud } from './deployment.ts';
import { issuePath } from './issues.ts';
import { type PageRequest, refusePage } from './projects.ts';
import { IssueLabels, LabelPage, Suggestions } from './schema.ts';
import { requireLabel } from './tasks.ts';

/** Labels of Jira are words of the whole site, whatever the project. */
export async function listLabels({ cursor, limit = 50 }: PageRequest, ctx: ActionContext): Promise<Page<TaskLabel>> {
  if (!isCloud(ctx)) {
    // Server lists no labels; it suggests some to those who write JQL.
    return repage({
      cursor,
      limit,
      fetch: async (page) => {
        refusePage(page);
        const query = { fieldName: 'labels', fieldValue: '' };
        const path = apiPath('/jql/autocompletedata/suggestions', ctx);
        const { results } = await (await ctx.http.get(path, { query })).json(Suggestions);
        return { items: results.map(({ value }) => toLabel(value.replaceAll(/^"|"$/g, ''))), nextCursor: null };
      },
    });
  }
  return numberedPages({
    cursor,
    limit,
    maxPageSize: 1000,
    fetch: async ({ number, size }) => {
      const query = { startAt: (number - 1) * size, maxResults: size };
      const { values, isLast } = await (await ctx.http.get(apiPath('/label', ctx), { query })).json(LabelPage);
      return { items: values.map(toLabel), hasNext: !isLast && values.length > 0 };
    },
  });
}

function toLabel(name: string): TaskLabel {
  return { id: null, name, description: null, colour: null };
}

export async function addLabel({ taskId, label }: { taskId: string; label: string }, ctx: ActionContext) {
  requireLabel(label, '/label');
  await ctx.http.put(issuePath(taskId, '', ctx), { json: { update: { labels: [{ add: label }] } } });
  const { id, fields } = await (await ctx.http.get(issuePath(taskId, '', ctx), { query: { fields: 'labels' } })).json(
    IssueLabels,
  );
  return { taskId: id, labels: [...fields.labels] };
}
