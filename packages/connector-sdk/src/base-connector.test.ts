import type { ActionEvent } from '@inthub/contracts';
import Type from 'typebox';
import { describe, expect, it } from 'vitest';
import { defineAction } from './action.ts';
import { BaseConnector, toDefinition } from './base-connector.ts';
import type { ConnectorDefinition } from './connector.ts';
import type { ActionContext } from './context.ts';
import { Action, ActionStream, Capability, Webhook } from './decorators.ts';
import { defineConnector } from './define-connector.ts';
import type { ConnectorManifest } from './manifest.ts';
import { ManifestError } from './validate-manifest.ts';
import type { InboundDelivery, WebhookVerdict } from './webhook.ts';

const manifest: ConnectorManifest = {
  id: 'greeter',
  version: '1.0.0',
  metadata: {
    name: 'Greeter',
    description: 'Greets.',
    icon: 'data:image/svg+xml,%3Csvg/%3E',
    category: 'custom',
    vendor: 'Example',
    documentationUrl: 'https://example.com/docs',
    supportUrl: 'https://example.com/support',
    privacyPolicyUrl: 'https://example.com/privacy',
    tags: [],
    minPlatformVersion: '0.1.0',
    targetApiVersion: '1',
  },
  types: [
    {
      id: 'custom.greeter',
      displayName: 'Greeter',
      description: 'Greets.',
      category: 'custom',
      capabilities: ['greet'],
      config: Type.Object({}),
      defaultEndpoint: null,
    },
  ],
  auth: [{ mode: 'none', kind: null, title: 'None', help: 'Nothing to do.', apply: { scheme: 'none' } }],
  egress: { hosts: [] },
  requiredPermissions: [],
};

const Greeting = Type.Object({ name: Type.String() });
const Greeted = Type.Object({ text: Type.String() });
const greet = {
  title: 'Greet',
  description: 'Greets one.',
  input: Greeting,
  output: Greeted,
  safe: true,
  weight: 5,
  cacheTtlMs: 1000,
};
const count = {
  title: 'Count',
  description: 'Counts.',
  input: Type.Object({}),
  output: Type.Object({ n: Type.Integer() }),
  safe: false,
};
const delivery = {
  title: 'Greeted',
  events: ['greeter.person.greeted'],
  proof: 'token' as const,
  verify: (_: InboundDelivery, secrets: readonly string[]) =>
    (secrets.includes('ok') ? 'valid' : 'invalid') as WebhookVerdict,
};
const translate = () => [{ type: 'greeter.person.greeted', data: {} }];
async function* greetSlowly({ name }: { name: string }): AsyncGenerator<ActionEvent> {
  yield { type: 'data', chunk: `Hello, ${name}` };
}
const farewell = defineAction({
  id: 'greeter.farewell',
  title: 'Farewell',
  description: 'Says goodbye.',
  input: Greeting,
  output: Greeted,
  safe: true,
  run: async ({ name }) => ({ text: `Bye, ${name}` }),
});

const plain = defineConnector({
  manifest,
  actions: [
    defineAction({
      id: 'greeter.greet',
      ...greet,
      capability: 'greeting',
      requiredScopes: ['speak'],
      run: async ({ name }) => ({ text: `Hello, ${name}` }),
      stream: greetSlowly,
    }),
    defineAction({ id: 'greeter.count', ...count, run: async () => ({ n: 1 }) }),
    farewell,
  ],
  testConnection: async () => ({ success: true, message: 'fine', details: {} }),
  webhooks: [{ id: 'greeter.hook', ...delivery, translate }],
});

class Greeter extends BaseConnector {
  readonly manifest = manifest;
  readonly #opening = 'Hello';

  @Action('greeter.greet', greet)
  @Capability('greeting', { requiredScopes: ['speak'] })
  async greet({ name }: { name: string }, _ctx: ActionContext) {
    return { text: `${this.#opening}, ${name}` };
  }

  @ActionStream('greeter.greet')
  async *slowly(input: { name: string }): AsyncGenerator<ActionEvent> {
    yield* greetSlowly(input);
  }

  @Action('greeter.count', count)
  async count() {
    return { n: 1 };
  }

  @Webhook('greeter.hook', delivery)
  translated() {
    return translate();
  }

  override registerActions() {
    return [farewell];
  }

