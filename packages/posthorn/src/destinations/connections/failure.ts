/** Explains errors of connections that no protocol explains: address rules, DNS, TCP, TLS, and closed connections. */
import type { FailedResult } from "./driver.ts";
import { closed, quoted, refused, ResultError, retry } from "./driver.ts";
import { GuardError } from "./guard.ts";

const NETWORK: Readonly<Record<string, string>> = {
  ECONNREFUSED: "The target refused the connection. Check that it is running, and the host and port.",
  ECONNRESET: "The target closed the connection. Check its log, and whether it expects TLS.",
  EPIPE: "The target closed the connection. Check its log, and whether it expects TLS.",
  ETIMEDOUT: "The target did not accept the connection in time. Check the host and port, and its firewall.",
  EHOSTUNREACH: "There is no route to the target. Check the host, and its firewall.",
  ENETUNREACH: "There is no route to the target. Check the host, and its firewall.",
};

const TLS_CODE = /^(?:ERR_TLS_|ERR_SSL_|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|ERR_OSSL_|HOSTNAME_MISMATCH|EPROTO)/;
const DEPTH = 6;

/** @returns `null`: the error is not about the connection. */
export function connectionFailure(error: unknown): FailedResult | null {
  const chain = causesOf(error);
  const known = chain.find((one) => one instanceof ResultError);
  if (known !== undefined) return known.result;
  const guarded = chain.find((one) => one instanceof GuardError);
  if (guarded !== undefined) return guardFailure(guarded);
  for (const one of chain) {
    const code = codeOf(one);
    if (Object.hasOwn(NETWORK, code)) return retry("connection_failed", NETWORK[code]!);
    if (TLS_CODE.test(code)) {
      const sentence = `The TLS connection failed: ${quoted(one.message)} (${code}). Check the certificate of the target and the certificate authority of this destination.`;
      return retry("connection_failed", sentence);
    }
  }
  return null;
}

/** For errors that neither the connection nor the protocol explains. */
export function unknownFailure(error: unknown): FailedResult {
  const message = error instanceof Error ? error.message : String(error);
  return retry("connection_failed", `The connection to the target failed: ${quoted(message)}.`);
}

function guardFailure({ code, refusal, message }: GuardError): FailedResult {
  if (code === "EFLOOD") {
    return retry(
      "protocol_error",
      `${message} Posthorn ended the connection. Check that the port belongs to the service.`,
    );
  }
  if (refusal === null) return refused("connection_failed", message);
  const isAddress =
    refusal.code === "blocked_address" || refusal.code === "blocked_url" || refusal.code === "blocked_port";
  return isAddress ? closed("connection_failed", refusal.sentence) : retry("connection_failed", refusal.sentence);
}

/** The error and its causes, including those of groups of errors. */
export function causesOf(error: unknown): readonly Error[] {
  const found: Error[] = [];
  const visit = (one: unknown, depth: number): void => {
    if (!(one instanceof Error) || depth > DEPTH || found.includes(one)) return;
    found.push(one);
    visit(one.cause, depth + 1);
    if (one instanceof AggregateError) for (const inner of one.errors) visit(inner, depth + 1);
  };
  visit(error, 0);
  return found;
}

export function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}
