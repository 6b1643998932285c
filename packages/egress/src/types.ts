import type { AddressRules } from "./address/rules.ts";
import type { EgressErrorCode, EgressFault } from "./errors.ts";

/**
 * TLS settings of one endpoint. Verification is always on; there is no switch to skip it. Encrypting the key at rest
 * is the business of whoever stores it.
 */
export interface EgressTls {
  /** PEM certificates trusted instead of the built-in authorities: a private CA, or a self-signed certificate. */
  readonly ca?: string;
  /** PEM client certificate chain, leaf first (mTLS). */
  readonly cert?: string;
  /** PEM private key of `cert`. */
  readonly key?: string;
  readonly passphrase?: string;
  /**
   * SHA-256 fingerprints (hex, colons allowed) of accepted leaf certificates. Without `ca` a pin stands in for the
   * chain and the name; with `ca` both must hold. The dates of the certificate always count.
   */
  readonly pins?: readonly string[];
}

/** An outgoing proxy. The address guard stays on: names are resolved and vetted here either way. */
export interface EgressProxy {
  /** `http://`, `https://` or `socks5://`, with `user:password@` where the proxy wants it. */
  readonly url: string;
  /**
   * What the proxy is asked to dial: the vetted `address` (the default, nothing is left to resolve), or the `name`,
   * for proxies that keep their own lists by name, such as smokescreen.
   */
  readonly target?: "address" | "name";
}

/** One HTTP request. */
export interface EgressRequest {
  readonly method: string;
  /** Absolute `https:` or `http:` URL. */
  readonly url: string;
  /** Name, value, name, value … in the case to be sent. `Host`, `Content-Length` and `Connection` are set here. */
  readonly headers: readonly string[];
  readonly body: Uint8Array | null;
  /** One deadline in milliseconds over waiting for a socket, DNS, connect, TLS, head and body. */
  readonly timeoutMs: number;
  /** Response body bytes kept. What is beyond is not read. */
  readonly maxResponseBytes: number;
  /**
   * Rules of this request. They narrow those of the platform; they widen them only within `tenantAllow`, and never
   * past the deny list.
   */
  readonly allow?: AddressRules;
  readonly signal?: AbortSignal;
  /** Asked right before the request is written, and before each that it needs, such as for a token. `false`: nothing is sent (`canceled`). */
  readonly maySend?: () => boolean;
  readonly tls?: EgressTls;
  /** A proxy for this request, dialed only at an address that `allow` or `tenantAllow` of the client opens. `null`: none. */
  readonly proxy?: EgressProxy | null;
}

/** Where a request spent its time, in milliseconds. `null`: the phase was not reached, or not needed. */
export interface EgressTimings {
  /** Waiting for a free socket. */
  readonly queueMs: number;
  readonly dnsMs: number | null;
  /** TCP, and the handshake with a proxy. */
  readonly connectMs: number | null;
  readonly tlsMs: number | null;
  /** From the request written to the head of the answer. */
  readonly waitMs: number | null;
  readonly bodyMs: number | null;
  readonly totalMs: number;
  /** True when the request went over a socket that had served one before. */
  readonly reused: boolean;
}

/** What the peer showed in its TLS handshake. */
export interface EgressTlsInfo {
  /** Such as `TLSv1.3`. */
  readonly protocol: string;
  readonly cipher: string;
  readonly subject: string;
  readonly issuer: string;
  /** ISO 8601. */
  readonly validFrom: string;
  /** ISO 8601. Warn before this date. */
  readonly validTo: string;
  /** SHA-256 of the leaf certificate, upper-case hex with colons: what {@link EgressTls.pins} takes. */
  readonly fingerprint256: string;
}

/** An answer came back: its status says whether it is a success. */
export interface EgressResponse {
  readonly kind: "response";
  readonly status: number;
  /** Name, value, name, value … in the order and case received. */
  readonly headers: readonly string[];
  /** The raw bytes, never inflated, at most `maxResponseBytes`. */
  readonly body: Uint8Array;
  /** True when the body was longer and the rest was not read. */
  readonly truncated: boolean;
  /** Set when the head arrived but the body did not end well. */
  readonly bodyError?: { readonly code: EgressErrorCode; readonly message: string; readonly detail: string };
  /** The `Location` header of a 3xx, as received. It is never followed. */
  readonly location?: string;
  readonly timings: EgressTimings;
  /** `address:port` that was dialled. */
  readonly peer: string | null;
  readonly tls?: EgressTlsInfo;
}

/** No answer came back. */
export interface EgressFailure {
  readonly kind: "error";
  readonly code: EgressErrorCode;
  readonly fault: EgressFault;
  /** A sentence that says what to do, safe for tenants: a blocked target only says that it was blocked. */
  readonly message: string;
  /** For operators: the rule, the resolved address, the setting, the low-level error. Never show it to a tenant. */
  readonly detail: string;
  readonly timings: EgressTimings;
  readonly peer: string | null;
}

/** The outcome of {@link Egress.send}. */
export type EgressResult = EgressResponse | EgressFailure;
