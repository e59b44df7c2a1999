/** Runs works one after the other, in the order in which they ask; the result is the work's own. */
export type Turn = <Result>(work: () => Promise<Result>) => Promise<Result>;

export function createTurn(): Turn {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const mine = last.then(work);
    last = mine.catch(() => undefined);
    return mine;
  };
}
