// What a request to make an endpoint means for one kind of webhook, or why it cannot be.
import { randomBytes } from 'node:crypto';
import type { WebhookDefinition } from '@inthub/connector-sdk';
import { HubError, invalidField } from '@inthub/contracts';
import type { InstalledIntegration } from '../../runtime/runtime.ts';
import type { StoredEndpoint } from './endpoint-repository.ts';
import type { NewEndpoint } from './new-endpoint.ts';

const secretBytes = 32;
const maxEndpoints = 20;

export function chooseDefinition(
  definitions: readonly WebhookDefinition[],
  id: string | undefined,
  { type }: InstalledIntegration,
): WebhookDefinition {
  const ids = definitions.map((definition) => definition.id).join(', ');
  const [only, ...others] = definitions;
  if (only === undefined) throw new HubError('conflict', `Integrations of type ${type} take no webhooks.`);
  if (id === undefined) {
    if (others.length === 0) return only;
    throw invalidField('/webhookId', `says which of ${ids} is meant`, 'required');
  }
  const found = definitions.find((definition) => definition.id === id);
  if (found === undefined) throw invalidField('/webhookId', `must be one of ${ids}`, 'enum');
  return found;
}

export function chooseSecret(
  { secretFrom = 'hub', createSecret }: WebhookDefinition,
  given: string | undefined,
): string {
  if (given !== undefined) return given;
  if (secretFrom === 'product') {
    throw invalidField(
      '/secret',
      'is required: the product makes the secret and shows it where the webhook is set up',
      'required',
    );
  }
  const random = randomBytes(secretBytes);
  return createSecret?.(random) ?? random.toString('hex');
}

/** @throws HubError `conflict` */
export function demandSwitchedOn({ features }: InstalledIntegration): void {
  if (features.webhooksEnabled) return;
  throw new HubError(
    'conflict',
    'Webhooks are switched off for this integration; set features.webhooksEnabled to true first.',
  );
}

/** @throws HubError `conflict` */
export function demandRoom(present: readonly StoredEndpoint[]): void {
  if (present.length < maxEndpoints) return;
  throw new HubError(
    'conflict',
    `The integration has ${present.length} endpoints, which is the most; remove one that is not used.`,
  );
}

export function chooseTarget({ registration }: WebhookDefinition, register: NewEndpoint['register']): string | null {
  if (register === undefined) return null;
  if (registration === undefined) {
    throw invalidField(
      '/register',
      'cannot be done: the product has no interface for it; set the webhook up there by hand',
      'registration',
    );
  }
  if (registration.targetTitle !== undefined && register.target === undefined)
    throw invalidField('/register/target', `is required: ${registration.targetTitle}`, 'required');
  return register.target ?? null;
}

export function chooseEvents(definition: WebhookDefinition, wanted: readonly string[] | undefined): readonly string[] {
  if (wanted === undefined) return definition.events;
  wanted.forEach((type, index) => {
    if (!definition.events.includes(type))
      throw invalidField(`/events/${index}`, `must be one of ${definition.events.join(', ')}`, 'enum');
  });
  return wanted;
}

/** @throws HubError `not_found` */
export function existing(present: readonly StoredEndpoint[], id: string): StoredEndpoint {
  const endpoint = present.find((candidate) => candidate.id === id);
  if (endpoint === undefined) throw new HubError('not_found', 'The integration has no such endpoint.');
  return endpoint;
}
