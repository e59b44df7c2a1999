import { HubError } from '@inthub/contracts';
import type { App } from '../../fastify-types.ts';
import type { Services } from '../../services.ts';

/** `/healthz`: the process lives. `/readyz`: it may get traffic. `/metrics`: Prometheus text. */
export function probes(app: App, { metrics, ready }: Services): void {
  const open = { config: { access: 'public', untraced: true }, schema: { hide: true } } as const;
  app.get('/healthz', open, async () => ({ status: 'ok' }));
  app.get('/readyz', open, async () => {
    if (!(await ready())) throw new HubError('unavailable', 'The hub is starting or draining.', { retryAfterMs: 1000 });
    return { status: 'ready' };
  });
  app.get('/metrics', open, async (_request, reply) => {
    reply.header('content-type', metrics.contentType);
    return reply.send(await metrics.render());
  });
}
