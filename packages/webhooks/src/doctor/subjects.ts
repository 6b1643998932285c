import type { ProviderDefinition } from "../provider/types.ts";
import { type ProviderOptions, tryVerifyProvider } from "../provider/verify.ts";
import type { WebhookRequest } from "../request.ts";
import { secretList, type StandardSecret } from "../standard/secret.ts";
import { type StandardVerifyOptions, tryVerify } from "../standard/verify.ts";
import type { Attempt } from "./attempt.ts";
import { diagnose, type Diagnosis, type DoctorOptions } from "./diagnose.ts";

/** What limits the search, and other secrets to try. */
export type SearchOptions = Pick<DoctorOptions, "otherSecrets" | "maxBytes" | "maxTries" | "signal">;

function definedOf(limits: {
  [Name in "maxBytes" | "maxTries" | "signal"]: DoctorOptions[Name] | undefined;
}): DoctorOptions {
  return Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== undefined)) as DoctorOptions;
}

const ANY_TIME = { toleranceSeconds: Infinity, futureToleranceSeconds: Infinity };

/** Finds out why a Standard Webhooks request does not verify. Takes what `verify` takes. */
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

/** Finds out why a provider's request does not verify. Takes what `verifyProvider` takes. */
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
