import { formatAddress, parseAddress } from "./address/bytes.ts";
import type { AddressBytes } from "./address/bytes.ts";
import { parseNat64 } from "./address/judge.ts";
import { isLocalhost } from "./address/names.ts";
import { ownAddresses } from "./address/own.ts";
import { judgeRequest, judgeTenant, namesHostFor, refusedWords } from "./address/policy.ts";
import type { GuardPolicy, RefusedWord } from "./address/policy.ts";
import type { Verdict } from "./address/judge.ts";
import { namesHost, parseAllowList } from "./address/rules.ts";
import type { AddressRules } from "./address/rules.ts";
import { Chain } from "./chain.ts";
import { ConnectBudget } from "./connect/budget.ts";
import { openConnection } from "./connect/open.ts";
import type { Opened } from "./connect/open.ts";
import { parseProxy, tenantProxy } from "./connect/proxy.ts";
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
import { parseNoProxy } from "./no-proxy.ts";
import type { NoProxy } from "./no-proxy.ts";
import { RecentMap } from "./recent.ts";
import type { EgressProxy, EgressRequest, EgressResult, EgressTls } from "./types.ts";
import { DEFAULT_PORTS, parsePorts, parseTarget } from "./url.ts";
import type { ParsedTarget, UrlRules, UrlTrouble, UrlVerdict } from "./url.ts";

/** Options of {@link Egress}. Everything has a default; the defaults are the safe ones. Times in milliseconds. */
export interface EgressOptions {
  /** What may be called. Default `external`. See {@link parseAllowList}. */
  readonly allow?: AddressRules;
  /**
   * What the rules and the proxy of a single request may open in addition to `allow`. Default nothing: a request can
   * narrow the rules of the platform, but not widen them.
   */
  readonly tenantAllow?: AddressRules;
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
  /** The operator's choice, so its own address is not judged. Environment variables such as `HTTP_PROXY` are never read. */
  readonly proxy?: EgressProxy;
  /** Targets that are called without `proxy`. They pass the guard all the same. See {@link parseNoProxy}. */
  readonly noProxy?: NoProxy;
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

/** Why the proxy of a request may not be used. */
export interface ProxyTrouble {
  readonly host: string;
  /** `rules`: neither `allow` nor `tenantAllow` covers it. `deny`: it is on the deny list. `port`: targets may not have its port. */
  readonly reason: "rules" | "deny" | "port";
}

/** A URL under one set of rules, TLS settings and proxy: parsed once, found by one look-up from then on. */
interface Target {
  readonly parsed: ParsedTarget;
  readonly key: string;
  readonly allow: AddressRules | null;
  readonly tls: TlsProfile;
  readonly proxy: ProxyProfile | null;
  pool: Pool;
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
  readonly #names: NameResolver;
  readonly #sockets: Sockets;
  readonly #targets: RecentMap<Target>;
  readonly #exchanges = new Chain<Exchange<Target>>();
  readonly #connectTimeoutMs: number;
  readonly #tls: TlsProfile;
  readonly #proxy: ProxyProfile | null;
  readonly #noProxy: NoProxy;
  readonly #tlsProfiles = new WeakMap<EgressTls, TlsProfile>();
  readonly #wallClock: () => number;
  readonly #host: ExchangeHost<Target>;
  #declaredOwn: readonly AddressBytes[];
  #policy: GuardPolicy;
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
    this.#declaredOwn = (options.ownAddresses ?? []).map(ownAddress);
    this.#policy = {
      allow: options.allow ?? parseAllowList("external"),
      tenantAllow: options.tenantAllow ?? parseAllowList(""),
      deny: options.deny ?? parseAllowList(""),
      own: [...ownAddresses(), ...this.#declaredOwn],
      nat64: parseNat64(options.nat64Prefixes ?? []),
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
    this.#noProxy = options.noProxy ?? parseNoProxy("");
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
      const target = this.#parse(url, allow ?? null);
      const addresses = await this.#vet(target, allow ?? null);
      return { allowed: true, addresses: addresses.map(formatAddress) };
    } catch (error) {
      const { code, message, detail } = toEgressError(error);
      return { allowed: false, code, message, detail };
    }
  }

