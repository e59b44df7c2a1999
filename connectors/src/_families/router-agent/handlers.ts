import { type RouterHandlers, type RouterUpstream, repage } from '@inthub/connector-sdk';
import { HubError } from '@inthub/contracts';
import { Applied, Changed, Upstreams, upstreamPath, Verdict } from './api.ts';

/** Of nginx and HAProxy alike: the agent knows the product. */
export const routerHandlers: Required<RouterHandlers> = {
  'upstream.list': async ({ cursor, limit = 50 }, ctx) => {
    const { items, nextCursor } = await repage<RouterUpstream>({
      cursor,
      limit,
      // The agent gives all at once; pages are cut from that.
      fetch: async (page) => {
        if (page !== undefined)
          throw new HubError('invalid_cursor', 'The cursor is not one that this list handed out. Start again without.');
        const { upstreams } = await (await ctx.http.get('/v1/upstreams')).json(Upstreams);
        return { items: upstreams, nextCursor: null };
      },
    });
    return { items: [...items], nextCursor };
  },
  'upstream.get': async ({ upstream: name }, ctx) => {
    const { revision, upstreams } = await (await ctx.http.get('/v1/upstreams')).json(Upstreams);
    const upstream = upstreams.find((candidate) => candidate.name === name);
    if (upstream !== undefined) return { revision, upstream };
    const known = upstreams.map((candidate) => candidate.name).join(', ');
    throw new HubError('provider_not_found', `There is no upstream "${name}"; there is ${known || 'none'}.`);
  },
  'weight.set': async ({ upstream, weights, revision }, ctx) =>
    // The same weights again do no harm, unless they are meant for one revision.
    (
      await ctx.http.post(`${upstreamPath(upstream)}/weights`, {
        json: { weights, ...(revision === undefined ? {} : { revision }) },
        idempotent: revision === undefined,
      })
    ).json(Changed),
  'backend.add': async ({ upstream, ...backend }, ctx) =>
    (await ctx.http.post(`${upstreamPath(upstream)}/backends`, { json: backend })).json(Changed),
  'backend.remove': async ({ upstream, backend }, ctx) =>
    (
      await ctx.http.delete(`${upstreamPath(upstream)}/backends/${encodeURIComponent(backend)}`, { retry: 'never' })
    ).json(Changed),
  'config.validate': async ({ content }, ctx) =>
    (
      await ctx.http.post('/v1/config/validate', { json: content === undefined ? {} : { content }, idempotent: true })
    ).json(Verdict),
  'config.reload': async (_input, ctx) =>
    (await ctx.http.post('/v1/config/reload', { idempotent: true })).json(Applied),
  rollback: async ({ revision }, ctx) =>
    // Without a revision a repeat would go back one more.
    (
      await ctx.http.post('/v1/config/rollback', {
        json: revision === undefined ? {} : { revision },
        idempotent: revision !== undefined,
      })
    ).json(Applied),
};
