import type { AddressRules } from "./address/rules.ts";
import type { EgressErrorCode, EgressFault } from "./errors.ts";

/**
 * TLS settings of one endpoint. Verification is always on and cannot be disabled. Encrypting the key at rest is up to
 * the program that stores it.
 */
export interface EgressTls {
  /** PEM certificates trusted instead of the built-in authorities: a private CA, or a self-signed certificate. */
  readonly ca?: string;
  /** PEM client certificate chain, leaf first (mTLS). */
  readonly cert?: string;
  /** PEM private key of `cert`. */
  readonly key?: string;
  /** Passphrase of `key`. */
  readonly passphrase?: string;
  /**
   * SHA-256 fingerprints (hexadecimal, colons allowed) of accepted leaf certificates. Without `ca`, a pin replaces
   * the verification of chain and name; with `ca`, both must succeed. The validity period always applies.
   */
  readonly pins?: readonly string[];
}

/** An outgoing proxy. The address guard still applies: names are resolved and checked here in either case. */
export interface EgressProxy {
  /** `http://`, `https://` or `socks5://` URL, with `user:password@` if the proxy requires it. */
  readonly url: string;
  /**
   * Target that the proxy dials: the checked `address` (the default, so that nothing is left to resolve), or the
   * `name`, for proxies that maintain their own lists of names, such as smokescreen.
   */
  readonly target?: "address" | "name";
}

/** One HTTP request. */
export interface EgressRequest {
  /** HTTP method. */
  readonly method: string;
  /** Absolute `https:` or `http:` URL. */
  readonly url: string;
  /** Flat list: name, value, name, value … in the case to be sent. `Host`, `Content-Length` and `Connection` are set here. */
  readonly headers: readonly string[];
  /** The exact bytes of the body; `null` for none. */
  readonly body: Uint8Array | null;
  /** Timeout in milliseconds for the whole request: waiting for a socket, DNS, connect, TLS, head and body. */
  readonly timeoutMs: number;
  /** Maximum number of bytes read from the response body. */
  readonly maxResponseBytes: number;
  /**
   * Rules of this request. They can narrow the platform's rules; they extend them only within `tenantAllow`, and
   * never past the deny list.
   */
  readonly allow?: AddressRules;
  /** Cancels the request. */
  readonly signal?: AbortSignal;
  /**
   * Called immediately before the request is written, and before each request that it depends on, such as for a token. When
   * it returns false, nothing is sent (`canceled`).
   */
  readonly maySend?: () => boolean;
  /** TLS settings of this request. */
  readonly tls?: EgressTls;
  /**
   * Proxy of this request, dialled only at an address that `allow` or `tenantAllow` of the client permits; `null` for no proxy.
   */
  readonly proxy?: EgressProxy | null;
}

/** Duration of each phase in milliseconds; `null` when the phase was not reached or not needed. */
export interface EgressTimings {
  /** Waiting for a free socket. */
  readonly queueMs: number;
  /** Resolving the name. */
  readonly dnsMs: number | null;
  /** Connecting over TCP, including the handshake with a proxy. */
  readonly connectMs: number | null;
  /** TLS handshake. */
  readonly tlsMs: number | null;
  /** From writing the request to receiving the response head. */
  readonly waitMs: number | null;
  /** Reading the response body. */
  readonly bodyMs: number | null;
  /** From the call of `send` to the result. */
  readonly totalMs: number;
  /** Whether the socket had served another request before. */
  readonly reused: boolean;
}

/** TLS version, cipher and certificate of the peer. */
export interface EgressTlsInfo {
  /** Protocol version, such as `TLSv1.3`. */
  readonly protocol: string;
  /** Cipher suite. */
  readonly cipher: string;
  /** Common name or organisation of the certificate's subject. */
  readonly subject: string;
  /** Common name or organisation of the certificate's issuer. */
  readonly issuer: string;
  /** Start of validity in ISO 8601. */
  readonly validFrom: string;
  /** End of validity in ISO 8601. Warn before this date. */
  readonly validTo: string;
  /** SHA-256 of the leaf certificate in upper-case hexadecimal with colons, as accepted by {@link EgressTls.pins}. */
  readonly fingerprint256: string;
}

/** A response was received. Its status shows whether the request succeeded. */
export interface EgressResponse {
  readonly kind: "response";
  /** HTTP status code. */
  readonly status: number;
  /** Flat list: name, value, name, value … in the order and case received. */
  readonly headers: readonly string[];
  /** The raw bytes, never decompressed, at most `maxResponseBytes`. */
  readonly body: Uint8Array;
  /** Whether the body was longer than `maxResponseBytes` and the rest was not read. */
  readonly truncated: boolean;
  /** Set when the head arrived but reading the body failed. */
  readonly bodyError?: { readonly code: EgressErrorCode; readonly message: string; readonly detail: string };
  /** The `Location` header of a 3xx response, as received. It is never followed. */
  readonly location?: string;
  /** Duration of each phase. */
  readonly timings: EgressTimings;
  /** `address:port` that was dialled. */
  readonly peer: string | null;
  /** TLS session, for `https:` URLs. */
  readonly tls?: EgressTlsInfo;
}

/** No response was received. */
export interface EgressFailure {
  readonly kind: "error";
  /** Stable code. */
  readonly code: EgressErrorCode;
  /** Who is responsible. */
  readonly fault: EgressFault;
  /** What happened and what to do, safe to show to tenants: for a blocked target it does not say why. */
  readonly message: string;
  /** For operators: the rule, the resolved address, the setting, the low-level error. Never show it to a tenant. */
  readonly detail: string;
  /** Duration of each phase that was reached. */
  readonly timings: EgressTimings;
  /** `address:port` that was dialled; `null` when no connection was opened. */
  readonly peer: string | null;
}

/** Result of {@link Egress.send}. Check `kind` first. */
export type EgressResult = EgressResponse | EgressFailure;
