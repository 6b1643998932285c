export interface Slot {
  /** Unix milliseconds. */
  readonly at: number;
  readonly attempts: number;
}

const SLOT_MS = 300_000;
/** Maximum number of bars of a chart. */
const MAX_BARS = 288;
/** Fewest bars: an hour. */
const MIN_BARS = 12;

/** Slots of five minutes without gaps. Longer periods are combined, so that there are from 12 to 288 bars. */
export function fillSlots(chart: readonly { readonly at: string; readonly attempts: number }[]): readonly Slot[] {
  if (chart.length === 0) return [];
  const first = Date.parse(chart[0]!.at);
  const last = Date.parse(chart.at(-1)!.at);
  const width = SLOT_MS * Math.ceil(((last - first) / SLOT_MS + 1) / MAX_BARS);
  const length = Math.max(MIN_BARS, Math.floor((last - first) / width) + 1);
  const bars = Array.from({ length }, (_, index) => {
    return { at: first + index * width, attempts: 0 };
  });
  for (const { at, attempts } of chart) bars[Math.floor((Date.parse(at) - first) / width)]!.attempts += attempts;
  return bars;
}
