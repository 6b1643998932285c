import type { TFunction } from "i18next";
import { causes } from "../i18n/en/causes.ts";

export interface AttemptEnd {
  readonly status: number;
  readonly responseStatusCode: number;
  readonly errorCode: string | null;
}

/** What came of an attempt in a few words: the status, or why there was none. */
export function attemptCause(t: TFunction, { responseStatusCode, errorCode, status }: AttemptEnd): string {
  if (responseStatusCode > 0) {
    const answered = t("attempts.answered", { code: responseStatusCode });
    return status !== 0 && errorCode !== null && responseStatusCode < 300
      ? `${answered}, ${causeOf(t, errorCode)}`
      : answered;
  }
  return errorCode === null ? t("attempts.noAnswer") : causeOf(t, errorCode);
}

type Known = keyof typeof causes.causes;

function causeOf(t: TFunction, code: string): string {
  return code in causes.causes ? t(`causes.${code as Known}`) : words(code);
}

/** A code such as `connect_refused` as words. */
function words(code: string): string {
  return code.charAt(0).toUpperCase() + code.slice(1).replaceAll("_", " ");
}
