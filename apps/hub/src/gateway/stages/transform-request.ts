// Stage 6: the caller's parameters become the action's input: checked against its schema, defaults filled in.
import { known } from '../call-state.ts';
import type { Stage } from './stage.ts';

export function createTransformRequest(): Stage {
  return {
    name: 'transform_request',
    run(state) {
      state.input = known(state).plan.prepare(state.target);
    },
  };
}
