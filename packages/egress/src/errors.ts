/**
 * Whose trouble a failed request is.
 *
 * - `target`: the receiver's. It may be charged to the receiver (an attempt is used up, a breaker may open).
 * - `ours`: this platform's. It must never be charged to the receiver.
 * - `refused`: policy said no before a request was sent.
 * - `canceled`: the caller gave up through its `AbortSignal`.
 */
export type EgressFault = "target" | "ours" | "refused" | "canceled";

interface CodeInfo {
  readonly fault: EgressFault;
  /** One plain sentence that says what to do. Safe to show to a tenant: it never depends on the address. */
  readonly message: string;
}

/** Every code, whose fault it is, and its sentence. The union `EgressErrorCode` is the keys of this table. */
export const EGRESS_ERRORS = {
  blocked_url: {
    fault: "refused",
    message:
      "This URL is not allowed here. Use an http(s) URL of a public host on a usual web port, without user name.",
  },
  blocked_address: {
    fault: "refused",
    message: "This target is blocked. Use a URL that is reachable on the public internet, or ask the operator.",
  },
  blocked_proxy: {
    fault: "refused",
    message:
      "The proxy is at a blocked address. Use one that is reachable on the public internet, or ask the operator.",
  },
  dns_not_found: { fault: "target", message: "The host name does not exist. Check its spelling and its DNS records." },
  dns_timeout: {
    fault: "target",
    message: "The name servers of this host did not answer in time. Check the DNS of the domain.",
  },
  dns_broken: {
    fault: "target",
    message: "The name servers of this host answer with a failure. Check the DNS of the domain, and DNSSEC.",
  },
  dns_failed: { fault: "ours", message: "Our own DNS resolver is in trouble. Nothing to do on your side." },
  connect_refused: {
    fault: "target",
    message: "The host refused the connection. Check that the server is running and listens on this port.",
  },
  connect_timeout: {
    fault: "target",
    message: "The host did not accept a connection in time. Check its firewall and that the server is running.",
  },
  connect_unreachable: {
    fault: "target",
    message: "No route leads to this host. Check the addresses in its DNS records.",
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
    message: "The TLS certificate of the host is for another name. Issue one that covers the host of this URL.",
  },
  tls_self_signed: {
    fault: "target",
    message: "The host has a self-signed TLS certificate. Use one of a known authority, or set it as the custom CA.",
  },
  tls_chain: {
    fault: "target",
    message:
      "The TLS certificate of the host is from an unknown authority. Use a known one, or set it as the custom CA.",
  },
  tls_incomplete_chain: {
    fault: "target",
    message: "The host does not send its intermediate TLS certificates. Configure it to send the full chain.",
  },
  tls_revoked: {
    fault: "target",
    message: "The TLS certificate of the host was revoked by its authority. Replace it.",
  },
  tls_invalid: {
    fault: "target",
    message: "The TLS certificate of the host is not fit for a server, too weak or wrongly signed. Issue a new one.",
  },
  tls_pin: {
    fault: "target",
    message: "The TLS certificate of the host is not the pinned one. Update the pin if the certificate was renewed.",
  },
  tls_client_certificate: {
    fault: "target",
    message: "The host wants a client certificate, or did not accept the one that was sent. Set the right one.",
  },
  tls_version: {
    fault: "target",
    message: "The host offers no TLS 1.2 or newer with a usable cipher. Update its TLS settings.",
  },
  tls_failed: { fault: "target", message: "The TLS handshake with the host failed. Check that the port speaks TLS." },
  timeout: {
    fault: "target",
    message: "The host did not answer in time. Answer first with a 2xx and do the work afterwards.",
  },
  reset: {
    fault: "target",
    message: "The host closed the connection before it answered. Check its logs for a crash or a proxy limit.",
  },
  protocol: {
    fault: "target",
    message: "The answer of the host is not valid HTTP/1.1. Check what listens on this port.",
  },
  headers_too_large: {
    fault: "target",
    message: "The headers of the answer are too large. Send fewer or shorter headers.",
  },
  proxy_failed: { fault: "ours", message: "Our outgoing proxy is in trouble. Nothing to do on your side." },
  proxy_denied: { fault: "refused", message: "Our outgoing proxy does not allow this target. Ask the operator." },
  proxy_target: {
    fault: "target",
    message: "Our outgoing proxy could not reach this host. Check that the server is running and reachable.",
  },
  auth_refused: {
    fault: "target",
    message: "The token endpoint did not accept the client. Check client id, secret and scope of this endpoint.",
  },
  auth_unavailable: {
    fault: "target",
    message: "The token endpoint gave no usable token. Check its URL and that the server is running.",
  },
  no_sockets: { fault: "ours", message: "We had no free connection in time. Nothing to do on your side." },
  bad_request: {
    fault: "ours",
    message: "The request could not be formed. Check the custom headers of this endpoint.",
  },
  bad_tls_settings: {
    fault: "ours",
    message: "The TLS settings of this endpoint cannot be used. Check its CA, certificate and key.",
  },
  stalled: {
    fault: "ours",
    message: "Our process stood still past the deadline. The request was not sent. Nothing to do on your side.",
  },
  shutdown: { fault: "ours", message: "The sender is shutting down. The request was not sent." },
  internal: { fault: "ours", message: "Something unexpected failed on our side. Nothing to do on your side." },
  canceled: { fault: "canceled", message: "The request was canceled before it ended." },
} as const satisfies Record<string, CodeInfo>;

/** The stable code of a failed request: the one union of this package's request errors. */
export type EgressErrorCode = keyof typeof EGRESS_ERRORS;

/**
 * The error used inside the package to carry a code to the result. {@link Egress.send} never throws it: it becomes an
 * `error` result. `message` is safe for tenants, `detail` is for operators only.
 */
export class EgressError extends Error {
  override readonly name = "EgressError";
  readonly code: EgressErrorCode;
  readonly fault: EgressFault;
  /** For operators: the rule, the resolved address, the setting to change, the low-level error. */
  readonly detail: string;

  constructor(code: EgressErrorCode, detail: string, options?: ErrorOptions) {
    const info: CodeInfo = EGRESS_ERRORS[code];
    super(info.message, options);
    this.code = code;
    this.fault = info.fault;
    this.detail = detail;
  }
}

/** Codes of settings that cannot be used. Thrown when the setting is read, never while sending. */
export type EgressConfigErrorCode =
  | "invalid_allow_word"
  | "invalid_port_list"
  | "invalid_proxy"
  | "invalid_no_proxy"
  | "invalid_option"
  | "invalid_auth";

/** A word of a setting as it may be shown: the URL of a proxy, given in the wrong place, without user and password. */
export function withoutCredentials(word: string): string {
  return word.replace(/^.*@/s, "…@");
}

/** A setting that cannot be used. `word` is the part that was not understood. */
export class EgressConfigError extends Error {
  override readonly name = "EgressConfigError";
  readonly code: EgressConfigErrorCode;
  readonly word: string;

  constructor(code: EgressConfigErrorCode, word: string, message: string) {
    super(message);
    this.code = code;
    this.word = word;
  }
}