  async testConnection() {
    return { success: true, message: 'fine', details: {} };
  }
}

/** Everything but the functions, which differ by identity. */
const asData = (definition: ConnectorDefinition) => ({
  ...definition,
  testConnection: typeof definition.testConnection,
  actions: [...definition.actions].map(([id, { run, stream, ...data }]) => [
    id,
    { ...data, run: typeof run, stream: typeof stream },
  ]),
  webhooks: definition.webhooks?.map((webhook) => ({ ...webhook, translate: typeof webhook.translate })),
});
const ctx = {} as ActionContext;
const inbound = {} as InboundDelivery;

describe('BaseConnector', () => {
  it.each([
    ['define()', () => Greeter.define()],
    ['toDefinition()', () => toDefinition(new Greeter())],
  ])('%s gives the definition that defineConnector gives', (_name, build) => {
    expect(asData(build())).toEqual(asData(plain));
  });

  it('gives actions that behave the same, with this bound', async () => {
    const decorated = Greeter.define();
    for (const [id, action] of plain.actions) {
      const input = { name: 'Ada' };
      expect(await decorated.actions.get(id)!.run(input, ctx)).toEqual(await action.run(input, ctx));
    }
    const events: ActionEvent[] = [];
    for await (const event of decorated.actions.get('greeter.greet')!.stream!({ name: 'Ada' }, ctx)) events.push(event);
    expect(events).toEqual([{ type: 'data', chunk: 'Hello, Ada' }]);
    expect(await decorated.testConnection(ctx)).toEqual(await plain.testConnection(ctx));
    expect(await decorated.webhooks![0]!.translate(inbound)).toEqual([{ type: 'greeter.person.greeted', data: {} }]);
    expect(decorated.webhooks![0]!.verify(inbound, ['ok'])).toBe('valid');
  });

  it('lets a subclass change an action, with or without saying so again', async () => {
    class Loud extends Greeter {
      override async greet(input: { name: string }, context: ActionContext) {
        const { text } = await super.greet(input, context);
        return { text: text.toUpperCase() };
      }

      @Action('greeter.count', { ...count, title: 'Count twice' })
      override async count() {
        return { n: 2 };
      }
    }
    const loud = Loud.define();

    expect(await loud.actions.get('greeter.greet')!.run({ name: 'Ada' }, ctx)).toEqual({ text: 'HELLO, ADA' });
    expect(loud.actions.get('greeter.count')!.title).toBe('Count twice');
    expect(await loud.actions.get('greeter.count')!.run({}, ctx)).toEqual({ n: 2 });
    expect([...loud.actions.keys()]).toEqual([...plain.actions.keys()]);
    expect(await Greeter.define().actions.get('greeter.count')!.run({}, ctx)).toEqual({ n: 1 });
  });

  it('sees a method through another decorator that wraps it', async () => {
    const shout = <This, Args extends unknown[]>(
      method: (this: This, ...args: Args) => Promise<{ text: string }>,
      _context: ClassMethodDecoratorContext,
    ) =>
      async function (this: This, ...args: Args) {
        return { text: (await method.apply(this, args)).text.toUpperCase() };
      };
    class Shouter extends BaseConnector {
      readonly manifest = manifest;
      @shout
      @Action('greeter.greet', greet)
      async greet({ name }: { name: string }) {
        return { text: `Hello, ${name}` };
      }
      async testConnection() {
        return { success: true, message: 'fine', details: {} };
      }
    }

    expect(await Shouter.define().actions.get('greeter.greet')!.run({ name: 'Ada' }, ctx)).toEqual({
      text: 'HELLO, ADA',
    });
  });

  it('refuses private methods and reports two methods with one action id', () => {
    expect(() => {
      class Hidden extends Greeter {
        @Action('greeter.hidden', count)
        async #hidden() {
          return { n: 1 };
        }
        reveal = () => this.#hidden();
      }
      return new Hidden();
    }).toThrow("@Action('greeter.hidden') needs a public instance method");

    class Twice extends Greeter {
      @Action('greeter.count', count)
      async again() {
        return { n: 3 };
      }
    }
    expect(() => Twice.define()).toThrow(ManifestError);
    expect(() => Twice.define()).toThrow('action greeter.count is defined twice');
  });
});
