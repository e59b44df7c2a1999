import type { WebhookDefinition } from '@inthub/connector-sdk';
import Type from 'typebox';
import { asObject, functionOf, plainData } from './plugin-data.ts';
import { createSchemaCheck } from './schema-check.ts';

const text = (maxLength: number) => Type.String({ minLength: 1, maxLength });
const webhookCheck = createSchemaCheck(
  Type.Object({
    id: text(128),
    title: text(256),
    events: Type.Array(text(128), { maxItems: 200 }),
    proof: Type.Enum(['signature', 'token', 'url']),
    secretFrom: Type.Optional(Type.Enum(['hub', 'product'])),
    maxBodyBytes: Type.Optional(Type.Integer({ minimum: 1, maximum: 25 << 20 })),
    types: Type.Optional(Type.Array(text(128), { maxItems: 50 })),
    receipt: Type.Optional(
      Type.Object({
        status: Type.Integer({ minimum: 200, maximum: 299 }),
        contentType: text(128),
        body: Type.String({ maxLength: 16_384 }),
      }),
    ),
    registration: Type.Optional(
      Type.Object({
        targetTitle: Type.Optional(text(256)),
        renewal: Type.Optional(Type.Object({ everyMs: Type.Integer({ minimum: 300_000 }) })),
      }),
    ),
  }),
  { base: '' },
);
const maxWebhooks = 50;
const optional = ['recognises', 'createSecret', 'handshake', 'deliveryId', 'kind'] as const;

/** The webhooks that a plugin declares: data copied, functions checked and bound. */
export function webhooksOf(given: unknown, faults: string[]): WebhookDefinition[] {
  if (given === undefined) return [];
  if (!Array.isArray(given) || given.length > maxWebhooks) {
    faults.push(`webhooks must be an array of at most ${maxWebhooks}`);
    return [];
  }
  return given.flatMap((value: unknown, index) => webhookOf(value, `webhooks[${index}]`, faults) ?? []);
}

function webhookOf(value: unknown, where: string, faults: string[]): WebhookDefinition | undefined {
  const source = asObject(value);
  if (source === undefined) {
    faults.push(`${where} is not an object`);
    return undefined;
  }
  // JSON leaves the functions out.
  const data = asObject(plainData(source, where, faults));
  if (data === undefined) return undefined;
  for (const { path, message } of webhookCheck(data) ?? []) faults.push(`${where}: ${path} ${message}`);
  const functions: Record<string, unknown> = {
    verify: functionOf(source, 'verify', faults, where),
    translate: functionOf(source, 'translate', faults, where),
  };
  for (const name of optional)
    if (source[name] !== undefined) functions[name] = functionOf(source, name, faults, where);
  const registration = asObject(source['registration']);
  if (registration !== undefined) {
    functions['registration'] = {
      ...asObject(data['registration']),
      register: functionOf(registration, 'register', faults, `${where}.registration`),
      deregister: functionOf(registration, 'deregister', faults, `${where}.registration`),
      ...renewalOf(registration, data, faults, where),
    };
  }
  return { ...data, ...functions } as unknown as WebhookDefinition;
}

function renewalOf(
  registration: Readonly<Record<string, unknown>>,
  data: object,
  faults: string[],
  where: string,
): object {
  const renewal = asObject(registration['renewal']);
  if (renewal === undefined) return {};
  const copied = asObject(asObject((data as Readonly<Record<string, unknown>>)['registration'])?.['renewal']);
  const renew = functionOf(renewal, 'renew', faults, `${where}.registration.renewal`);
  return { renewal: { ...copied, renew } };
}
