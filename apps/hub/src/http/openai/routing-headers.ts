import type { ModelChoice, ModelTarget } from '../../models/models.ts';
import type { FlatHeaders } from '../raw-answer.ts';

/** Says which model answered and why this one. Names are percent-encoded: they may hold anything, headers may not. */
export function routingHeaders({ alias, target, tried }: ModelChoice): FlatHeaders {
  const model = ['x-inthub-model', nameOf(target)];
  if (alias === null) return model;
  const before = tried.map(({ name, code }) => `${encode(name)}=${code}`);
  const why = before.length === 0 ? 'first target' : `after ${before.join(', ')}`;
  return [...model, 'x-inthub-route', encode(alias), 'x-inthub-why', why];
}

/** Targets live as long as their directory keeps them, and are asked for again and again. */
const names = new WeakMap<ModelTarget, string>();

function nameOf(target: ModelTarget): string {
  let name = names.get(target);
  if (name === undefined) {
    name = encode(`${target.integration}/${target.model}`);
    names.set(target, name);
  }
  return name;
}

function encode(text: string): string {
  return encodeURIComponent(text).replaceAll('%2F', '/').replaceAll('%3A', ':');
}
