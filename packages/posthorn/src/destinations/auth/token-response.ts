/** Classifies the responses of token services. */
import type { EgressFailure, EgressResponse, EgressResult } from "@posthorn/egress";
import type { TokenFailure } from "./token-cache.ts";

const utf8 = new TextDecoder();
/** Longest part of a foreign message that is shown. */
const MAX_QUOTE = 300;

/** The response, if it is complete, or why there is none. `service`: name of the service in sentences. */
export function completeResponse(result: EgressResult, service: string): EgressResponse | TokenFailure {
  if (result.kind === "error") return unreachable(result, service);
  if (result.truncated || result.bodyError !== undefined) {
    return unusable(`${service} sent an incomplete response. We try again.`);
  }
  return result;
}

/** Whether a status says that the request can succeed later without a change. */
export function isTemporary(status: number): boolean {
  return status === 408 || status === 429 || status >= 500;
}

/** The service responded with something that is not a token. */
export function unusable(sentence: string): TokenFailure {
  return { kind: "retry", code: "target_unavailable", sentence };
}

export function refused(sentence: string): TokenFailure {
  return { kind: "closed", code: "credentials_refused", sentence };
}

export function bodyText(response: EgressResponse): string {
  return utf8.decode(response.body);
}

/** Text of another service in one line of bounded length. Secrets that Posthorn sent are hidden if the service repeats them. */
export function quoted(text: string, secrets: readonly string[] = []): string {
  const hidden = secrets.filter((secret) => secret !== "").reduce((all, secret) => all.replaceAll(secret, "***"), text);
  // eslint-disable-next-line no-control-regex -- line breaks and other control characters are what it replaces
  const line = hidden.replace(/[\0-\x1f\x7f]+/g, " ").trim();
  const short = line.length > MAX_QUOTE ? `${line.slice(0, MAX_QUOTE)}…` : line;
  return short.replace(/\.$/, "");
}

function unreachable(failure: EgressFailure, service: string): TokenFailure {
  return { kind: "unreachable", failure: { ...failure, detail: `${service}: ${failure.detail}` } };
}
