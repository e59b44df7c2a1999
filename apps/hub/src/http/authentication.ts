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
  app.addHook('onRequest', (request, _reply, done) => {
    const needed = request.routeOptions.config.access ?? 'any';
    if (needed === 'public' || request.is404) return done();
    const admit = (principal: Principal): void => {
      request.principal = principal;
      done(needed === 'any' || principal.scopes.has(needed) ? undefined : lacksScope(needed));
    };
    // A caller who is known is admitted at once: a promise would cost each request turns of the event loop.
    const found = access.authenticate(request.headers.authorization);
    if (found instanceof Promise) found.then(admit, done);
    else admit(found);
  });
}

export function lacksScope(scope: Scope): HubError {
  return new HubError('forbidden', `This needs the scope ${scope}; the caller does not have it.`, {
    details: { requiredScope: scope },
  });
}

/** Who acts, for events and audit. */
export function acting(request: FastifyRequest): { principal: Principal; requestId: string } {
  return { principal: request.principal, requestId: request.id };
}
