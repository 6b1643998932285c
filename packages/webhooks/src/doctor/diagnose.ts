import type { WebhookError } from "../errors.ts";
import type { WebhookRequest } from "../request.ts";
import type { StandardSecret } from "../standard/secret.ts";
import type { Attempt, Check, Finding, Remedy } from "./attempt.ts";
import { bodyRemedies } from "./body.ts";
import { headerRemedies } from "./header.ts";
import { secretHints, secretRemedies } from "./secret.ts";
import { urlRemedies } from "./url.ts";

/** Result of a diagnosis. Safe to show to the person who configures the receiver, but not to the sender. */
export interface Diagnosis {
  /** Whether the request verifies as it is. */
  readonly ok: boolean;
  /** Why verification fails, without the doctor's findings; `undefined` when it succeeds. */
  readonly error: WebhookError | undefined;
  /**
   * Mistakes that make the request verify when they are undone together: proof, not guesses. Empty when none was
   * found.
   */
  readonly findings: readonly Finding[];
  /** What looks wrong when nothing could be proved. */
  readonly hints: readonly Finding[];
  /** Number of combinations tried. */
  readonly tried: number;
  /** Why the doctor stopped before trying everything; `undefined` when it did not. */
  readonly stopped: StopReason | undefined;
}

/** `budget`: the limit on bytes or tries was reached. `aborted`: the signal was aborted. */
export type StopReason = "budget" | "aborted";

/** Other secrets and settings to examine, and limits of the search. */
export interface DoctorOptions {
  /**
   * Secrets of other environments or endpoints by name, such as `{ test: "whsec_…" }`, to detect that one of them
   * matches.
   */
  readonly otherSecrets?: Readonly<Record<string, string>>;
  /** Settings of the provider. URLs in them are examined like the URL of the request. */
  readonly config?: Readonly<Record<string, string | undefined>>;
  /** Also tries secrets as bytes, for schemes that accept bytes. */
  readonly rawSecrets?: boolean;
  /**
   * Total size of the bodies to verify, in bytes. Defaults to 67,108,864 (64 MiB), a fraction of a second with HMAC.
   */
  readonly maxBytes?: number;
  /** Number of combinations to try. Defaults to 10,000. */
  readonly maxTries?: number;
  /** Ends the search early. */
  readonly signal?: AbortSignal;
}

const MAX_BYTES = 64 * 1024 * 1024;
const MAX_TRIES = 10_000;
/** Bytes after which the event loop runs, so that timers fire and the signal can be aborted. */
const YIELD_BYTES = 4 * 1024 * 1024;
/** Cost of a try in addition to its body. */
const TRY_BYTES = 512;

/** Remaining budget of one diagnosis. */
class Budget {
  readonly #signal: AbortSignal | undefined;
  #bytes: number;
  #tries: number;
  #untilYield = YIELD_BYTES;

  constructor({ maxBytes = MAX_BYTES, maxTries = MAX_TRIES, signal }: DoctorOptions) {
    this.#bytes = maxBytes;
    this.#tries = maxTries;
    this.#signal = signal;
  }

  /** Charges one try. Returns the reason to stop, if any. */
  async spend({ request }: Attempt): Promise<StopReason | undefined> {
    const cost = request.body.length + TRY_BYTES;
    this.#bytes -= cost;
    this.#tries -= 1;
    this.#untilYield -= cost;
    if (this.#untilYield <= 0) {
      this.#untilYield = YIELD_BYTES;
      await new Promise((resolve) => setTimeout(resolve));
    }
    if (this.#signal?.aborted === true) return "aborted";
    return this.#bytes < 0 || this.#tries < 0 ? "budget" : undefined;
  }
}

/**
 * Finds out why a request does not verify: undoes likely mistakes one at a time, then two at a time, until
 * verification succeeds or the budget is used up. Meant for configuring a receiver, not for production traffic: a
 * diagnosis performs hundreds of verifications (a few milliseconds with HMAC). Its messages never contain the correct
 * signature.
 *
 * @param request The request as it arrived.
 * @param secrets The secrets that were used.
 * @param check Verifies one attempt. The doctor itself knows no scheme; {@link diagnoseStandard} and {@link
 *   diagnoseProvider} supply it.
 * @param options Other secrets, settings and limits.
 * @returns The findings, or hints when nothing could be proved.
 *
 * @example
 *
 * ```ts
 * import { sign, tryVerify } from "@posthorn/webhooks";
 * import { diagnose } from "@posthorn/webhooks/doctor";
 *
 * const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
 * const headers = await sign({ id: "msg_1", body: '{"a":1}' }, secret);
 * const body = new TextEncoder().encode('{ "a": 1 }');
 *
 * const request = { method: "POST", url: "https://receiver.example/", headers, body };
 * const { findings } = await diagnose(request, [secret], ({ request: tried, secrets }) => tryVerify(tried, secrets));
 * console.log(findings[0]?.code); // body_reserialised
 * ```
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
  message: "The body is nested too deeply to be parsed, so changes that a parser may have made were not tried.",
};

/** No mistake except the clock, then single mistakes, then pairs of different kinds. */
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
    `The signature is valid but was made ${distance}. Either this is an old captured request or a replay, ` +
    "or the clock of the sender or the receiver is wrong."
  );
}
