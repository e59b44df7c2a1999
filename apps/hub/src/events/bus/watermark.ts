import type { LogPosition } from './log-repository.ts';

/** How far a consumer has come without a gap, while its events are done in any order. */
export interface Watermark {
  /** The next entry of the log. @returns to be called once when it is done */
  add(position: LogPosition): () => void;
  /** Entries behind which something is not done yet. */
  readonly size: number;
}

interface Mark {
  readonly position: LogPosition;
  isDone: boolean;
}

export function createWatermark(onAdvance: (position: LogPosition) => void): Watermark {
  // A queue with a moving head: shift() on a long array moves all of it.
  let marks: Mark[] = [];
  let head = 0;
  return {
    get size() {
      return marks.length - head;
    },
    add(position) {
      const mark = { position, isDone: false };
      marks.push(mark);
      return () => {
        mark.isDone = true;
        let reached: LogPosition | undefined;
        for (let first = marks[head]; first?.isDone === true; first = marks[head]) {
          reached = first.position;
          head++;
        }
        if (reached === undefined) return;
        if (head === marks.length || head > 1_000) {
          marks = marks.slice(head);
          head = 0;
        }
        onAdvance(reached);
      };
    },
  };
}