  /** Holds a URL to the URL rules alone, without DNS: for the moment it is typed. `null` when it is fine. */
  validateUrl(url: string, allow?: AddressRules): UrlTrouble | null {
    const verdict = this.#parsed(url, allow ?? null);
    return verdict.ok ? null : verdict.trouble;
  }

  /** The words of an allow list that have no effect, as they would open what the platform refuses its tenants. */
  refusedWords(allow: AddressRules): readonly RefusedWord[] {
    return refusedWords(allow, this.#policy);
  }

  /**
   * Holds the proxy of a request to the guard, without DNS: for the moment it is typed. `null` when nothing in its URL
   * speaks against it. Its name is resolved and judged again for each connection.
   *
   * @throws {EgressConfigError} `invalid_proxy`.
   */
  proxyTrouble(proxy: EgressProxy): ProxyTrouble | null {
    const { host, port } = parseProxy(proxy);
    if (!this.#urlRules.ports.has(port)) return { host: `${host}:${port}`, reason: "port" };
    try {
      const { literal } = this.#proxyTarget(host);
      if (literal === null) return null;
      const verdict = judgeTenant(literal, null, this.#policy);
      return verdict.allowed ? null : { host, reason: verdict.rule === "deny-list" ? "deny" : "rules" };
    } catch (error) {
      if (error instanceof EgressError) return { host, reason: "rules" };
      throw error;
    }
  }

  /** Changes the platform's rules. Idle sockets are vetted again before their next request. */
  setRules(rules: {
    readonly allow?: AddressRules;
    readonly tenantAllow?: AddressRules;
    readonly deny?: AddressRules;
    readonly ownAddresses?: readonly string[];
  }): void {
    if (rules.ownAddresses !== undefined) this.#declaredOwn = rules.ownAddresses.map(ownAddress);
    // Interfaces come and go: they are looked at again each time.
    const own = [...ownAddresses(), ...this.#declaredOwn];
    const { allow, tenantAllow, deny, nat64 } = this.#policy;
    this.#policy = {
      allow: rules.allow ?? allow,
      tenantAllow: rules.tenantAllow ?? tenantAllow,
      deny: rules.deny ?? deny,
      own,
      nat64,
    };
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
    const proxyUsed = proxy === undefined ? this.#proxy : proxy === null ? null : tenantProxy(proxy);
    const profile = plain ? "" : `${allow?.text ?? "platform"}\n${tlsUsed.key}\n${proxyUsed?.key ?? ""}\n`;
    const cacheKey = plain ? url : profile + url;
    let target = this.#targets.get(cacheKey);
    if (target === undefined) {
      const parsed = this.#parse(url, allow ?? null);
      const key = profile + parsed.origin;
      target = {
        parsed,
        key,
        allow: allow ?? null,
        tls: tlsUsed,
        proxy: proxyUsed === this.#proxy && this.#noProxy.matches(parsed) ? null : proxyUsed,
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

  #parse(url: string, wanted: AddressRules | null): ParsedTarget {
    const verdict = this.#parsed(url, wanted);
    if (verdict.ok) return verdict.target;
    throw new EgressError("blocked_url", `rule ${verdict.trouble.rule}: ${verdict.trouble.message}`);
  }

  /** A name that only rules of the request accept is refused like one that no rules accept. */
  #parsed(url: string, wanted: AddressRules | null): UrlVerdict {
    const { allow } = this.#policy;
    const verdict = parseTarget(url, this.#urlRules, wanted ?? allow);
    if (!verdict.ok || wanted === null) return verdict;
    return this.#parsedForTenant(url, this.#urlRules);
  }

  #parsedForTenant(url: string, rules: UrlRules): UrlVerdict {
    const { allow, tenantAllow } = this.#policy;
    const verdict = parseTarget(url, rules, allow);
    return verdict.ok ? verdict : parseTarget(url, rules, tenantAllow);
  }

  /** @throws {EgressError} `blocked_proxy` when the name of the proxy of a request is none that may be looked up. */
  #proxyTarget(host: string): ParsedTarget {
    const shown = host.includes(":") ? `[${host}]` : host;
    const verdict = this.#parsedForTenant(`http://${shown}/`, PROXY_URL_RULES);
    if (verdict.ok) return verdict.target;
    throw new EgressError("blocked_proxy", `proxy ${host}: rule ${verdict.trouble.rule}`);
  }

  #open(exchange: Exchange<Target>, controller: AbortController): Promise<Opened> {
    const { target } = exchange;
    const budget = new ConnectBudget(this.#connectTimeoutMs, controller);
    return openConnection({
      vet: () => this.#vet(target.parsed, target.allow),
      vetProxy: (proxy) => this.#vetProxy(proxy),
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

  async #vet(target: ParsedTarget, wanted: AddressRules | null): Promise<readonly AddressBytes[]> {
    const { host, literal } = target;
    const found = literal === null ? await this.#resolve(host, namesHostFor(host, wanted, this.#policy)) : [literal];
    for (const address of found) {
      const refusal = this.#judge(address, target, wanted);
      if (refusal !== null) throw refusal;
    }
    return found;
  }

  /** The addresses at which the proxy of a request may be dialed: each is judged, as those of a target are. */
  async #vetProxy(proxy: ProxyProfile): Promise<readonly AddressBytes[]> {
    if (!this.#urlRules.ports.has(proxy.port)) {
      throw new EgressError("blocked_proxy", `proxy ${proxy.host}: rule port: ${proxy.port}`);
    }
    const { host, literal } = this.#proxyTarget(proxy.host);
    const { allow, tenantAllow } = this.#policy;
    const bySystem = namesHost(allow, host) || namesHost(tenantAllow, host);
    const found = literal === null ? await this.#resolveProxy(host, bySystem) : [literal];
    for (const address of found) {
      const refusal = this.#judgeProxy(address, proxy);
      if (refusal !== null) throw refusal;
    }
    return found;
  }

  /** A proxy whose name does not resolve is in trouble as one that does not answer: the target has no part in it. */
  async #resolveProxy(host: string, bySystem: boolean): Promise<readonly AddressBytes[]> {
    try {
      return await this.#resolve(host, bySystem);
    } catch (error) {
      const { code, detail } = toEgressError(error);
      throw new EgressError(code === "dns_failed" ? code : "proxy_failed", `proxy ${host}: ${detail}`);
    }
  }

  #resolve(host: string, bySystem: boolean): Promise<readonly AddressBytes[]> {
    return isLocalhost(host) ? Promise.resolve(LOCALHOST) : this.#names.resolve(host, bySystem);
  }

  #judge(address: AddressBytes, { host, literal }: ParsedTarget, wanted: AddressRules | null): EgressError | null {
    const name = literal === null ? host : null;
    const verdict = judgeRequest(address, name, wanted, this.#policy);
    return verdict.allowed ? null : new EgressError("blocked_address", refusalDetail(verdict, address, name));
  }

  #judgeProxy(address: AddressBytes, proxy: ProxyProfile): EgressError | null {
    const { host, literal } = this.#proxyTarget(proxy.host);
    const name = literal === null ? host : null;
    const verdict = judgeTenant(address, name, this.#policy);
    if (verdict.allowed) return null;
    return new EgressError("blocked_proxy", `proxy: ${refusalDetail(verdict, address, name)}`);
  }

  #revet(target: Target, connection: Connection): EgressError | null {
    if (connection.generation === this.#sockets.generation) return null;
    const { address, proxyAddress } = connection.opened;
    const refusal =
      this.#judge(address, target.parsed, target.allow) ??
      (target.proxy === null || proxyAddress === null ? null : this.#judgeProxy(proxyAddress, target.proxy));
    if (refusal === null) connection.generation = this.#sockets.generation;
    return refusal;
  }
}

function refusalDetail(
  verdict: Verdict & { readonly allowed: false },
  address: AddressBytes,
  host: string | null,
): string {
  const from = host === null ? "" : ` (resolved from ${host})`;
  return `rule ${verdict.rule}: ${formatAddress(address)}${from}; to allow it, ${verdict.setting}`;
}

/** For the host alone: the port of a proxy is held to the rules of targets before. */
const PROXY_URL_RULES: UrlRules = { httpsOnly: false, ports: parsePorts("1-65535"), maxLength: 2048 };

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
