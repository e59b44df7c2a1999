import type { FastifyReply } from 'fastify';
import type { ModelChoice } from '../../models/models.ts';

/** Says which model answered and why this one. Names are percent-encoded: they may hold anything, headers may not. */
export function setRoutingHeaders(reply: FastifyReply, { alias, target, tried }: ModelChoice): void {
  reply.header('x-inthub-model', encode(`${target.integration}/${target.model}`));
  if (alias === null) return;
  const before = tried.map(({ name, code }) => `${encode(name)}=${code}`);
  reply.header('x-inthub-route', encode(alias));
  reply.header('x-inthub-why', before.length === 0 ? 'first target' : `after ${before.join(', ')}`);
}

function encode(text: string): string {
  return encodeURIComponent(text).replaceAll('%2F', '/').replaceAll('%3A', ':');
}
