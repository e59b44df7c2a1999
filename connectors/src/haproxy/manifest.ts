import { routerManifest } from '../_families/router-agent/manifest.ts';
import type { RouterProduct } from '../_families/router-agent/product.ts';

export const product: RouterProduct = {
  id: 'haproxy',
  name: 'HAProxy',
  vendor: 'HAProxy Technologies',
  colour: '#106da9',
  documentationUrl: 'https://docs.haproxy.org/',
  supportUrl: 'https://github.com/haproxy/haproxy/issues',
  privacyPolicyUrl: 'https://www.haproxy.com/privacy-policy',
};

export const manifest = routerManifest(product);
