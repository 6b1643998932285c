import { formatAddress, parseAddress } from "./address/bytes.ts";
import type { AddressBytes, Network } from "./address/bytes.ts";
import { judge, parseNat64 } from "./address/judge.ts";
import { isLocalhost } from "./address/names.ts";
import { ownAddresses } from "./address/own.ts";
import { namesHost, parseAllowList } from "./address/rules.ts";
import type { AddressRules } from "./address/rules.ts";
import { Chain } from "./chain.ts";
import { ConnectBudget } from "./connect/budget.ts";
import { openConnection } from "./connect/open.ts";
import type { Opened } from "./connect/open.ts";
import { parseProxy } from "./connect/proxy.ts";
import type { ProxyProfile } from "./connect/proxy.ts";
import { tlsProfile } from "./connect/tls.ts";
import type { TlsProfile } from "./connect/tls.ts";
import { NameResolver, nodeNameService } from "./dns/names.ts";
import type { DnsOptions, NameService } from "./dns/names.ts";
import { EgressConfigError, EgressError } from "./errors.ts";
import type { EgressErrorCode } from "./errors.ts";
import { failedEarly, toEgressError } from "./failure.ts";
import { Exchange } from "./exchange.ts";
import type { ExchangeHost } from "./exchange.ts";
import { Sockets } from "./pool.ts";
import type { Connection, Pool } from "./pool.ts";
import { prepareHeaders } from "./headers.ts";
import { RecentMap } from "./recent.ts";
import type { EgressProxy, EgressRequest, EgressResult, EgressTls } from "./types.ts";
import { DEFAULT_PORTS, parsePorts, parseTarget } from "./url.ts";
import type { ParsedTarget, UrlRules, UrlTrouble } from "./url.ts";

/** Options of {@link Egress}. Everything has a default; the defaults are the safe ones. Times in milliseconds. */
export interface EgressOptions {
  /** What may be called. Default `external`. See {@link parseAllowList}. */
  readonly allow?: AddressRules;
  /** What may never be called, whatever is allowed: CIDRs and host words. Default nothing. */
  readonly deny?: AddressRules;
  /** More addresses of this platform, refused like those of this machine: its public address, its pods. */
  readonly ownAddresses?: readonly string[];
  /** NAT64 prefixes of this network beside `64:ff9b::/96`. */
  readonly nat64Prefixes?: readonly string[];
  /** Refuse `http:` URLs. Default false. */
  readonly httpsOnly?: boolean;
  /** See {@link parsePorts}. Default {@link DEFAULT_PORTS}. */
  readonly ports?: string;
  /** Default 2048. */
  readonly maxUrlLength?: number;
  readonly dns?: DnsOptions;
  /** Budget for TCP (and a proxy) inside the deadline. Default 5000. */
  readonly connectTimeoutMs?: number;
  /** Default 1024. */
  readonly maxSockets?: number;
  /** Default 32. */
  readonly maxSocketsPerOrigin?: number;
  /** Default 30,000. A shorter `Keep-Alive: timeout` of the peer wins. */
  readonly keepAliveMs?: number;
  /** Default 300,000. */
  readonly maxSocketAgeMs?: number;
  /** Default 16,384. */
  readonly maxHeaderBytes?: number;
  /** URLs whose parsed form is kept. Default 20,000. */
  readonly maxUrls?: number;
  readonly tls?: EgressTls;
  /** Environment variables such as `HTTP_PROXY` are never read. */
  readonly proxy?: EgressProxy;
  /** For tests: the name service instead of `node:dns`. */
  readonly nameService?: NameService;
  /** For tests: monotonic milliseconds. */
  readonly now?: () => number;
  /** For tests: milliseconds since the epoch. */
  readonly wallClock?: () => number;
}

/** What {@link Egress.check} found. `message` is safe for tenants, `detail` is for operators. */
export type EgressCheck =
  | { readonly allowed: true; readonly addresses: readonly string[] }
  | { readonly allowed: false; readonly code: EgressErrorCode; readonly message: string; readonly detail: string };

/** A URL under one set of rules, TLS settings and proxy: parsed once, found by one look-up from then on. */
interface Target {
  readonly parsed: ParsedTarget;
  readonly key: string;
  readonly allow: AddressRules | null;
  readonly tls: TlsProfile;
  readonly proxy: ProxyProfile | null;
  pool: Pool;
}

interface Policy {
  readonly allow: AddressRules;
  readonly deny: AddressRules;
  readonly own: readonly AddressBytes[];
}

/**
 * An HTTP client for URLs that strangers typed.
 *
 * ```ts
 * await using egress = new Egress({ allow: parseAllowList("external") });
 * const result = await egress.send({ method: "POST", url, headers: ["content-type", "application/json"], body,
 *   timeoutMs: 15_000, maxResponseBytes: 65_536 });
 * ```
 */
