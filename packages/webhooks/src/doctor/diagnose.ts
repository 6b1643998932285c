import type { WebhookError } from "../errors.ts";
import type { WebhookRequest } from "../request.ts";
import type { StandardSecret } from "../standard/secret.ts";
import type { Attempt, Check, Finding, Remedy } from "./attempt.ts";
import { bodyRemedies } from "./body.ts";
import { headerRemedies } from "./header.ts";
import { secretHints, secretRemedies } from "./secret.ts";
import { urlRemedies } from "./url.ts";

/** What the doctor concluded. Everything in it is safe to show to whoever sets the receiver up. */
export interface Diagnosis {
  /** Whether the request verifies as it is. */
  readonly ok: boolean;
  /** Why it does not, as verification alone says. */
  readonly error: WebhookError | undefined;
  /** Mistakes that, undone together, make the request verify: proof, not guesses. Empty when none did. */
  readonly findings: readonly Finding[];
  /** What looks wrong when nothing could be proved. */
  readonly hints: readonly Finding[];
  /** How many combinations were tried. */
  readonly tried: number;
  /** Why the doctor stopped before it had tried everything; `undefined`: it did not. */
  readonly stopped: StopReason | undefined;
}

/** The budget was used up, or the signal was aborted. */
export type StopReason = "budget" | "aborted";

/** What to examine beside request and secrets. */
export interface DoctorOptions {
  /** Secrets of other environments or endpoints by name, such as `{ test: "whsec_…" }`, to see if one of them fits. */
  readonly otherSecrets?: Readonly<Record<string, string>>;
  /** Settings of the provider; URLs in it are examined like the request's own. */
  readonly config?: Readonly<Record<string, string | undefined>>;
  /** Secrets may also be tried as bytes: for schemes that take bytes. */
  readonly rawSecrets?: boolean;
  /** Bytes of bodies to verify in total before it stops looking; 64 MiB when absent, a fraction of a second with HMAC. */
  readonly maxBytes?: number;
  /** Combinations to try before it stops looking; 10,000 when absent. */
  readonly maxTries?: number;
  /** Ends the search. */
  readonly signal?: AbortSignal;
}

const MAX_BYTES = 64 * 1024 * 1024;
const MAX_TRIES = 10_000;
/** Bytes after which others get a turn, so that a signal can be aborted meanwhile. */
const TURN_BYTES = 4 * 1024 * 1024;
/** What a try costs beside its body. */
const TRY_BYTES = 512;

/** What is left to spend on one diagnosis. */
class Budget {
  readonly #signal: AbortSignal | undefined;
  #bytes: number;
  #tries: number;
  #turn = TURN_BYTES;

  constructor({ maxBytes = MAX_BYTES, maxTries = MAX_TRIES, signal }: DoctorOptions) {
    this.#bytes = maxBytes;
    this.#tries = maxTries;
    this.#signal = signal;
  }

  /** Pays for one try. Returns why there must be no more, if so. */
  async spend({ request }: Attempt): Promise<StopReason | undefined> {
    const cost = request.body.length + TRY_BYTES;
    this.#bytes -= cost;
    this.#tries -= 1;
    this.#turn -= cost;
    if (this.#turn <= 0) {
      this.#turn = TURN_BYTES;
      await new Promise((resolve) => setTimeout(resolve));
    }
    if (this.#signal?.aborted === true) return "aborted";
    return this.#bytes < 0 || this.#tries < 0 ? "budget" : undefined;
  }
}

/**
 * Finds out why a request does not verify, by undoing likely mistakes, one at a time and then two at a time, until it
 * does or its budget is used up. A tool for setting up, not for production: it does hundreds of verifications, a few
 * milliseconds with HMAC. Its words never hold the signature that would have been right.
 *
 * @param check Verifies one attempt; the doctor knows no scheme by itself.
 */
export async function diagnose(
  request: WebhookRequest,
  secrets: readonly StandardSecret[],
  check: Check,
  options: DoctorOptions = {},
): Promise<Diagnosis> {
  const attempt: Attempt = { request, secrets, config: options.config ?? {} };
  const plain = await check(attempt, false);
  if (plain.ok) return { ok: true, error: undefined, findings: [], hints: [], tried: 1, stopped: undefined };
  const { findings, ...searched } = await search(attempt, check, options);
  const hints = findings.length > 0 ? [] : [...secretHints(secrets), ...searched.hints];
  return { ...searched, ok: false, error: plain.error, findings, hints };
}

type Search = Pick<Diagnosis, "findings" | "hints" | "tried" | "stopped">;

async function search(attempt: Attempt, check: Check, options: DoctorOptions): Promise<Search> {
  const budget = new Budget(options);
  let tried = 1;
  let stopped: StopReason | undefined;
  try {
    for (const remedies of combinations(attempt, options)) {
      const last = remedies.at(-1)?.attempt ?? attempt;
      stopped = await budget.spend(last);
      if (stopped !== undefined) break;
      tried += 1;
      if (!(await check(last, true)).ok) continue;
      const timely = await check(last, false);
      const findings = remedies.map(({ code, message }): Finding => ({ code, message }));
      if (!timely.ok) findings.push({ code: "clock", message: clockMessage(timely.error) });
      return { findings, hints: [], tried, stopped };
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return { findings: [], hints: [TOO_DEEP], tried, stopped };
  }
  return { findings: [], hints: [], tried, stopped };
}

const TOO_DEEP: Finding = {
  code: "body_too_deep",
  message: "The body is nested too deeply to look into, so changes that a parser may have made to it were not tried.",
};

/** No mistake but the clock, then single mistakes, then the pairs that go together. */
function* combinations(attempt: Attempt, options: DoctorOptions): Generator<readonly Remedy[]> {
  yield [];
  const kinds = [
    (from: Attempt) => secretRemedies(from, options.rawSecrets === true, options.otherSecrets ?? {}),
    bodyRemedies,
    headerRemedies,
    urlRemedies,
  ];
  for (const kind of kinds) for (const remedy of kind(attempt)) yield [remedy];
  for (const [index, first] of kinds.entries()) {
    for (const one of first(attempt)) {
      for (const second of kinds.slice(index + 1)) for (const other of second(one.attempt)) yield [one, other];
    }
  }
}

function clockMessage({ details }: WebhookError): string {
  const age = Math.round(details.ageSeconds ?? 0);
  const distance = age >= 0 ? `${age} s ago` : `${-age} s in the future`;
  return (
    `The signature is genuine, but was made ${distance}: a captured request that is old by now, a replay, ` +
    "or a clock that is wrong on one side."
  );
}
