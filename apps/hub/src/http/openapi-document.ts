import { pino } from 'pino';
import { createHttpServer, type Services } from './http.ts';

/**
 * The OpenAPI document of the hub, without starting one: routes only touch their services when they are called, and none is.
 * For generators.
 */
export async function buildOpenApiDocument(version: string): Promise<object> {
  // Whatever is asked of it, and hooks ask on close, does nothing.
  const nothing: object = new Proxy(() => undefined, {
    get: (_target, name) => (name === 'then' ? undefined : nothing),
  });
  const services = nothing as Services;
  const app = await createHttpServer(services, { log: pino({ level: 'silent' }), version, publicUrl: null });
  try {
    return app.swagger();
  } finally {
    await app.close();
  }
}