export class Egress implements AsyncDisposable {
  readonly #urlRules: UrlRules;
  readonly #nat64: readonly Network[];
  readonly #names: NameResolver;
  readonly #sockets: Sockets;
  readonly #targets: RecentMap<Target>;
  readonly #exchanges = new Chain<Exchange<Target>>();
  readonly #connectTimeoutMs: number;
  readonly #tls: TlsProfile;
  readonly #proxy: ProxyProfile | null;
  readonly #tlsProfiles = new WeakMap<EgressTls, TlsProfile>();
  readonly #wallClock: () => number;
  readonly #host: ExchangeHost<Target>;
  #declaredOwn: readonly AddressBytes[];
  #policy: Policy;
  #closed = false;

  /** @throws {EgressConfigError} when an option cannot be used. */
  constructor(options: EgressOptions = {}) {
    const now = options.now ?? (() => performance.now());
    this.#wallClock = options.wallClock ?? Date.now;
    this.#urlRules = {
      httpsOnly: options.httpsOnly ?? false,
      ports: parsePorts(options.ports ?? DEFAULT_PORTS),
      maxLength: options.maxUrlLength ?? 2048,
    };
    this.#nat64 = parseNat64(options.nat64Prefixes ?? []);
    this.#declaredOwn = (options.ownAddresses ?? []).map(ownAddress);
    this.#policy = {
      allow: options.allow ?? parseAllowList("external"),
      deny: options.deny ?? parseAllowList(""),
      own: [...ownAddresses(), ...this.#declaredOwn],
    };
    this.#names = new NameResolver(options.nameService ?? nodeNameService(options.dns ?? {}), options.dns ?? {}, now);
    this.#sockets = new Sockets(
      {
        maxSockets: options.maxSockets ?? 1024,
        maxSocketsPerOrigin: options.maxSocketsPerOrigin ?? 32,
        keepAliveMs: options.keepAliveMs ?? 30_000,
        maxAgeMs: options.maxSocketAgeMs ?? 300_000,
        maxHeaderBytes: options.maxHeaderBytes ?? 16_384,
      },
      now,
    );
    this.#targets = new RecentMap(options.maxUrls ?? 20_000);
    this.#connectTimeoutMs = options.connectTimeoutMs ?? 5000;
    this.#tls = tlsProfile(options.tls ?? {});
    this.#proxy = options.proxy === undefined ? null : parseProxy(options.proxy);
    this.#host = this.#exchangeHost(now);
  }

  /**
   * Sends one request. Never rejects: every failure is a result with a code. Redirects are never followed.
   *
   * A request that was refused (`blocked_url`, `blocked_address`) caused no traffic but DNS.
   */
  send(request: EgressRequest): Promise<EgressResult> {
    const { promise, resolve } = Promise.withResolvers<EgressResult>();
    let target: Target;
    let headers: string[];
    try {
      if (this.#closed) throw new EgressError("shutdown", "the client is closed");
      if (request.signal?.aborted === true)
        throw new EgressError("canceled", "the signal was aborted before the request");
      target = this.#target(request);
      headers = prepareHeaders(request.headers);
    } catch (error) {
      resolve(failedEarly(error));
      return promise;
    }
    const exchange = new Exchange(this.#host, request, target, target.parsed.path, headers, resolve);
    exchange.running = this.#exchanges.push(exchange);
    this.#poolOf(target).acquire(exchange);
    return promise;
  }

  /** Would this URL be allowed? Asks DNS, and nothing else. The answer may change: `send` judges again. */
  async check(url: string, allow?: AddressRules): Promise<EgressCheck> {
    try {
      const { target } = this.#parse(url, allow ?? this.#policy.allow);
      const addresses = await this.#vet(target, allow ?? null);
      return { allowed: true, addresses: addresses.map(formatAddress) };
    } catch (error) {
      const { code, message, detail } = toEgressError(error);
      return { allowed: false, code, message, detail };
    }
  }

  /** Holds a URL to the URL rules alone, without DNS: for the moment it is typed. `null` when it is fine. */
  validateUrl(url: string, allow?: AddressRules): UrlTrouble | null {
    const verdict = parseTarget(url, this.#urlRules, allow ?? this.#policy.allow);
    return verdict.ok ? null : verdict.trouble;
  }

  /** Changes the platform's rules. Idle sockets are vetted again before their next request. */
  setRules(rules: {
    readonly allow?: AddressRules;
    readonly deny?: AddressRules;
    readonly ownAddresses?: readonly string[];
  }): void {
    if (rules.ownAddresses !== undefined) this.#declaredOwn = rules.ownAddresses.map(ownAddress);
    // Interfaces come and go: they are looked at again each time.
    const own = [...ownAddresses(), ...this.#declaredOwn];
    this.#policy = { allow: rules.allow ?? this.#policy.allow, deny: rules.deny ?? this.#policy.deny, own };
    this.#sockets.generation++;
    this.#targets.clear();
  }

  /** Figures for metrics and tests. */
  get stats(): {
    readonly sockets: number;
    readonly idle: number;
    readonly origins: number;
    readonly requests: number;
    readonly urls: number;
  } {
    return {
      sockets: this.#sockets.open,
      idle: this.#sockets.idle.size,
      origins: this.#sockets.pools.size,
      requests: this.#exchanges.size,
      urls: this.#targets.size,
    };
  }

  /** Ends every running request with `shutdown` and closes every socket. Resolves when the last one is closed. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const exchange of this.#exchanges.values())
      exchange.fail(new EgressError("shutdown", "the client is closing"));
    this.#names.close();
    await this.#sockets.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #exchangeHost(now: () => number): ExchangeHost<Target> {
    return {
      now,
      open: (exchange, controller) => this.#open(exchange, controller),
      revet: (target, connection) => this.#revet(target, connection),
      dnsTimeoutCode: () => (this.#names.healthy ? "dns_timeout" : "dns_failed"),
      pool: (target) => this.#poolOf(target),
      ended: ({ running }) => void (running !== null && this.#exchanges.remove(running)),
    };
  }

  #poolOf(target: Target): Pool {
    if (target.pool.dead) target.pool = this.#sockets.pool(target.key, target.parsed.origin);
    return target.pool;
  }

  #target(request: EgressRequest): Target {
    const { url, allow, tls, proxy } = request;
    const plain = allow === undefined && tls === undefined && proxy === undefined;
    const tlsUsed = tls === undefined ? this.#tls : this.#tlsProfile(tls);
    const proxyUsed = proxy === undefined ? this.#proxy : proxy === null ? null : parseProxy(proxy);
    const profile = plain ? "" : `${allow?.text ?? "platform"}\n${tlsUsed.key}\n${proxyUsed?.key ?? ""}\n`;
    const cacheKey = plain ? url : profile + url;
    let target = this.#targets.get(cacheKey);
    if (target === undefined) {
      const { target: parsed } = this.#parse(url, allow ?? this.#policy.allow);
      const key = profile + parsed.origin;
      target = {
        parsed,
        key,
        allow: allow ?? null,
        tls: tlsUsed,
        proxy: proxyUsed,
        pool: this.#sockets.pool(key, parsed.origin),
      };
      this.#targets.set(cacheKey, target);
    }
    return target;
  }

  #tlsProfile(settings: EgressTls): TlsProfile {
    let profile = this.#tlsProfiles.get(settings);
    if (profile === undefined) {
      profile = tlsProfile(settings);
      this.#tlsProfiles.set(settings, profile);
    }
    return profile;
  }

  #parse(url: string, allow: AddressRules): { target: ParsedTarget } {
    const verdict = parseTarget(url, this.#urlRules, allow);
    if (!verdict.ok) throw new EgressError("blocked_url", `rule ${verdict.trouble.rule}: ${verdict.trouble.message}`);
    return verdict;
  }

  #open(exchange: Exchange<Target>, controller: AbortController): Promise<Opened> {
    const { target } = exchange;
    const budget = new ConnectBudget(this.#connectTimeoutMs, controller);
    return openConnection({
      vet: () => this.#vet(target.parsed, target.allow),
      target: target.parsed,
      tls: target.tls,
      proxy: target.proxy,
      signal: controller.signal,
      wallClock: this.#wallClock,
      onPhase: (phase) => {
        exchange.enter(phase ?? "queue");
        budget.enter(phase);
      },
    }).finally(() => budget.enter(null));
  }

  async #vet(target: ParsedTarget, allow: AddressRules | null): Promise<readonly AddressBytes[]> {
    const rules = allow ?? this.#policy.allow;
    const found = target.literal === null ? await this.#resolve(target.host, rules) : [target.literal];
    const host = target.literal === null ? target.host : null;
    for (const address of found) {
      const refusal = this.#judge(address, host, rules);
      if (refusal !== null) throw refusal;
    }
    return found;
  }

  #resolve(host: string, rules: AddressRules): Promise<readonly AddressBytes[]> {
    if (isLocalhost(host)) return Promise.resolve(LOCALHOST);
    return this.#names.resolve(host, namesHost(rules, host));
  }

  #judge(address: AddressBytes, host: string | null, rules: AddressRules): EgressError | null {
    const verdict = judge(address, host, rules, { deny: this.#policy.deny, own: this.#policy.own, nat64: this.#nat64 });
    if (verdict.allowed) return null;
    const from = host === null ? "" : ` (resolved from ${host})`;
    return new EgressError(
      "blocked_address",
      `rule ${verdict.rule}: ${formatAddress(address)}${from}; to allow it, ${verdict.setting}`,
    );
  }

  #revet(target: Target, connection: Connection): EgressError | null {
    if (connection.generation === this.#sockets.generation) return null;
    const rules = target.allow ?? this.#policy.allow;
    const host = target.parsed.literal === null ? target.parsed.host : null;
    const refusal = this.#judge(connection.opened.address, host, rules);
    if (refusal === null) connection.generation = this.#sockets.generation;
    return refusal;
  }
}

const LOCALHOST: readonly AddressBytes[] = [
  Uint8Array.of(127, 0, 0, 1),
  Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1),
];

function ownAddress(text: string): AddressBytes {
  const bytes = parseAddress(text);
  if (bytes === null)
    throw new EgressConfigError("invalid_option", text, `"${text}" in ownAddresses is no IP address.`);
  return bytes;
}
