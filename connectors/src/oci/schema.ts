import Type from 'typebox';
import { tokenRealmHost } from '../_families/oci/config.ts';

/** What is read of the registry is the family's business (`_families/oci/schema.ts`). */
export const Config = Type.Object({ tokenRealmHost });
