/** Both ways into the HTTP API, for the tests of what is answered beside Fastify. */
import { expandScopes, HubError, type Principal, systemClock, type TenantId } from '@inthub/contracts';
import { pino } from 'pino';
import type { App } from '../fastify-types.ts';
import { createHttpServer, type Services } from '../http.ts';

export const tenantId = '01890000-0000-7000-8000-000000000001' as TenantId;
export const executor: Principal = {
  tenantId,
  kind: 'api_key',
  id: 'k',
  name: 'executor',
  scopes: expandScopes(['integrations.execute']),
};
const reader: Principal = { ...executor, id: 'r', scopes: expandScopes(['integrations.read']) };
const known: Record<string, Principal> = { 'Bearer executor': executor, 'Bearer reader': reader };

/** The usual form. */
export const short = { authorization: 'Bearer executor', 'content-type': 'application/json' };
/** The same to everybody but the short path, which does not know this form. */
const long = { ...short, 'content-type': 'application/json; charset="utf-8"' };

export interface Answered {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface BothWays {
  readonly app: App;
  readonly url: string;
  readonly logged: string[];
  send(path: string, body: string | Buffer, headers?: Record<string, string>): Promise<Answered>;
  /** First the short way, then Fastify's. */
  sendBothWays(path: string, body: string | Buffer, headers?: Record<string, string>): Promise<[Answered, Answered]>;
  close(): Promise<void>;
}

/** A server of which only these services are ever asked. */
export async function openBothWays(services: Partial<Record<keyof Services, unknown>>): Promise<BothWays> {
  const logged: string[] = [];
  const app = await createHttpServer(
    {
      access: {
        authenticate: (authorization: string | undefined) =>
          known[authorization ?? ''] ?? Promise.reject(new HubError('unauthenticated')),
      },
      inboundWebhooks: { receiver: {} },
      streams: { close: () => undefined },
      clock: systemClock,
      ...services,
    } as unknown as Services,
    {
      log: pino({ level: 'info' }, { write: (line) => void logged.push(line) }),
      version: '0.0.0',
      publicUrl: null,
      lag: { read: () => 0, close: () => undefined },
    },
  );
  const url = await app.listen({ port: 0, host: '127.0.0.1' });

  async function send(path: string, body: string | Buffer, headers: Record<string, string> = {}): Promise<Answered> {
    // rule-ok: one-door-out it asks the server under test
    const answer = await fetch(`${url}${path}`, {
      method: 'POST',
      headers: { ...short, 'x-request-id': 'request-0001', ...headers },
      body: typeof body === 'string' ? body : new Uint8Array(body),
    });
    const {
      date: _date,
      connection: _connection,
      'keep-alive': _keepAlive,
      ...shown
    } = Object.fromEntries(answer.headers);
    return { status: answer.status, headers: shown, body: await answer.text() };
  }

  return {
    app,
    url,
    logged,
    send,
    sendBothWays: async (path, body, headers = {}) => [
      await send(path, body, headers),
      await send(path, body, { ...headers, 'content-type': long['content-type'] }),
    ],
    close: async () => void (await app.close()),
  };
}
