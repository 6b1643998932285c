/**
 * Hashes of passwords: Argon2id with the parameters that OWASP recommends, in PHC format, so that other parameters can be introduced later.
 * A hash takes 19 MiB and a thread of libuv's pool, which also resolves host names and reads files, so few are computed at once.
 */
import { argon2, randomBytes, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";
import { PosthornError } from "../../lib/errors.ts";
import { WorkLimiter } from "../../lib/work-limiter.ts";

export interface HashParameters {
  /** KiB. */
  readonly memory: number;
  readonly passes: number;
  readonly parallelism: number;
}

/** OWASP Password Storage Cheat Sheet: 19 MiB, two passes, one lane. */
export const HASH_PARAMETERS: HashParameters = { memory: 19_456, passes: 2, parallelism: 1 };
const SALT_BYTES = 16;
const HASH_BYTES = 32;
/** Beyond these, a stored hash is damaged. */
const MAX_MEMORY = 1_048_576;
const MAX_PASSES = 32;

const limiter = new WorkLimiter({ concurrency: 2, maxWaiting: 30 });
const argon2id = promisify(argon2);

/** A hash in PHC format. */
export async function hashPassword(password: string, parameters = HASH_PARAMETERS): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  const hash = await compute(password, salt, parameters, HASH_BYTES);
  return phcOf(parameters, salt, hash);
}

export interface PasswordCheck {
  readonly matches: boolean;
  /** Whether the hash has outdated parameters and should be replaced. */
  readonly isOutdated: boolean;
}

/**
 * Checks a password. Without a stored hash the same work is done, so that the time of a response does not reveal whether there is an
 * account with a password.
 */
export async function checkPassword(password: string, stored: string | null): Promise<PasswordCheck> {
  const known = stored === null ? null : parsePhc(stored);
  const { parameters, salt, hash } = known ?? DUMMY;
  const computed = await compute(password, salt, parameters, hash.length);
  const matches = timingSafeEqual(computed, hash) && known !== null;
  return { matches, isOutdated: !sameParameters(parameters, HASH_PARAMETERS) };
}

interface StoredHash {
  readonly parameters: HashParameters;
  readonly salt: Buffer;
  readonly hash: Buffer;
}

const DUMMY: StoredHash = {
  parameters: HASH_PARAMETERS,
  salt: randomBytes(SALT_BYTES),
  hash: randomBytes(HASH_BYTES),
};

/** Unicode has several encodings of one text. Keyboards differ in the one they produce. */
function bytesOf(password: string): Buffer {
  return Buffer.from(password.normalize("NFKC"), "utf8");
}

async function compute(
  password: string,
  nonce: Buffer,
  parameters: HashParameters,
  tagLength: number,
): Promise<Buffer> {
  const computed = limiter.run(() =>
    argon2id("argon2id", { message: bytesOf(password), nonce, tagLength, ...parameters }),
  );
  if (computed === null) {
    throw new PosthornError(
      "sign_in_busy",
      "Too many passwords are being checked at the moment. Try again in a few seconds.",
    );
  }
  return await computed;
}

function phcOf({ memory, passes, parallelism }: HashParameters, salt: Buffer, hash: Buffer): string {
  const text = (bytes: Buffer): string => bytes.toString("base64").replaceAll("=", "");
  return `$argon2id$v=19$m=${memory},t=${passes},p=${parallelism}$${text(salt)}$${text(hash)}`;
}

const PHC = /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/;

function parsePhc(text: string): StoredHash | null {
  const match = PHC.exec(text);
  if (match === null) return null;
  const [memory, passes, parallelism] = [Number(match[1]), Number(match[2]), Number(match[3])];
  if (memory > MAX_MEMORY || passes > MAX_PASSES || parallelism === 0) return null;
  const [salt, hash] = [Buffer.from(match[4]!, "base64"), Buffer.from(match[5]!, "base64")];
  if (salt.length < 8 || hash.length < 4) return null;
  return { parameters: { memory, passes, parallelism }, salt, hash };
}

function sameParameters(one: HashParameters, other: HashParameters): boolean {
  return one.memory === other.memory && one.passes === other.passes && one.parallelism === other.parallelism;
}
