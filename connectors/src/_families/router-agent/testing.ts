/** An agent in memory, for tests without a router. A stub of our own protocol; the peer tests run the agent itself. */
import type { Reply, Responder } from '@inthub/connector-sdk/testing';

interface FakeBackend {
  name: string;
  address: string;
  port: number;
  weight: number;
}

export function createFakeAgent(
  product: 'nginx' | 'haproxy',
  live: { readonly liveWeight?: number; readonly state?: 'up' | 'down' } = {},
): Responder {
  let backends: FakeBackend[] = [
    { name: 'blue', address: '10.0.0.1', port: 80, weight: 90 },
    { name: 'green', address: '10.0.0.2', port: 80, weight: 10 },
  ];
  let revision = 1;
  const kept = new Map<string, FakeBackend[]>();
  const revisionText = (number = revision) => String(number).padStart(16, '0');
  const upstream = () => ({
    name: 'app',
    backends: backends.map((one) => ({
      ...one,
      isBackup: false,
      liveWeight: live.liveWeight ?? one.weight,
      state: live.state ?? 'up',
    })),
  });
  const refuse = (status: number, code: string): Reply => ({ status, json: { code, message: `refused: ${code}` } });
  const apply = (next: FakeBackend[]): Reply => {
    if (!next.some(({ weight }) => weight > 0)) return refuse(409, 'conflict');
    const previousRevision = revisionText();
    kept.set(previousRevision, backends);
    backends = next;
    revision += 1;
    kept.set(revisionText(), next);
    return { json: { revision: revisionText(), previousRevision, upstream: upstream() } };
  };
  const shift = (id: string) => ({
    id,
    upstream: 'app',
    state: 'running',
    step: 0,
    steps: 4,
    weights: {},
    message: 'Begun.',
    startedAt: '2026-01-01T00:00:00.000Z',
    endedAt: null,
  });

  function change(rest: string, method: string, body: Readonly<Record<string, unknown>>): Reply {
    if (body['revision'] !== undefined && body['revision'] !== revisionText()) return refuse(412, 'revision_mismatch');
    if (rest === 'weights') {
      const weights = body['weights'] as Record<string, number>;
      const isKnown = (name: string) => backends.some((one) => one.name === name);
      if (!Object.keys(weights).every(isKnown)) return refuse(404, 'not_found');
      return apply(backends.map((one) => ({ ...one, weight: weights[one.name] ?? one.weight })));
    }
    if (rest === 'backends' && method === 'POST') {
      const { name = `${body['address']}:${body['port']}`, address, port, weight } = body;
      return apply([...backends, { name, address, port, weight } as FakeBackend]);
    }
    const name = decodeURIComponent(rest.slice('backends/'.length));
    if (!backends.some((one) => one.name === name)) return refuse(404, 'not_found');
    return apply(backends.filter((one) => one.name !== name));
  }

  return ({ method, url, headers, body: bytes }) => {
    if (!headers['authorization']?.startsWith('Bearer ')) return refuse(401, 'unauthenticated');
    const path = url.pathname;
    const body = (bytes === null ? {} : JSON.parse(Buffer.from(bytes).toString())) as Record<string, unknown>;
    if (path === '/v1/info') return { json: { product, version: '1.2.3', revision: revisionText() } };
    if (path === '/v1/upstreams') return { json: { revision: revisionText(), upstreams: [upstream()] } };
    if (path.startsWith('/v1/upstreams/app/')) return change(path.slice('/v1/upstreams/app/'.length), method, body);
    if (path === '/v1/config/validate') {
      const valid = body['content'] === undefined;
      return { json: { valid, messages: valid ? [] : ['line 1: unknown directive'] } };
    }
    if (path === '/v1/config/reload') return { json: { revision: revisionText(), previousRevision: revisionText() } };
    if (path === '/v1/config/rollback') {
      const previousRevision = revisionText();
      const wanted = (body['revision'] as string | undefined) ?? revisionText(Math.max(1, revision - 1));
      backends = kept.get(wanted) ?? backends;
      revision = Number(wanted);
      return { json: { revision: wanted, previousRevision } };
    }
    if (path === '/v1/shifts') return { status: 202, json: shift('0190a5b2-0000-7000-8000-000000000001') };
    if (path.startsWith('/v1/shifts/')) return { json: shift(path.slice('/v1/shifts/'.length)) };
    return refuse(404, 'not_found');
  };
}
