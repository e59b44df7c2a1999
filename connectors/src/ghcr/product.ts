import type { Remedies } from '@inthub/connector-sdk';
import type { OciProduct } from '../_families/oci/product.ts';

export const product: OciProduct = {
  name: 'GitHub Container Registry',
  hostAliases: ['ghcr.io'],
};

export const remedies: Remedies = {
  endpoint: 'The endpoint of the GitHub Container Registry is https://ghcr.io; leave it at its default.',
  credential:
    'Create a classic personal access token with the scope read:packages, and authorise it for single sign-on where the organisation asks for that.',
  permission: 'Give the token the scope read:packages, and its owner read access to the package.',
};
