import { HubError, type Principal, type Scope } from '@inthub/contracts';
import type { FastifyRequest, RouteOptions } from 'fastify';
import type { Access } from '../access/access.ts';
import type { App } from './fastify-types.ts';

/**
 * Every route states who may call it (`config.access`); a server with a route that does not refuses to start, so none can be left
 * open by forgetting.
 */
export function registerAuthentication(app: App, access: Pick<Access, 'authenticate'>): void {
  app.decorateRequest('principal');
  const routes: RouteOptions[] = [];
  app.addHook('onRoute', (route) => {
    routes.push(route);
  });
  // At the end, because a plugin may set it in an onRoute hook of its own.
  app.addHook('onReady', async () => {
    const silent = routes
      .filter((route) => route.config?.access === undefined)
      .map((route) => `${String(route.method)} ${route.url}`);
    if (silent.length > 0) throw new TypeError(`Routes that state no config.access: ${silent.join(', ')}.`);
  });
  app.addHook('onRequest', async (request) => {
    const needed = request.routeOptions.config.access ?? 'any';
    if (needed === 'public' || request.is404) return;
    const principal = await access.authenticate(request.headers.authorization);
    request.principal = principal;
    if (needed !== 'any') requireScope(principal, needed);
  });
}

function requireScope(principal: Principal, scope: Scope): void {
  if (!principal.scopes.has(scope)) {
    throw new HubError('forbidden', `This needs the scope ${scope}; the caller does not have it.`, {
      details: { requiredScope: scope },
    });
  }
}

/** Who acts, for events and audit. */
export function acting(request: FastifyRequest): { principal: Principal; requestId: string } {
  return { principal: request.principal, requestId: request.id };
}
