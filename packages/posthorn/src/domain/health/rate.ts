/** Decides whether an endpoint that sometimes succeeds fails often enough to be disabled. */
import type { Services } from "../context.ts";
import type { AutoDisableValues } from "../policy/auto-disable.ts";
import { type Cause, forgetRateWarning, warnOfRate } from "./auto-disable.ts";
import { failureRate } from "./load.ts";
import { percentOfRate, WARNINGS, warningDue } from "./streak.ts";

export interface RateLook {
  readonly endpointKey: number;
  readonly policy: AutoDisableValues;
}

/**
 * Returns why the endpoint should be disabled now; `null` if it should not. Sends warnings first, and never disables an endpoint without a
 * warning: a rate can rise from zero between two checks.
 */
export async function checkFailureRate(services: Services, { endpointKey, policy }: RateLook): Promise<Cause | null> {
  const { store, now } = services;
  const row = await store.db
    .selectFrom("endpoint_rate")
    .select(["counted_from", "warned"])
    .where("endpoint_id", "=", endpointKey)
    .executeTakeFirst();
  const warned = row?.warned ?? 0;
  const since = Math.max(now() - policy.windowSeconds * 1000, row?.counted_from ?? 0);
  const rate = await failureRate(store, endpointKey, since);
  const percent = percentOfRate(rate, policy);
  if (percent >= 100 && warned >= WARNINGS.at(-1)!) {
    const { attempts, failures } = rate;
    return { since, failures, reason: `${failures} of its last ${attempts} attempts failed.` };
  }
  const warning = warningDue(warned, percent);
  if (warning !== null) await warnOfRate(services, { endpointKey, rate, since, percent: warning });
  else if (warned > 0 && percent < WARNINGS[0]) await forgetRateWarning(services, endpointKey);
  return null;
}
