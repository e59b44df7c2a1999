import { webhookOf } from '../_families/gitea/webhooks.ts';
import { product } from './product.ts';

export const giteaEvents = webhookOf(product);
