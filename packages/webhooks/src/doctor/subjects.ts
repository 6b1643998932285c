import type { ProviderDefinition } from "../provider/types.ts";
import { type ProviderOptions, tryVerifyProvider } from "../provider/verify.ts";
import type { WebhookRequest } from "../request.ts";
import { secretList, type StandardSecret } from "../standard/secret.ts";
import { type StandardVerifyOptions, tryVerify } from "../standard/verify.ts";
import type { Attempt } from "./attempt.ts";
import { diagnose, type Diagnosis, type DoctorOptions } from "./diagnose.ts";

/** Other secrets to try, and limits of the search. */
export type SearchOptions = Pick<DoctorOptions, "otherSecrets" | "maxBytes" | "maxTries" | "signal">;

function definedOf(limits: {
  [Name in "maxBytes" | "maxTries" | "signal"]: DoctorOptions[Name] | undefined;
}): DoctorOptions {
  return Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== undefined)) as DoctorOptions;
}

const ANY_TIME = { toleranceSeconds: Infinity, futureToleranceSeconds: Infinity };

/**
 * Finds out why a Standard Webhooks request does not verify.
 *
 * @param request The request as it arrived.
 * @param secrets The secrets that were passed to `verify`.
 * @param options The options that were passed to `verify`, and limits of the search.
 * @returns The findings, or hints when nothing could be proved.
 *
 * @example
 *
 * ```ts
 * import { sign } from "@posthorn/webhooks";
 * import { diagnoseStandard } from "@posthorn/webhooks/doctor";
 *
 * const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
 * const body = new TextEncoder().encode("{}");
 * const headers = await sign({ id: "msg_1", body }, secret);
 * const request = { method: "POST", url: "https://receiver.example/", headers, body };
 *
 * const { findings } = await diagnoseStandard(request, ` ${secret}`);
 * console.log(findings[0]?.message); // The secret has white space around it. Copy only the secret itself.
 * ```
 */
export function diagnoseStandard(
  request: WebhookRequest,
  secrets: StandardSecret | readonly StandardSecret[],
  options: StandardVerifyOptions & SearchOptions = {},
): Promise<Diagnosis> {
  const { otherSecrets = {}, maxBytes, maxTries, signal, ...verifyOptions } = options;
  const limits = definedOf({ maxBytes, maxTries, signal });
  const check = (attempt: Attempt, anyTime: boolean) =>
    tryVerify(attempt.request, attempt.secrets, anyTime ? { ...verifyOptions, ...ANY_TIME } : verifyOptions);
  return diagnose(request, secretList(secrets), check, { ...limits, otherSecrets, rawSecrets: true });
}

/**
 * Finds out why a provider's request does not verify.
 *
 * @param definition Definition of the provider.
 * @param request The request as it arrived.
 * @param options The options that were passed to `verifyProvider`, and limits of the search.
 * @returns The findings, or hints when nothing could be proved.
 *
 * @example
 *
 * ```ts
 * import { diagnoseProvider } from "@posthorn/webhooks/doctor";
 * import { github } from "@posthorn/webhooks/providers/github";
 * import { signProvider } from "@posthorn/webhooks/testing";
 *
 * const request = await signProvider(github, { secret: "hush", body: '{"action":"opened"}' });
 * const body = new TextEncoder().encode('{"action":"opened"}\n');
 * const { findings } = await diagnoseProvider(github, { ...request, body }, { secrets: "hush" });
 * console.log(findings[0]?.code); // body_newline
 * ```
 */
export function diagnoseProvider(
  definition: ProviderDefinition,
  request: WebhookRequest,
  options: ProviderOptions & SearchOptions,
): Promise<Diagnosis> {
  const { otherSecrets = {}, secrets = [], config = {}, maxBytes, maxTries, signal, ...verifyOptions } = options;
  const limits = definedOf({ maxBytes, maxTries, signal });
  const check = (attempt: Attempt, anyTime: boolean) =>
    tryVerifyProvider(definition, attempt.request, {
      ...verifyOptions,
      ...(anyTime && ANY_TIME),
      secrets: attempt.secrets.filter((secret) => typeof secret === "string"),
      config: attempt.config,
    });
  return diagnose(request, typeof secrets === "string" ? [secrets] : secrets, check, {
    ...limits,
    otherSecrets,
    config,
  });
}
