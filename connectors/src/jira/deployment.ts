/** What differs between Jira Cloud (REST v3, ADF, account ids) and Server or Data Center (REST v2, text, user names). */
import type { ActionContext } from '@inthub/connector-sdk';
import { adfToMarkdown } from './adf-to-markdown.ts';
import { markdownToAdf } from './markdown-to-adf.ts';
import type { User } from './schema.ts';

export function isCloud(ctx: ActionContext): boolean {
  return ctx.integration.config['deployment'] !== 'data_center';
}

/** Path below the REST API of the deployment's version. */
export function apiPath(path: string, ctx: ActionContext): string {
  return `/rest/api/${isCloud(ctx) ? 3 : 2}${path}`;
}

/** Text for a description or comment: ADF at Cloud; at Server as it is, which Jira takes for its wiki markup. */
export function toBody(markdown: string, ctx: ActionContext): unknown {
  return isCloud(ctx) ? markdownToAdf(markdown) : markdown;
}

export function fromBody(body: unknown): string {
  return typeof body === 'string' ? body : adfToMarkdown(body);
}

export function userRef(userId: string, ctx: ActionContext): object {
  return isCloud(ctx) ? { accountId: userId } : { name: userId };
}

export function userIdOf(user: User | null | undefined): string | null {
  return user?.accountId ?? user?.name ?? null;
}

/** Address under which people open Jira; with OAuth the endpoint is that of Atlassian's gateway. */
export function browseUrl(key: string, ctx: ActionContext): string {
  const { siteUrl, endpoint } = ctx.integration.config;
  const base = typeof siteUrl === 'string' ? siteUrl : endpoint;
  return `${base.replace(/\/+$/, '')}/browse/${encodeURIComponent(key)}`;
}
