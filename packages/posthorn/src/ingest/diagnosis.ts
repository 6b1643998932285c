/** Signature doctor: finds out why a request failed verification. Runs in a worker thread, because a search takes up to one second of CPU time. */
import { isWebhookError, type WebhookErrorCode, type WebhookRequest } from "@posthorn/webhooks";
import { diagnoseProvider, type Finding, type StopReason } from "@posthorn/webhooks/doctor";
import { type FetchKey, type ProviderOptions, tryVerifyProvider } from "@posthorn/webhooks/provider";
import { definitionOf } from "../domain/source/kind.ts";
import type { Verification } from "../domain/source/verification.ts";
import type { LiveSource } from "./live-source.ts";

/** Request to diagnose, in a form that can be sent to another thread. */
export interface DiagnosisJob {
  readonly type: string;
  readonly verification: Verification | null;
  readonly request: {
    readonly method: string;
    readonly url: string;
    readonly headers: readonly (readonly [string, string])[];
    readonly body: Uint8Array;
  };
  readonly options: Pick<ProviderOptions, "secrets" | "publicKeys" | "config" | "allowUnsigned" | "toleranceSeconds">;
  readonly otherSecrets: Readonly<Record<string, string>>;
  /** Unix milliseconds. */
  readonly now: number;
  /** Keys fetched from the provider, as JSON by {@link keyName}. */
  readonly keys: Readonly<Record<string, string>>;
}

/** Diagnosis of `@posthorn/webhooks` with a plain error, because error objects cannot be sent between threads. */
export interface DiagnosisReport {
  readonly kind: "diagnosed";
  readonly ok: boolean;
  readonly error: { readonly code: WebhookErrorCode; readonly message: string } | null;
  readonly findings: readonly Finding[];
  readonly hints: readonly Finding[];
  readonly tried: number;
  readonly stopped: StopReason | null;
}

/** Runs the search. Needs only the job and opens no connections. */
export async function diagnose(job: DiagnosisJob): Promise<DiagnosisReport> {
  const definition = definitionOf(job.type, job.verification)!;
  const diagnosis = await diagnoseProvider(definition, job.request, {
    ...job.options,
    otherSecrets: job.otherSecrets,
    now: () => job.now,
    fetchKey: (request) => {
      const known = job.keys[keyName(request)];
      return known === undefined
        ? Promise.reject(new Error("this key was not fetched"))
        : Promise.resolve(JSON.parse(known) as Awaited<ReturnType<FetchKey>>);
    },
  });
  const { ok, error, findings, hints, tried, stopped } = diagnosis;
  return { kind: "diagnosed", ok, error: shown(error), findings, hints, tried, stopped: stopped ?? null };
}

/**
 * Verifies the request once, which fetches the keys that the provider's scheme needs, and builds the job with them.
 * `report`: the result without a search.
 */
export async function prepareDiagnosis(
  source: LiveSource,
  request: DiagnosisJob["request"],
  otherSecrets: Readonly<Record<string, string>>,
  now: number,
): Promise<{ readonly job: DiagnosisJob; readonly report: DiagnosisReport }> {
  const keys: Record<string, string> = {};
  const { fetchKey, secrets, publicKeys, config, allowUnsigned, toleranceSeconds } = source.options;
  const recorded: FetchKey = async (wanted) => {
    const key = await fetchKey!(wanted);
    keys[keyName(wanted)] = JSON.stringify(key);
    return key;
  };
  const error = await errorOf(source, request, { ...source.options, fetchKey: recorded });
  const options = Object.fromEntries(
    Object.entries({ secrets, publicKeys, config, allowUnsigned, toleranceSeconds }).filter(
      ([, value]) => value !== undefined,
    ),
  );
  const { type, verification } = source.settings;
  const job = { type, verification, request, options, otherSecrets, now, keys };
  const ok = error === null;
  return {
    job,
    report: { kind: "diagnosed", ok, error, findings: [], hints: [], tried: 1, stopped: ok ? null : "budget" },
  };
}

async function errorOf(
  { definition }: LiveSource,
  request: WebhookRequest,
  options: ProviderOptions,
): Promise<DiagnosisReport["error"]> {
  const result = await tryVerifyProvider(definition, request, options);
  return result.ok ? null : shown(result.error);
}

function shown(error: unknown): DiagnosisReport["error"] {
  return isWebhookError(error) ? { code: error.code, message: error.message } : null;
}

function keyName({ provider, url = "", kid = "" }: Parameters<FetchKey>[0]): string {
  return JSON.stringify([provider, url, kid]);
}
