import type { Principal, Scope } from '@inthub/contracts';
import { type DeadLetterKind, deadLetterKinds } from '../../../webhooks/webhooks.ts';
import { lacksScope } from '../../authentication.ts';

/**
 * Which kinds the caller may see or change: events by the scope of the route itself, deliveries only with `deliveryScope`.
 * @throws HubError `forbidden` when deliveries are asked for by name
 */
export function permittedKinds(
  { scopes }: Principal,
  deliveryScope: Scope,
  asked: DeadLetterKind | undefined,
): readonly DeadLetterKind[] {
  if (scopes.has(deliveryScope)) return deadLetterKinds;
  if (asked === 'delivery') throw lacksScope(deliveryScope);
  return ['event'];
}
