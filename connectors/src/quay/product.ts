import type { Remedies } from '@inthub/connector-sdk';
import type { OciProduct } from '../_families/oci/product.ts';
import { findPushTime } from './quay-api.ts';

export const product: OciProduct = { name: 'Quay', pushedAt: findPushTime };

export const remedies: Remedies = {
  endpoint: 'The endpoint must be https://quay.io or the address of your own Quay, without a path.',
  credential:
    'Generate an OAuth 2 access token with repo:read in an application of the organisation, or use a robot account with its full name (acme+reader).',
  permission: 'Give the token the permission repo:read, or the robot account Read on the repository.',
};
