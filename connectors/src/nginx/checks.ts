import { routerChecks } from '../_families/router-agent/checks.ts';
import { product } from './manifest.ts';

export const checks = routerChecks(product);
