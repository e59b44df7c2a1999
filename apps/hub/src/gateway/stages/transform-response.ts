// Stage 8: what came back becomes the call's outcome; whatever was thrown becomes one error of the closed table.
import { HubError } from '@inthub/contracts';
import type { CallState } from '../call-state.ts';
import type { SyncStage } from './stage.ts';

export function createTransformResponse(): SyncStage {
  return {
    name: 'transform_response',
    run(state) {
      if (state.outcome !== null) return;
      state.outcome =
        state.thrown === null
          ? { ok: true, value: state.returned?.value }
          : { ok: false, error: normalise(state.thrown.error, state) };
    },
  };
}

/** HubErrors stand as they are. Anything else should not have got here: its message is private, its cause goes to the log. */
function normalise(thrown: unknown, { executed }: CallState): HubError {
  return HubError.from(thrown, executed ? 'connector_failed' : 'internal');
}
