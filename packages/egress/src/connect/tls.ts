import { createHash, X509Certificate } from "node:crypto";
import type { Socket } from "node:net";
import { connect, createSecureContext } from "node:tls";
import type { DetailedPeerCertificate, PeerCertificate, SecureContext, TLSSocket } from "node:tls";
import { EgressError } from "../errors.ts";
import type { EgressErrorCode } from "../errors.ts";
import type { EgressTls, EgressTlsInfo } from "../types.ts";

/** Prepared TLS settings. The context is created once, because creating it costs as much as dozens of requests. */
export interface TlsProfile {
  /** Equal settings have equal keys. */
  readonly key: string;
  readonly context: SecureContext;
  readonly pins: readonly string[];
  /** Trusts its own authorities instead of the built-in ones. */
  readonly ownAuthority: boolean;
  /** False when a pin replaces the verification of chain and name. */
  readonly verifyChain: boolean;
}

/**
 * Prepares TLS settings.
 *
 * @throws {EgressError} `bad_tls_settings` when CA, certificate or key are unreadable.
 */
export function tlsProfile(settings: EgressTls): TlsProfile {
  const { ca, cert, key, passphrase } = settings;
  const pins = (settings.pins ?? []).map(normalisePin);
  const hash = createHash("sha256").update(JSON.stringify([ca, cert, key, passphrase, pins]));
  try {
    if (ca !== undefined) readCertificates(ca);
    if ((cert === undefined) !== (key === undefined)) throw new TypeError("cert and key must be set together");
    const context = createSecureContext({
      minVersion: "TLSv1.2",
      ...(ca === undefined ? {} : { ca }),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
      ...(passphrase === undefined ? {} : { passphrase }),
    });
    const ownAuthority = ca !== undefined;
    return { key: hash.digest("base64"), context, pins, ownAuthority, verifyChain: pins.length === 0 || ownAuthority };
  } catch (error) {
    throw new EgressError("bad_tls_settings", `TLS settings: ${String(error)}`, { cause: error });
  }
}

/**
 * Reads every certificate. OpenSSL skips unreadable ones, which would turn a typing error into "unknown authority"
 * later.
 */
function readCertificates(pem: string): void {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g);
  if (blocks === null) throw new TypeError("ca contains no PEM certificate");
  for (const block of blocks) void new X509Certificate(block);
}

function normalisePin(pin: string): string {
  const hex = pin.replaceAll(":", "").toUpperCase();
  if (!/^[0-9A-F]{64}$/.test(hex))
    throw new EgressError("bad_tls_settings", "a pin must be the SHA-256 of the certificate: 64 hexadecimal digits");
  return hex;
}

/**
 * Performs a TLS handshake (1.2 or newer) over an open socket. No byte of a request is written before the certificate
 * has been verified.
 *
 * @param host Name or address that the certificate must cover.
 * @param now Milliseconds since the Unix epoch, for the validity of a pinned certificate.
 * @throws {EgressError} One of the `tls_…` codes, `reset`, or the signal's reason.
 */
export function secure(
  raw: Socket,
  host: string,
  isName: boolean,
  profile: TlsProfile,
  signal: AbortSignal,
  now: () => number,
): Promise<{ socket: TLSSocket; info: EgressTlsInfo }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ socket: TLSSocket; info: EgressTlsInfo }>();
  const socket = connect({
    socket: raw,
    secureContext: profile.context,
    minVersion: "TLSv1.2",
    ALPNProtocols: ["http/1.1"],
    // Node would destroy the socket and its certificate before the cause can be determined. `verifyProblem` rejects an
    // unverified certificate instead, still before a byte of the request is written.
    rejectUnauthorized: false,
    // An address literal is compared with the certificate too, but never sent as SNI (RFC 6066 section 3).
    host,
    ...(isName ? { servername: host } : {}),
  });
  const onAbort = () => {
    socket.destroy();
    raw.destroy();
    reject(signal.reason as Error);
  };
  signal.addEventListener("abort", onAbort, { once: true });
  const fail = (error: EgressError) => {
    signal.removeEventListener("abort", onAbort);
    socket.destroy();
    raw.destroy();
    reject(error);
  };
  // The listener stays, as in `dial`.
  socket.on("error", (error) => fail(tlsError(error, host)));
  socket.once("close", () => fail(new EgressError("tls_failed", `TLS with ${host}: the peer closed the connection`)));
  socket.once("secureConnect", () => {
    const certificate = socket.getPeerCertificate();
    const problem = verifyProblem(socket, profile, host) ?? pinProblem(certificate, profile, host, now());
    if (problem !== null) return fail(problem);
    signal.removeEventListener("abort", onAbort);
    resolve({ socket, info: tlsInfo(socket, certificate) });
  });
  return promise;
}

/**
 * Why chain, validity or name of the certificate could not be verified; `null` when they were, or when a pin replaces
 * them.
 */
function verifyProblem(socket: TLSSocket, profile: TlsProfile, host: string): EgressError | null {
  if (!profile.verifyChain || socket.authorized) return null;
  const certificate = socket.getPeerCertificate(true);
  const name = String(socket.authorizationError);
  return new EgressError(
    verifyCode(name, certificate, profile),
    `TLS with ${host}: ${name}; the certificate is for ${namesOf(certificate)}, issued by ${nameOf(certificate.issuer)}`,
  );
}

/** OpenSSL results that mean "no trusted issuer was found" without further distinction. */
const NO_ISSUER = new Set([
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
]);

