/** Converts failures of destination connections, which the listeners share, to failures of sources. */
import type { FailedResult } from "../../destinations/connections/driver.ts";
import type { DestinationErrorCode } from "../../destinations/kind.ts";
import { SourceFailure, type SourceErrorCode } from "../driver.ts";
import type { ListenFailure } from "./listener.ts";

const CODES: Readonly<Record<DestinationErrorCode, SourceErrorCode>> = {
  credentials_refused: "credentials_refused",
  target_not_found: "target_not_found",
  message_too_large: "target_refused",
  message_invalid: "target_refused",
  rate_limited: "rate_limited",
  target_unavailable: "target_unavailable",
  timeout: "timeout",
  connection_failed: "connection_failed",
  protocol_error: "protocol_error",
};

/** A sentence says first what happened, and then what to do. */
export function listenFailure(result: FailedResult): ListenFailure {
  const { code, sentence } = result;
  const at = sentence.search(
    /(?<=[.)"] )(?:Check|Enter|Renew|Use|Allow|Turn|Create|Raise|Free|Remove|Choose|Free|Set) /,
  );
  return {
    code: CODES[code],
    message: at === -1 ? sentence : sentence.slice(0, at).trim(),
    hint: at === -1 ? null : sentence.slice(at),
    retryAfterMs: result.kind === "later" ? result.afterMs : null,
  };
}

/** As `listenFailure`, for drivers that send requests. */
export function sourceFailure(result: FailedResult): SourceFailure {
  const { code, message, hint, retryAfterMs } = listenFailure(result);
  return new SourceFailure(code, message, { hint, retryAfterMs });
}
