/**
 * Public ids and the integer keys behind them.
 *
 * An id is a prefix and 27 base62 characters: 20 bytes, big-endian, in the layout of a KSUID with finer time.
 *
 *     bytes 0–3   seconds since 2014-05-13T16:53:20Z (1 400 000 000)
 *     byte  4     the 4 ms tick within that second, 0–249
 *     bytes 5–6   14 bits of sequence within the tick, then 2 random bits
 *     bytes 7–19  random
 *
 * Ids sort by time. The first 53 significant bits are the row's integer key, so a look-up by public id is a look-up by key, and no
 * table needs an index on text (inserting random text keys costs 5 to 15 times as much). The random bits make an id unguessable;
 * they are stored with the row and compared. There are 105.9 of them: see {@link IdEncoder}.
 */
import { getRandomValues } from "node:crypto";
import { PosthornError } from "./errors.ts";

export type IdPrefix =
  | "org_"
  | "app_"
  | "ep_"
  | "msg_"
  | "inc_"
  | "alr_"
  | "alrt_"
  | "alrc_"
  | "note_"
  | "atmpt_"
  | "evtype_"
  | "qtask_"
  | "key_"
  | "src_"
  | "ssec_"
  | "quar_"
  | "acsub_"
  | "batch_"
  | "topic_"
  | "sub_"
  | "subreq_"
  | "watch_"
  | "share_"
  | "view_"
  | "erasure_"
  | "usr_"
  | "ses_"
  | "inv_"
  | "idp_"
  | "ident_"
  | "passkey_"
  | "redact_"
  | "relay_"
  | "req_"
  | "client_";

export interface GeneratedId {
  /** Integer primary key: at most 53 bits, increasing within a process. */
  readonly key: number;
  /** Public id: `prefix` and 27 base62 characters. */
  readonly id: string;
}

const EPOCH_SECONDS = 1_400_000_000;
const TICK_MS = 4;
const SEQUENCES_PER_TICK = 2 ** 14;
const TICKS_PER_SECOND_SLOT = 2 ** 8;
const KEYS_PER_SECOND = TICKS_PER_SECOND_SLOT * SEQUENCES_PER_TICK;

const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const ENCODED_LENGTH = 27;
/** Five digits. */
const CHUNK = 62 ** 5;

/** The smallest key of an id created at `ms` (Unix milliseconds), for comparing keys with times. */
export function keyAtTime(ms: number): number {
  const seconds = Math.floor(ms / 1000);
  if (seconds < EPOCH_SECONDS) return 0;
  const tick = Math.floor((ms - seconds * 1000) / TICK_MS);
  return (seconds - EPOCH_SECONDS) * KEYS_PER_SECOND + tick * SEQUENCES_PER_TICK;
}

/** The smallest key whose {@link timeOfKey} is later than `ms`, for the bounds "after" and "until". */
export function keyAfterTime(ms: number): number {
  return keyAtTime(ms + TICK_MS);
}

/** The time of a key, in Unix milliseconds with a resolution of 4 ms. */
export function timeOfKey(key: number): number {
  const seconds = Math.floor(key / KEYS_PER_SECOND);
  const tick = Math.floor((key % KEYS_PER_SECOND) / SEQUENCES_PER_TICK);
  return (seconds + EPOCH_SECONDS) * 1000 + tick * TICK_MS;
}

/** Constants for computing the Unix minute of a key in SQL with integer arithmetic: `(key / perSecond + epoch) / 60`. */
export const KEY_TIME = {
  perSecond: KEYS_PER_SECOND,
  epoch: EPOCH_SECONDS,
  perTick: SEQUENCES_PER_TICK,
  tickMs: TICK_MS,
} as const;

/** Maximum concurrent generators on one database. */
const SLOTS = 64;
/** Sequence numbers of a tick for the generators. Those above are reserved for keys created in the database. */
const SHARED_SEQUENCES = SEQUENCES_PER_TICK / 2;

interface SlotMembership {
  readonly holdsSlot: boolean;
}

const ALONE: SlotMembership = { holdsSlot: true };

/**
 * Generates ids. Keys are unique and strictly increasing, even if the clock is set back: within one tick the sequence increases, and a
 * clock that is behind the last key is ignored until it catches up.
 */
export class IdGenerator {
  #lastKey: number;
  #slot: number | null;
  readonly #now: () => number;
  readonly #encoder = new IdEncoder();
  readonly #membership: SlotMembership;
  readonly #newestKey: (() => number) | null;

  /**
   * @param slot Distinguishes its keys from those of other nodes on the same database; `null`: there are no other nodes.
   * @param membership Whether this node currently holds its slot, so that no other node can.
   * @param newestKey Newest key that all generators of the process know: later ones are greater, regardless of the clock.
   */
  constructor(
    now: () => number,
    lastKey = 0,
    slot: number | null = null,
    membership: SlotMembership = ALONE,
    newestKey: (() => number) | null = null,
  ) {
    this.#now = now;
    this.#lastKey = lastKey;
    this.#slot = slot;
    this.#membership = membership;
    this.#newestKey = newestKey;
  }

