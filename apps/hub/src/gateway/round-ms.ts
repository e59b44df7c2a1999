/** To hundredths: what a person reads and a log compresses. */
export function roundMs(ms: number): number {
  return Math.round(ms * 100) / 100;
}
