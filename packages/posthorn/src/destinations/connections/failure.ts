/** Explains errors of connections that no protocol explains: address rules, DNS, TCP, TLS, and closed connections. */
import type { FailedResult } from "./driver.ts";
import { closed, quoted, refused, ResultError, retry } from "./driver.ts";
import { GuardError } from "./guard.ts";

const NETWORK: Readonly<Record<string, string>> = {
  ECONNREFUSED: "The target refused the connection. Check that it is running, and the host and port.",
  ECONNRESET:
    "The target closed the connection. Check its log, whether it expects TLS, and whether it requires a client certificate.",
  EPIPE:
    "The target closed the connection. Check its log, whether it expects TLS, and whether it requires a client certificate.",
  ETIMEDOUT: "The target did not accept the connection in time. Check the host and port, and its firewall.",
  EHOSTUNREACH: "There is no route to the target. Check the host, and its firewall.",
  ENETUNREACH: "There is no route to the target. Check the host, and its firewall.",
};

const TLS_CODE = /^(?:ERR_TLS_|ERR_SSL_|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|ERR_OSSL_|HOSTNAME_MISMATCH|EPROTO)/;
/** Causes of failed TLS handshakes, by code and, for clients that hide the code, by the text of OpenSSL and Node.js. */
const TLS_CAUSES: readonly (readonly [code: RegExp, text: RegExp, sentence: string])[] = [
  [
    /^CERT_HAS_EXPIRED$/,
    /certificate has expired/i,
    "The certificate of the target has expired. Renew it on the target.",
  ],
  [
    /^CERT_NOT_YET_VALID$/,
    /certificate is not yet valid/i,
    "The certificate of the target is not valid yet. Check its dates and the clock of the target.",
  ],
  [
    /^(?:ERR_TLS_CERT_ALTNAME_INVALID|HOSTNAME_MISMATCH)$/,
    /does not match certificate's altnames/i,
    "The certificate of the target is for another host name. Enter a host that it names, or use a certificate for this host.",
  ],
  [
    /^(?:DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_(?:GET_ISSUER_CERT(?:_LOCALLY)?|VERIFY_LEAF_SIGNATURE)|CERT_SIGNATURE_FAILURE)$/,
    /self.signed certificate|unable to (?:get (?:local )?issuer certificate|verify the first certificate)/i,
    "The certificate of the target is signed by an authority that is not trusted. Enter the certificate of this authority, or use a certificate of a public one.",
  ],
  [
    /^ERR_SSL_\w*(?:CERTIFICATE_REQUIRED|BAD_CERTIFICATE|UNKNOWN_CA|CERTIFICATE_UNKNOWN|CERTIFICATE_EXPIRED)$/,
    /alert (?:certificate required|bad certificate|unknown ca|certificate unknown|certificate expired)/i,
    "The target refused the client certificate, or requires one. Enter a certificate and key that it accepts.",
  ],
  [
    /^ERR_SSL_(?:WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST)$/,
    /wrong version number|packet length too long/i,
    "The target does not expect TLS on this port. Check the port, or the encryption setting.",
  ],
];
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
    const tls = tlsFailure(one);
    if (tls !== null) return tls;
  }
  return null;
}

/** @returns `null`: the error is not about TLS. */
export function tlsFailure(error: Error): FailedResult | null {
  const code = codeOf(error);
  const cause = TLS_CAUSES.find(([codes, text]) => codes.test(code) || text.test(error.message));
  if (cause !== undefined) {
    const [, , sentence] = cause;
    return retry(
      "connection_failed",
      sentence.replace(".", ` (${TLS_CODE.test(code) ? code : quoted(error.message.split(";")[0]!)}).`),
    );
  }
  if (!TLS_CODE.test(code)) return null;
  const sentence = `The TLS connection failed: ${quoted(error.message)} (${code}). Check the certificate of the target and the certificate authority of this destination.`;
  return retry("connection_failed", sentence);
}

/** For errors that neither the connection nor the protocol explains. */
export function unknownFailure(error: unknown): FailedResult {
  const message = error instanceof Error ? error.message : String(error);
  return retry("connection_failed", `The connection to the target failed: ${quoted(message)}.`);
}

function guardFailure({ isFlood, refusal, message }: GuardError): FailedResult {
  if (isFlood) {
    return retry("protocol_error", `${message} We ended the connection. Check that the port belongs to the service.`);
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
