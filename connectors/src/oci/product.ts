import type { Remedies } from '@inthub/connector-sdk';
import type { OciProduct } from '../_families/oci/product.ts';

export const product: OciProduct = { name: 'The registry' };

export const remedies: Remedies = {
  endpoint:
    'The endpoint must be the root of a registry, such as https://registry.example.com: a request to its /v2/ answers 200 or 401.',
  credential: 'Use a user name and password (or access token) with which `docker login` works.',
  permission: 'Give the account the right to pull.',
};
