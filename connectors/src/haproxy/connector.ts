import { defineConnector, routerActions, routerDiscovery } from '@inthub/connector-sdk';
import { testRouter } from '../_families/router-agent/checks.ts';
import { routerHandlers } from '../_families/router-agent/handlers.ts';
import { shiftActions } from '../_families/router-agent/shifts.ts';
import { checks } from './checks.ts';
import { manifest, product } from './manifest.ts';

export const haproxy = defineConnector({
  manifest,
  actions: [...routerActions(routerHandlers), ...shiftActions(product.id)],
  testConnection: (ctx) => testRouter(product, ctx),
  discover: routerDiscovery(routerHandlers),
  checks,
});
