/** Decodes the creation time from public IDs. */

const DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const EPOCH_SECONDS = 1_400_000_000;
const TICK_MS = 4;

/** Creation time of an ID in Unix milliseconds, to 4 ms; `null` when the text is not an ID. See docs/api.md and `lib/id.ts` of the server. */
export function timeOfId(id: string): number | null {
  const encoded = /^[a-z]+_([0-9A-Za-z]{27})$/.exec(id)?.[1];
  if (encoded === undefined) return null;
  let value = 0n;
  for (const digit of encoded) value = value * 62n + BigInt(DIGITS.indexOf(digit));
  const seconds = Number(value >> 128n);
  const ticks = Number((value >> 120n) & 0xffn);
  return (EPOCH_SECONDS + seconds) * 1000 + ticks * TICK_MS;
}
