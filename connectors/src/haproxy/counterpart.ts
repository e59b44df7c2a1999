import type { Counterpart } from '@inthub/connector-sdk/testing';
import { startRouterCounterpart } from '../_families/router-agent/counterpart.ts';
import { haproxy } from './connector.ts';

export const startCounterpart = (): Promise<Counterpart> => startRouterCounterpart(haproxy);
