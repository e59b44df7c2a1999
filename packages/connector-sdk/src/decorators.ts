/**
 * Standard (TC39) method decorators for BaseConnector. They work through `context.addInitializer`, which every version of the
 * proposal since 2022-03 has, so neither `Symbol.metadata` nor `experimentalDecorators` is needed.
 */
import type { ActionEvent } from '@inthub/contracts';
import type { Static, TSchema } from 'typebox';
import type { ActionDefinition } from './action.ts';
import { recordMember } from './base-connector.ts';
import type { ActionContext } from './context.ts';
import type { InboundDelivery, TranslatedEvent, WebhookDefinition } from './webhook.ts';

export type ActionOptions<Input extends TSchema, Output extends TSchema> = Omit<
  ActionDefinition<Input, Output>,
  'id' | 'run' | 'stream' | 'capability' | 'requiredScopes'
>;

type Method<This, Arguments extends unknown[], Result> = (this: This, ...args: Arguments) => Result;
type MethodDecorator<Arguments extends unknown[], Result> = <This extends object>(
  method: Method<This, Arguments, Result>,
  context: ClassMethodDecoratorContext<This, Method<This, Arguments, Result>>,
) => void;

/** Makes a method an action: it takes what `input` describes and gives what `output` describes. */
export function Action<const Input extends TSchema, const Output extends TSchema>(
  id: string,
  options: ActionOptions<Input, Output>,
): MethodDecorator<[input: Static<Input>, ctx: ActionContext], Promise<Static<Output>>> {
  return (_method, context) => {
    const name = publicName(context, `@Action('${id}')`);
    context.addInitializer(function () {
      recordMember(this, { name, action: { id, ...options } });
    });
  };
}

/** Makes an async generator method the streaming form of the action `id`. */
export function ActionStream<Input = unknown>(
  id: string,
): MethodDecorator<[input: Input, ctx: ActionContext], AsyncIterable<ActionEvent>> {
  return (_method, context) => {
    const name = publicName(context, `@ActionStream('${id}')`);
    context.addInitializer(function () {
      recordMember(this, { name, streamOf: id });
    });
  };
}

/** The permission that an action's use needs (default its id), and the scopes that the credential needs at the provider. */
export function Capability<Arguments extends unknown[], Result>(
  id: string,
  options: { readonly requiredScopes?: readonly string[] } = {},
): MethodDecorator<Arguments, Result> {
  return (_method, context) => {
    const name = publicName(context, `@Capability('${id}')`);
    context.addInitializer(function () {
      recordMember(this, { name, capability: { id, ...options } });
    });
  };
}

/** Makes a method the translator of a kind of delivery. */
export function Webhook(
  id: string,
  options: Omit<WebhookDefinition, 'id' | 'translate'>,
): MethodDecorator<[delivery: InboundDelivery], readonly TranslatedEvent[] | Promise<readonly TranslatedEvent[]>> {
  return (_method, context) => {
    const name = publicName(context, `@Webhook('${id}')`);
    context.addInitializer(function () {
      recordMember(this, { name, webhook: { id, ...options } });
    });
  };
}

function publicName(
  context: { name: string | symbol; private: boolean; static: boolean },
  decorator: string,
): string | symbol {
  if (context.private || context.static) {
    throw new TypeError(`${decorator} needs a public instance method; ${String(context.name)} is not one.`);
  }
  return context.name;
}