  /** Switches to another slot and to keys from `keysFrom` on. */
  moveTo(slot: number, keysFrom: number): void {
    this.#slot = slot;
    this.#lastKey = Math.max(this.#lastKey, keysFrom - 1);
  }

  /** Stops issuing keys up to the current time, and returns the last of them. */
  settle(): number {
    this.#lastKey = Math.max(this.#lastKey, keyAtTime(this.#now()) - 1);
    return this.#lastKey;
  }

  /**
   * Milliseconds until every generator with a synchronized clock creates keys greater than `key`; within a tick, keys are ordered by slot.
   * At most one tick, so that nothing waits for a clock that was set back.
   */
  msUntilPassed(key: number): number {
    return Math.min(TICK_MS, Math.max(0, timeOfKey(key) + TICK_MS - this.#now()));
  }

  /** The greatest key so far. */
  get lastKey(): number {
    return this.#lastKey;
  }

  /** Throws `storage_unavailable` while another node may hold the slot, because both would create the same keys. */
  next(prefix: IdPrefix): GeneratedId {
    if (!this.#membership.holdsSlot) {
      throw new PosthornError(
        "storage_unavailable",
        "Other nodes may consider this node gone. It is renewing its membership; try again.",
      );
    }
    const last = this.#newestKey === null ? this.#lastKey : Math.max(this.#lastKey, this.#newestKey());
    const key = this.#free(Math.max(keyAtTime(this.#now()), last + 1));
    // A tick has 16,384 keys and a second 250 ticks. The counter may overflow into ticks 250–255, which is harmless.
    this.#lastKey = key;
    return { key, id: this.#encoder.encode(prefix, key) };
  }

  /** The first key from `key` on that belongs to the slot. */
  #free(key: number): number {
    if (this.#slot === null) return key;
    const sequence = key % SEQUENCES_PER_TICK;
    const next = sequence + ((this.#slot - (sequence % SLOTS) + SLOTS) % SLOTS);
    const tick = key - sequence;
    return next < SHARED_SEQUENCES ? tick + next : tick + SEQUENCES_PER_TICK + this.#slot;
  }
}

/** The smallest id with a key: an iterator for a list whose last scanned row is not shown. No object has this id. */
export function iteratorOfKey(prefix: IdPrefix, key: number): string {
  let rest = BigInt(key) << BigInt(RANDOM_BITS);
  let digits = "";
  for (let count = 0; count < ENCODED_LENGTH; count++) {
    digits = `${ALPHABET[Number(rest % 62n)]!}${digits}`;
    rest /= 62n;
  }
  return prefix + digits;
}

/** The integer key of a public id, or `null` if `id` is not an id with that prefix. */
export function keyOfId(prefix: IdPrefix, id: string): number | null {
  if (!isId(prefix, id)) return null;
  const bytes = decode(id.slice(prefix.length));
  if (bytes === null || bytes[0]! > 0x7f) return null;
  const seconds = bytes[0]! * 2 ** 24 + bytes[1]! * 2 ** 16 + bytes[2]! * 2 ** 8 + bytes[3]!;
  const sequence = bytes[5]! * 64 + (bytes[6]! >>> 2);
  return seconds * KEYS_PER_SECOND + bytes[4]! * SEQUENCES_PER_TICK + sequence;
}

/** Whether `id` has the form of an id: the prefix and 27 base62 characters. */
export function isId(prefix: IdPrefix, id: string): boolean {
  return (
    id.startsWith(prefix) &&
    id.length === prefix.length + ENCODED_LENGTH &&
    /^[0-9A-Za-z]+$/.test(id.slice(prefix.length))
  );
}

/**
 * Whether `id` is a valid organisation id: `org_` and up to 100 letters, digits, `-`, `_` and `.`. Operators choose it in the tokens
 * they sign, so it need not have the format of generated ids.
 */
export function isOrganisationId(id: string): boolean {
  return /^org_[0-9A-Za-z._-]{1,100}$/.test(id);
}

/** Bits of an id after its key. */
const RANDOM_BITS = 106;
/** Digits of an id that are random without regard to its key. */
const RANDOM_DIGITS = 17;
const RANDOM_PAIRS = (RANDOM_DIGITS - 1) / 2;
/** How many values of the digits before the random ones belong to one key: 27.4. */
const HEADS_PER_KEY = 2 ** RANDOM_BITS / Number(62n ** BigInt(RANDOM_DIGITS));
/** So many of them belong to the key for certain, whatever is rounded. */
const SAFE_HEADS = 26;
/** More than the error of the sum that determines the first of them. */
const ROUNDING = 1e-6;
/** Two digits. */
const PAIR = 62 ** 2;
/** The greatest multiple of `PAIR` that is not above 2^16. */
const PAIR_VALUES = PAIR * Math.floor(2 ** 16 / PAIR);

/** The two digits of each number below 62², as character codes. */
const PAIRS = Uint8Array.from({ length: 2 * PAIR }, (_, place) => {
  const value = place >>> 1;
  return ALPHABET.charCodeAt(place % 2 === 0 ? Math.floor(value / 62) : value % 62);
});
/** Place of the first digit, behind the longest prefix. */
const DIGITS_AT = 64 - ENCODED_LENGTH;

/**
 * Encodes new ids. Instead of converting 160 bits to base 62, it draws the last 17 digits at random, and one of the 26 values of the ten
 * digits before them with which every such id contains the key. That is 26 · 62^17 of the 2^106 ids of a key: 105.9 random bits.
 */
class IdEncoder {
  /** Characters of an id, at the end. The first five digits stay for the next one. */
  readonly #characters = Buffer.allocUnsafeSlow(DIGITS_AT + ENCODED_LENGTH);
  readonly #random = new Uint16Array(2048);
  #used = 2048;
  /** Second for which the three numbers below were computed, since the epoch of keys. */
  #second = -1;
  /** Value of the ten digits before the random ones in the first id of the second: five digits, five digits, and a fraction. */
  #high = 0;
  #low = 0;
  #fraction = 0;
  /** Value of the first five digits in `#characters`. */
  #written = -1;

  encode(prefix: IdPrefix, key: number): string {
    const second = Math.floor(key / KEYS_PER_SECOND);
    if (second !== this.#second) this.#begin(second);
    const before = this.#fraction + (key - second * KEYS_PER_SECOND) * HEADS_PER_KEY;
    const low = this.#low + Math.floor(before + ROUNDING) + 1 + (this.#pair() % SAFE_HEADS);
    const carry = low < CHUNK ? 0 : 1;
    this.#writeHigh(this.#high + carry);
    this.#writeFive(low - carry * CHUNK, DIGITS_AT + 5);
    this.#writeRandom(DIGITS_AT + 10);
    const start = DIGITS_AT - prefix.length;
    for (let place = 0; place < prefix.length; place++) this.#characters[start + place] = prefix.charCodeAt(place);
    return this.#characters.toString("latin1", start);
  }

  #begin(second: number): void {
    const unit = 62n ** BigInt(RANDOM_DIGITS);
    const first = BigInt(second * KEYS_PER_SECOND) << BigInt(RANDOM_BITS);
    const heads = first / unit;
    this.#second = second;
    this.#high = Number(heads / BigInt(CHUNK));
    this.#low = Number(heads % BigInt(CHUNK));
    this.#fraction = Number(first % unit) / Number(unit);
  }

  #writeHigh(value: number): void {
    if (value === this.#written) return;
    this.#written = value;
    this.#writeFive(value, DIGITS_AT);
  }

  #writeFive(value: number, at: number): void {
    const characters = this.#characters;
    const top = Math.floor(value / PAIR);
    const last = 2 * (value - top * PAIR);
    const first = Math.floor(top / PAIR);
    const middle = 2 * (top - first * PAIR);
    characters[at] = PAIRS[2 * first + 1]!;
    characters[at + 1] = PAIRS[middle]!;
    characters[at + 2] = PAIRS[middle + 1]!;
    characters[at + 3] = PAIRS[last]!;
    characters[at + 4] = PAIRS[last + 1]!;
  }

  #writeRandom(from: number): void {
    const characters = this.#characters;
    for (let at = from; at < from + 2 * RANDOM_PAIRS; at += 2) {
      const pair = 2 * this.#pair();
      characters[at] = PAIRS[pair]!;
      characters[at + 1] = PAIRS[pair + 1]!;
    }
    characters[from + 2 * RANDOM_PAIRS] = PAIRS[2 * this.#pair() + 1]!;
  }

  /** A random number below 62². Values that would make some numbers more likely are skipped. */
  #pair(): number {
    for (;;) {
      if (this.#used === this.#random.length) {
        getRandomValues(this.#random);
        this.#used = 0;
      }
      const value = this.#random[this.#used++]!;
      if (value < PAIR_VALUES) return value % PAIR;
    }
  }
}

function decode(text: string): Uint8Array | null {
  const limbs = new Array<number>(10).fill(0);
  for (let i = 0; i < text.length; i++) {
    let carry = ALPHABET.indexOf(text[i]!);
    for (let limb = 9; limb >= 0; limb--) {
      const value = limbs[limb]! * 62 + carry;
      limbs[limb] = value % 65_536;
      carry = Math.floor(value / 65_536);
    }
    if (carry > 0) return null;
  }
  const bytes = new Uint8Array(20);
  for (let i = 0; i < 10; i++) {
    bytes[2 * i] = limbs[i]! >>> 8;
    bytes[2 * i + 1] = limbs[i]! & 255;
  }
  return bytes;
}
