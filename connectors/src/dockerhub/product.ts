import type { Remedies } from '@inthub/connector-sdk';
import type { OciProduct } from '../_families/oci/product.ts';
import { findPushTime } from './hub-api.ts';

export const product: OciProduct = {
  name: 'Docker Hub',
  hostAliases: ['docker.io', 'index.docker.io', 'registry-1.docker.io'],
  /** Official images live in the namespace `library`, which references leave out. */
  canonicalRepository: (repository) => (repository.includes('/') ? repository : `library/${repository}`),
  pushedAt: findPushTime,
};

export const remedies: Remedies = {
  endpoint: 'The endpoint of Docker Hub is https://registry-1.docker.io; leave it at its default.',
  credential:
    'Create a read-only access token under Account settings → Personal access tokens and give it with your Docker id.',
  permission: 'Give the access token the scope repo:read, and the account access to the repository.',
};