function verifyCode(name: string, certificate: DetailedPeerCertificate, profile: TlsProfile): EgressErrorCode {
  const code = CODES[name] ?? "tls_failed";
  // OpenSSL also reports other codes for a self-signed certificate whose key usage does not match.
  if ((code === "tls_chain" || code === "tls_invalid") && isSelfSigned(certificate)) return "tls_self_signed";
  if (!NO_ISSUER.has(name)) return code;
  // Public authorities put the location of the issuer's certificate into each certificate; private ones rarely do.
  const isLinked = certificate.infoAccess?.["CA Issuers - URI"] !== undefined;
  const isAlone = (certificate.issuerCertificate as DetailedPeerCertificate | undefined) === undefined;
  return isAlone && (isLinked || profile.ownAuthority) ? "tls_incomplete_chain" : "tls_chain";
}

function isSelfSigned({ raw }: DetailedPeerCertificate): boolean {
  const certificate = new X509Certificate(raw);
  return certificate.subject === certificate.issuer && certificate.verify(certificate.publicKey);
}

function namesOf({ subjectaltname, subject }: DetailedPeerCertificate): string {
  return subjectaltname ?? nameOf(subject);
}

function nameOf(part: PeerCertificate["subject"] | undefined): string {
  return String(part?.CN ?? part?.O ?? "");
}

function pinProblem(certificate: PeerCertificate, profile: TlsProfile, host: string, now: number): EgressError | null {
  if (profile.pins.length === 0) return null;
  const fingerprint = certificate.fingerprint256;
  if (!profile.pins.includes(fingerprint.replaceAll(":", ""))) {
    return new EgressError("tls_pin", `TLS with ${host}: the certificate is ${fingerprint}`);
  }
  if (now > Date.parse(certificate.valid_to))
    return new EgressError("tls_expired", `TLS with ${host}: expired ${certificate.valid_to}`);
  if (now < Date.parse(certificate.valid_from)) {
    return new EgressError("tls_not_yet_valid", `TLS with ${host}: valid from ${certificate.valid_from}`);
  }
  return null;
}

function tlsInfo(socket: TLSSocket, certificate: PeerCertificate): EgressTlsInfo {
  return {
    protocol: socket.getProtocol() ?? "unknown",
    cipher: socket.getCipher().name,
    subject: nameOf(certificate.subject),
    issuer: nameOf(certificate.issuer),
    validFrom: new Date(certificate.valid_from).toISOString(),
    validTo: new Date(certificate.valid_to).toISOString(),
    fingerprint256: certificate.fingerprint256,
  };
}

/** OpenSSL verification results and alerts, by Node's error codes. */
const CODES: Readonly<Record<string, EgressErrorCode>> = {
  CERT_HAS_EXPIRED: "tls_expired",
  CERT_NOT_YET_VALID: "tls_not_yet_valid",
  ERR_TLS_CERT_ALTNAME_INVALID: "tls_name",
  ERR_TLS_CERT_ALTNAME_FORMAT: "tls_name",
  HOSTNAME_MISMATCH: "tls_name",
  DEPTH_ZERO_SELF_SIGNED_CERT: "tls_self_signed",
  SELF_SIGNED_CERT_IN_CHAIN: "tls_chain",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "tls_chain",
  UNABLE_TO_GET_ISSUER_CERT: "tls_chain",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "tls_chain",
  CERT_UNTRUSTED: "tls_chain",
  CERT_REJECTED: "tls_chain",
  CERT_REVOKED: "tls_revoked",
  CERT_SIGNATURE_FAILURE: "tls_invalid",
  CERT_CHAIN_TOO_LONG: "tls_invalid",
  PATH_LENGTH_EXCEEDED: "tls_invalid",
  INVALID_CA: "tls_invalid",
  INVALID_PURPOSE: "tls_invalid",
  EE_KEY_TOO_SMALL: "tls_invalid",
  CA_KEY_TOO_SMALL: "tls_invalid",
  CA_MD_TOO_WEAK: "tls_invalid",
  ERROR_IN_CERT_NOT_BEFORE_FIELD: "tls_invalid",
  ERROR_IN_CERT_NOT_AFTER_FIELD: "tls_invalid",
  UNSPECIFIED: "tls_invalid",
  ERR_SSL_UNSUPPORTED_PROTOCOL: "tls_version",
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: "tls_version",
  ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE: "tls_version",
  ERR_SSL_SSL_TLS_ALERT_HANDSHAKE_FAILURE: "tls_version",
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: "tls_client_certificate",
  ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE: "tls_client_certificate",
  ERR_SSL_SSL_TLS_ALERT_BAD_CERTIFICATE: "tls_client_certificate",
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: "tls_client_certificate",
  ECONNRESET: "tls_failed",
};

/** Maps a TLS failure, during the handshake or later, to one code; `null` when it is not about TLS. */
export function tlsErrorCode(error: unknown): EgressErrorCode | null {
  if (!(error instanceof Error) || !("code" in error) || typeof error.code !== "string") return null;
  // The slash of OpenSSL's reason "ssl/tls alert …" remains in Node's code.
  const code = CODES[error.code.replace("/", "_")];
  if (code !== undefined) return error.code === "ECONNRESET" ? null : code;
  return error.code.startsWith("ERR_SSL_") ? "tls_failed" : null;
}

function tlsError(error: Error, host: string): EgressError {
  const name = "code" in error ? String(error.code) : error.name;
  return new EgressError(tlsErrorCode(error) ?? "tls_failed", `TLS with ${host}: ${name}: ${error.message}`, {
    cause: error,
  });
}
