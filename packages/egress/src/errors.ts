/**
 * Who is responsible for a failed request.
 *
 * - `target`: the receiver. The failure may count against the receiver (as an attempt, or towards opening a circuit
 *   breaker).
 * - `ours`: this platform. The failure must never count against the receiver.
 * - `refused`: a policy refused the request before it was sent.
 * - `canceled`: the caller canceled the request through its `AbortSignal` or `maySend`.
 */
export type EgressFault = "target" | "ours" | "refused" | "canceled";

interface CodeInfo {
  readonly fault: EgressFault;
  /** What happened and what to do. Safe to show to a tenant: it never depends on the address. */
  readonly message: string;
}

/** Every error code with its fault and its message. {@link EgressErrorCode} is the union of its keys. */
export const EGRESS_ERRORS = {
  blocked_url: {
    fault: "refused",
    message:
      "This URL is not allowed. Use an http or https URL of a public host on a common web port, without a user name.",
  },
  blocked_address: {
    fault: "refused",
    message: "This target is blocked. Use a URL that is reachable on the public internet, or contact the operator.",
  },
  blocked_proxy: {
    fault: "refused",
    message:
      "The address of the proxy is blocked. Use one that is reachable on the public internet, or contact the operator.",
  },
  dns_not_found: { fault: "target", message: "The host name does not exist. Check its spelling and its DNS records." },
  dns_timeout: {
    fault: "target",
    message: "The name servers of this host did not respond in time. Check the DNS of the domain.",
  },
  dns_broken: {
    fault: "target",
    message: "The name servers of this host return an error. Check the DNS of the domain, including DNSSEC.",
  },
  dns_failed: { fault: "ours", message: "Our DNS resolver failed. No action is needed on your side." },
  connect_refused: {
    fault: "target",
    message: "The host refused the connection. Check that the server is running and listens on this port.",
  },
  connect_timeout: {
    fault: "target",
    message: "The host did not accept the connection in time. Check its firewall and that the server is running.",
  },
  connect_unreachable: {
    fault: "target",
    message: "There is no route to this host. Check the addresses in its DNS records.",
  },
  tls_expired: {
    fault: "target",
    message: "The TLS certificate of the host, or one in its chain, has expired. Renew it.",
  },
  tls_not_yet_valid: {
    fault: "target",
    message: "The TLS certificate of the host is not valid yet. Check its dates and the clock of the server.",
  },
  tls_name: {
    fault: "target",
    message: "The TLS certificate of the host is for another name. Issue one that covers the host name of this URL.",
  },
  tls_self_signed: {
    fault: "target",
    message: "The TLS certificate of the host is self-signed. Use one from a public CA, or set it as the custom CA.",
  },
  tls_chain: {
    fault: "target",
    message:
      "The TLS certificate of the host was issued by an unknown CA. Use a public CA, or set this one as the custom CA.",
  },
  tls_incomplete_chain: {
    fault: "target",
    message: "The host does not send its intermediate TLS certificates. Configure it to send the full chain.",
  },
  tls_revoked: {
    fault: "target",
    message: "The TLS certificate of the host was revoked by its CA. Replace it.",
  },
  tls_invalid: {
    fault: "target",
    message: "The TLS certificate of the host is unsuitable for servers, too weak or badly signed. Issue a new one.",
  },
  tls_pin: {
    fault: "target",
    message: "The TLS certificate of the host does not match the pin. Update the pin if the certificate was renewed.",
  },
  tls_client_certificate: {
    fault: "target",
    message: "The host requires a client certificate, or rejected the one that was sent. Set the right certificate.",
  },
  tls_version: {
    fault: "target",
    message: "The host does not support TLS 1.2 or later with a usable cipher. Update its TLS settings.",
  },
  tls_failed: { fault: "target", message: "The TLS handshake with the host failed. Check that the port speaks TLS." },
  timeout: {
    fault: "target",
    message: "The host did not respond in time. Respond with a 2xx first, and do the work afterwards.",
  },
  reset: {
    fault: "target",
    message: "The host closed the connection before responding. Check its logs for a crash or a proxy limit.",
  },
  protocol: {
    fault: "target",
    message: "The response of the host is not valid HTTP/1.1. Check what listens on this port.",
  },
  headers_too_large: {
    fault: "target",
    message: "The headers of the response are too large. Send fewer or shorter headers.",
  },
  proxy_failed: { fault: "ours", message: "Our outgoing proxy failed. No action is needed on your side." },
  proxy_denied: { fault: "refused", message: "Our outgoing proxy does not allow this target. Contact the operator." },
  proxy_target: {
    fault: "target",
    message: "Our outgoing proxy could not reach this host. Check that the server is running and reachable.",
  },
  auth_refused: {
    fault: "target",
    message: "The token endpoint rejected the client. Check the client ID, secret and scope of this endpoint.",
  },
  auth_unavailable: {
    fault: "target",
    message: "The token endpoint returned no usable token. Check its URL and that the server is running.",
  },
  no_sockets: { fault: "ours", message: "We had no free connection in time. No action is needed on your side." },
  bad_request: {
    fault: "ours",
    message: "The request could not be created. Check the custom headers of this endpoint.",
  },
  bad_tls_settings: {
    fault: "ours",
    message: "The TLS settings of this endpoint are unusable. Check its CA, certificate and key.",
  },
  stalled: {
    fault: "ours",
    message: "Our process stalled past the timeout. The request was not sent. No action is needed on your side.",
  },
  shutdown: { fault: "ours", message: "The sender is shutting down. The request was not sent." },
  internal: { fault: "ours", message: "An unexpected error occurred on our side. No action is needed on your side." },
  canceled: { fault: "canceled", message: "The request was canceled before it finished." },
} as const satisfies Record<string, CodeInfo>;

