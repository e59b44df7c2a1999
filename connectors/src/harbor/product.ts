import type { Remedies } from '@inthub/connector-sdk';
import { HubError } from '@inthub/contracts';
import type { OciProduct } from '../_families/oci/product.ts';
import { findPushTime } from './artifacts.ts';

export const product: OciProduct = {
  name: 'Harbor',
  // A nicety: the digest stands without it, so an account that may pull but not read artifacts still resolves tags.
  async pushedAt(image, ctx) {
    try {
      return await findPushTime(image, ctx);
    } catch (error) {
      const harmless =
        error instanceof HubError && (error.code === 'provider_forbidden' || error.code === 'provider_not_found');
      if (!harmless) throw error;
      ctx.log.info('push time not readable', { code: error.code });
      return null;
    }
  },
};

export const remedies: Remedies = {
  endpoint:
    'The endpoint must be the address of the Harbor portal, such as https://harbor.example.com, without a path.',
  credential:
    'Give the full name of a robot account (robot$project+name) and its secret, and look whether it is disabled or expired.',
  permission: 'Give the robot account pull on repositories and read and list on artifacts in the project.',
};
