import { checksOf, remediesOf } from '../_families/gitea/checks.ts';
import { product } from './product.ts';

export const remedies = remediesOf(product);
export const checks = checksOf(product);
