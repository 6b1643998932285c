/** Checks that every request is signed with the secret of its endpoint. */
import { createHmac } from "node:crypto";
import { headerValue } from "@posthorn/egress";
import type { Check, SignedRequest } from "../check.ts";
import type { Ledger } from "../ledger.ts";
import type { RequestedAttempt, TrackedEndpoint } from "../tracked.ts";
import type { Verdict } from "../verdict.ts";

export class SecretsCheck implements Check {
  readonly #ledger: Ledger;
  readonly #verdict: Verdict;

  constructor({ ledger, verdict }: { ledger: Ledger; verdict: Verdict }) {
    this.#ledger = ledger;
    this.#verdict = verdict;
  }

  requested(
    { secret, host }: TrackedEndpoint,
    id: number,
    made: RequestedAttempt | null,
    request: SignedRequest,
  ): void {
    if (secret === null || made === null) return;
    const { run, begunAt } = made.attempt;
    if (!this.#ledger.knowsSettings(secret.commit, run, begunAt) || isSignedWith(secret.text, request)) return;
    this.#verdict.broken("signed", `message ${id} to ${host} is not signed with the secret that was set before`);
  }
}

/** Whether one of the signatures was made with this secret. */
function isSignedWith(secret: string, { headers, body }: SignedRequest): boolean {
  const header = (name: string): string => headerValue(headers, `webhook-${name}`) ?? "";
  const signature = createHmac("sha256", Buffer.from(secret.replace("whsec_", ""), "base64"))
    .update(`${header("id")}.${header("timestamp")}.`)
    .update(body ?? "")
    .digest("base64");
  return header("signature").split(" ").includes(`v1,${signature}`);
}
