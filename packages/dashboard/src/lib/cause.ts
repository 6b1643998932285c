import type { TFunction } from "i18next";
import { causes } from "../i18n/en/causes.ts";
import { httpStatus } from "./http-status.ts";

export interface AttemptEnd {
  readonly status: number;
  readonly responseStatusCode: number;
  readonly errorCode: string | null;
}

/** Result of an attempt in a few words: the HTTP status, or why there was no response. */
export function attemptCause(t: TFunction, { responseStatusCode, errorCode, status }: AttemptEnd): string {
  if (responseStatusCode > 0) {
    const response = t("attempts.httpStatus", { status: httpStatus(responseStatusCode) });
    return status !== 0 && errorCode !== null && responseStatusCode < 300
      ? `${response}, ${causeOf(t, errorCode)}`
      : response;
  }
  return errorCode === null ? t("attempts.noResponse") : causeOf(t, errorCode);
}

/** A cause of failed attempts in a few words: an HTTP status such as `502`, or an error code such as `timeout`. */
export function causeText(t: TFunction, cause: string): string {
  if (!/^[1-5]\d\d$/.test(cause)) return cause === "0" ? t("attempts.noResponse") : causeOf(t, cause);
  return t("attempts.httpStatus", { status: httpStatus(Number(cause)) });
}

type Known = keyof typeof causes.causes;

function causeOf(t: TFunction, code: string): string {
  return code in causes.causes ? t(`causes.${code as Known}`) : fallbackText(code);
}

/** Words of a code that has no translation: `connect_refused` becomes "Connect refused". */
function fallbackText(code: string): string {
  return code.charAt(0).toUpperCase() + code.slice(1).replaceAll("_", " ");
}
