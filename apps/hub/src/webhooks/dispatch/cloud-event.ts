export { cloudEventOf } from '@inthub/contracts';
