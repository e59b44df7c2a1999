/** Connection test and doctor checks of a product behind the router agent. */
import {
  type ActionContext,
  type ConnectionReport,
  type ConnectorCheck,
  type RemedyOptions,
  remedyCheck,
  testBySteps,
} from '@inthub/connector-sdk';
import { HubError } from '@inthub/contracts';
import { Info, Upstreams, Verdict } from './api.ts';
import type { RouterProduct } from './product.ts';

function optionsOf({ name }: RouterProduct): RemedyOptions {
  return {
    product: `The router agent of ${name}`,
    remedies: {
      endpoint: `The endpoint must be the address of the router agent beside ${name}, such as https://router.example.com:9440, and the hub must be allowed to reach it (HUB_EGRESS_ALLOW).`,
      credential: "Give the content of the agent's token file.",
      permission: 'Let the agent write its managed file and signal the router.',
    },
  };
}

async function readInfo(product: RouterProduct, ctx: ActionContext) {
  const info = await (await ctx.http.get('/v1/info')).json(Info);
  if (info.product !== product.id)
    throw new HubError('provider_bad_response', `the agent runs beside ${info.product}, not ${product.id}.`);
  return { version: info.version, apiVersion: 'v1', revision: info.revision };
}

async function readUpstreams(ctx: ActionContext) {
  return (await (await ctx.http.get('/v1/upstreams')).json(Upstreams)).upstreams;
}

export function testRouter(product: RouterProduct, ctx: ActionContext): Promise<ConnectionReport> {
  const steps = [
    { name: 'agent', run: () => readInfo(product, ctx) },
    { name: 'upstreams', run: async () => ({ upstreams: (await readUpstreams(ctx)).length }) },
  ];
  return testBySteps({ ...optionsOf(product), steps }, ctx);
}

export function routerChecks(product: RouterProduct): ConnectorCheck[] {
  const options = optionsOf(product);
  return [
    remedyCheck({
      ...options,
      id: `${product.id}.reachable`,
      title: 'The agent answers and runs beside the right product',
      probe: async (ctx) => {
        const { version } = await readInfo(product, ctx);
        return { status: 'pass', message: `The agent answers; ${product.name} ${version}.`, details: { version } };
      },
    }),
    remedyCheck({
      ...options,
      id: `${product.id}.config`,
      title: 'The router accepts its own configuration',
      probe: async (ctx) => {
        const response = await ctx.http.post('/v1/config/validate', { json: {}, idempotent: true });
        const { valid, messages } = await response.json(Verdict);
        if (valid) return { status: 'pass', message: 'The configuration is valid.' };
        return {
          status: 'fail',
          message: `${product.name} would not start with its present files: ${messages.join(' ').slice(0, 500)}`,
          details: { messages },
          suggestions: ['Mend the files on the router, or run the action rollback.'],
        };
      },
    }),
    remedyCheck({
      ...options,
      id: `${product.id}.live`,
      title: 'The running state is that of the files',
      probe: async (ctx) => {
        const upstreams = await readUpstreams(ctx);
        const backends = upstreams.flatMap(({ name, backends: all }) => all.map((one) => ({ upstream: name, ...one })));
        const differ = backends.filter(({ weight, liveWeight }) => liveWeight !== null && liveWeight !== weight);
        const down = backends.filter(({ state, weight }) => state === 'down' && weight > 0);
        const names = (list: typeof backends) => list.map(({ upstream, name }) => `${upstream}/${name}`).join(', ');
        if (differ.length > 0) {
          const message = `Other weights run than the files say: ${names(differ).slice(0, 500)}.`;
          return { status: 'warn', message, suggestions: ['Run config.reload, or set the weights anew.'] };
        }
        if (down.length > 0) {
          const message = `Backends with a weight are down: ${names(down).slice(0, 500)}.`;
          return { status: 'warn', message, suggestions: ['Look at these servers, or set their weight to 0.'] };
        }
        return { status: 'pass', message: `${backends.length} backends run as configured.` };
      },
    }),
  ];
}
