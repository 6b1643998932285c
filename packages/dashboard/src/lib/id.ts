/** What public ids tell: they begin with their time. */

const DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const EPOCH_SECONDS = 1_400_000_000;
const TICK_MS = 4;

/** When what has this id was made, Unix milliseconds to 4 ms; `null` when it is none. Source: docs/api.md, and `id.ts` of the server. */
export function timeOfId(id: string): number | null {
  const encoded = /^[a-z]+_([0-9A-Za-z]{27})$/.exec(id)?.[1];
  if (encoded === undefined) return null;
  let value = 0n;
  for (const digit of encoded) value = value * 62n + BigInt(DIGITS.indexOf(digit));
  const seconds = Number(value >> 128n);
  const ticks = Number((value >> 120n) & 0xffn);
  return (EPOCH_SECONDS + seconds) * 1000 + ticks * TICK_MS;
}