/** Stable code of a failed request: the keys of {@link EGRESS_ERRORS}. */
export type EgressErrorCode = keyof typeof EGRESS_ERRORS;

/**
 * Error that carries a code inside the package. {@link Egress.send} never throws it but returns an `error` result.
 * `message` is safe to show to tenants; `detail` is for operators only.
 *
 * @example
 *
 * ```ts
 * import { EgressError } from "@posthorn/egress";
 *
 * const error = new EgressError("dns_not_found", "DNS look-up of hooks.example.com: ENOTFOUND");
 * console.log(error.fault, error.message.split(".")[0]); // target The host name does not exist
 * ```
 */
export class EgressError extends Error {
  /** Always `EgressError`. */
  override readonly name = "EgressError";
  /** Stable code. */
  readonly code: EgressErrorCode;
  /** Who is responsible. */
  readonly fault: EgressFault;
  /** For operators: the rule, the resolved address, the setting to change, the low-level error. */
  readonly detail: string;

  /**
   * Creates an error with the message of its code.
   *
   * @param code Stable code.
   * @param detail Explanation for operators.
   * @param options The underlying error as `cause`.
   */
  constructor(code: EgressErrorCode, detail: string, options?: ErrorOptions) {
    const info: CodeInfo = EGRESS_ERRORS[code];
    super(info.message, options);
    this.code = code;
    this.fault = info.fault;
    this.detail = detail;
  }
}

/** Codes of unusable settings. Thrown when a setting is read, never while sending. */
export type EgressConfigErrorCode =
  | "invalid_allow_word"
  | "invalid_port_list"
  | "invalid_proxy"
  | "invalid_no_proxy"
  | "invalid_option"
  | "invalid_auth";

/**
 * Removes user name and password from a word before it is shown, in case a proxy URL was entered in the wrong place.
 */
export function withoutCredentials(word: string): string {
  return word.replace(/^.*@/s, "…@");
}

/**
 * Thrown for an unusable setting when it is read. `word` is the part that was not understood.
 *
 * @example
 *
 * ```ts
 * import { EgressConfigError, parseAllowList } from "@posthorn/egress";
 *
 * try {
 *   parseAllowList("external,10.0.0.0/33");
 * } catch (error) {
 *   if (error instanceof EgressConfigError) console.log(error.code, error.word); // invalid_allow_word 10.0.0.0/33
 * }
 * ```
 */
export class EgressConfigError extends Error {
  /** Always `EgressConfigError`. */
  override readonly name = "EgressConfigError";
  /** Stable code. */
  readonly code: EgressConfigErrorCode;
  /** The part of the setting that was not understood, without credentials. */
  readonly word: string;

  /**
   * Creates an error.
   *
   * @param code Stable code.
   * @param word The part of the setting that was not understood.
   * @param message What is wrong and what to write instead.
   */
  constructor(code: EgressConfigErrorCode, word: string, message: string) {
    super(message);
    this.code = code;
    this.word = word;
  }
}
