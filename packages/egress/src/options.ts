import type { AddressRules } from "./address/rules.ts";
import type { DnsOptions, NameService } from "./dns/names.ts";
import type { EgressErrorCode } from "./errors.ts";
import type { NoProxy } from "./no-proxy.ts";
import type { EgressProxy, EgressTls } from "./types.ts";

/** Options of {@link Egress}. Each has a safe default. Times are in milliseconds. */
export interface EgressOptions {
  /** Targets that may be called. Defaults to `external`. See {@link parseAllowList}. */
  readonly allow?: AddressRules;
  /**
   * Targets that the rules and the proxy of a single request may allow in addition to `allow`. Defaults to none: a
   * request can narrow the platform's rules but not extend them.
   */
  readonly tenantAllow?: AddressRules;
  /**
   * Targets that are always refused, even if allowed elsewhere: networks and host words. Defaults to nothing. See
   * {@link parseDenyList}.
   */
  readonly deny?: AddressRules;
  /**
   * Additional addresses of this platform that are refused like those of this machine: its public address, its pods.
   */
  readonly ownAddresses?: readonly string[];
  /** NAT64 prefixes of this network besides `64:ff9b::/96` (RFC 6052). */
  readonly nat64Prefixes?: readonly string[];
  /** Refuses `http:` URLs. Defaults to false. */
  readonly httpsOnly?: boolean;
  /** Ports that may be called. Defaults to {@link DEFAULT_PORTS}. See {@link parsePorts}. */
  readonly ports?: string;
  /** Maximum length of a URL in characters. Defaults to 2048. */
  readonly maxUrlLength?: number;
  /** DNS resolver. */
  readonly dns?: DnsOptions;
  /** Time limit for connecting (TCP and proxy) within the timeout of a request. Defaults to 5000. */
  readonly connectTimeoutMs?: number;
  /** Maximum number of sockets, including idle ones. Defaults to 1024. */
  readonly maxSockets?: number;
  /** Maximum number of sockets per origin. Defaults to 32. */
  readonly maxSocketsPerOrigin?: number;
  /** How long an idle socket is kept. Defaults to 30,000. A shorter `Keep-Alive: timeout` of the peer takes precedence. */
  readonly keepAliveMs?: number;
  /** Maximum age of a socket, so that DNS changes take effect. Defaults to 300,000. */
  readonly maxSocketAgeMs?: number;
  /** Maximum size of a response head in bytes. Defaults to 16,384. */
  readonly maxHeaderBytes?: number;
  /** Maximum number of cached parsed URLs. Defaults to 20,000. */
  readonly maxUrls?: number;
  /** TLS settings for requests without their own settings. */
  readonly tls?: EgressTls;
  /** Proxy of the operator. Its own address is not checked. Variables such as `HTTP_PROXY` are never read. */
  readonly proxy?: EgressProxy;
  /** Targets that are called without `proxy`. The guard still applies to them. See {@link parseNoProxy}. */
  readonly noProxy?: NoProxy;
  /**
   * HTTP client that writes requests and reads responses. Defaults to `builtin`, which costs about half the CPU time of
   * `undici`. Requests through a proxy always use `undici`. Set `undici` to find out whether a problem is caused by the
   * built-in client.
   */
  readonly client?: "builtin" | "undici";
  /** Replaces `node:dns`, for tests. */
  readonly nameService?: NameService;
  /** Monotonic clock in milliseconds, for tests. */
  readonly now?: () => number;
  /** Milliseconds since the Unix epoch, for tests. */
  readonly wallClock?: () => number;
}

/** Result of {@link Egress.check}. `message` is safe to show to tenants; `detail` is for operators. */
export type EgressCheck =
  | { readonly allowed: true; readonly addresses: readonly string[] }
  | { readonly allowed: false; readonly code: EgressErrorCode; readonly message: string; readonly detail: string };

/** Why the proxy of a request may not be used. */
export interface ProxyProblem {
  /** Host of the proxy; with `port` as the reason, host and port. */
  readonly host: string;
  /** `rules`: neither `allow` nor `tenantAllow` covers it. `deny`: it is on the deny list. `port`: its port is not allowed. */
  readonly reason: "rules" | "deny" | "port";
}

/** Rules that {@link Egress.setRules} replaces. Rules that are missing stay as they are. */
export type EgressRules = Pick<EgressOptions, "allow" | "tenantAllow" | "deny" | "ownAddresses">;
