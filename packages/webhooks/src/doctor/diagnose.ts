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
}

/** What to examine beside request and secrets. */
export interface DoctorOptions {
  /** Secrets of other environments or endpoints by name, such as `{ test: "whsec_…" }`, to see if one of them fits. */
  readonly otherSecrets?: Readonly<Record<string, string>>;
  /** Settings of the provider; URLs in it are examined like the request's own. */
  readonly config?: Readonly<Record<string, string | undefined>>;
  /** Secrets may also be tried as bytes: for schemes that take bytes. */
  readonly rawSecrets?: boolean;
}

/**
 * Finds out why a request does not verify, by undoing likely mistakes, one at a time and then two at a time, until it
 * does. A tool for setting up, not for production: it does hundreds of verifications, a few milliseconds with HMAC. Its
 * words never hold the signature that would have been right.
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
  let tried = 1;
  const plain = await check(attempt, false);
  if (plain.ok) return { ok: true, error: undefined, findings: [], hints: [], tried };

  for (const remedies of combinations(attempt, options)) {
    tried += 1;
    const last = remedies.at(-1)?.attempt ?? attempt;
    if (!(await check(last, true)).ok) continue;
    const timely = await check(last, false);
    const findings = remedies.map(({ code, message }): Finding => ({ code, message }));
    if (!timely.ok) findings.push({ code: "clock", message: clockMessage(timely.error) });
    return { ok: false, error: plain.error, findings, hints: [], tried };
  }
  return { ok: false, error: plain.error, findings: [], hints: secretHints(secrets), tried };
}

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
