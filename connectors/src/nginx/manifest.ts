import { routerManifest } from '../_families/router-agent/manifest.ts';
import type { RouterProduct } from '../_families/router-agent/product.ts';

export const product: RouterProduct = {
  id: 'nginx',
  name: 'nginx',
  vendor: 'F5 NGINX',
  colour: '#009639',
  documentationUrl: 'https://nginx.org/en/docs/http/ngx_http_upstream_module.html',
  supportUrl: 'https://nginx.org/en/support.html',
  privacyPolicyUrl: 'https://www.f5.com/company/policies/privacy-notice',
};

export const manifest = routerManifest(product);
