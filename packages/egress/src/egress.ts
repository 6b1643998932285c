import type { Socket } from "node:net";
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

import { ConnectBudget } from "./connect/budget.ts";
import { openConnection } from "./connect/open.ts";
import type { Opened } from "./connect/open.ts";
import { parseProxy, tenantProxy, throughProxy } from "./connect/proxy.ts";
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
import { Cancellations, Deadlines } from "./timeouts.ts";
import { headStart, prepareHeaders, serialise } from "./request-head.ts";
import { parseNoProxy } from "./no-proxy.ts";
import type { NoProxy } from "./no-proxy.ts";
import { RecentMap } from "./collections.ts";
import type { OutgoingRequest } from "./transport.ts";
import type { EgressProxy, EgressRequest, EgressResult, EgressTls } from "./types.ts";
import { DEFAULT_PORTS, parsePorts, parseTarget } from "./url.ts";
import type { ParsedTarget, UrlRules, UrlProblem, UrlVerdict } from "./url.ts";

/** Options of {@link Egress}. Each has a safe default. Times are in milliseconds. */
export interface EgressOptions {
  /** What may be called. Defaults to `external`. See {@link parseAllowList}. */
  readonly allow?: AddressRules;
  /**
   * Targets that the rules and the proxy of a single request may allow in addition to `allow`. Defaults to none: a
   * request can narrow the platform's rules but not extend them.
   */
  readonly tenantAllow?: AddressRules;
  /**
   * What may never be called, whatever is allowed: networks and host words. Defaults to nothing. See {@link
   * parseDenyList}.
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

/** A URL under one set of rules, TLS settings and proxy. Parsed once, then cached. */
interface Target {
  readonly parsed: ParsedTarget;
  readonly key: string;
  readonly allow: AddressRules | null;
  readonly tls: TlsProfile;
  readonly proxy: ProxyProfile | null;
  /** Uses the built-in client. */
  readonly isBuiltin: boolean;
  /** Part of the head that all requests share, for the built-in client. */
  readonly headStart: string;
  pool: Pool;
}

/**
 * HTTP client for URLs entered by users: checks every address before dialling it, and bounds time, sockets and bytes.
 * Create one client per process and dispose of it at the end.
 *
 * @example
 *
 * ```ts
 * import { Egress, parseAllowList } from "@posthorn/egress";
 * import { startLab } from "@posthorn/egress/lab";
 *
 * await using lab = await startLab(); // a local receiver for tests
 * await using egress = new Egress({ allow: parseAllowList("external,loopback") });
 *
 * const result = await egress.send({
 *   method: "POST",
 *   url: `${lab.url}/status/202`,
 *   headers: ["content-type", "application/json"],
 *   body: Buffer.from('{"type":"invoice.paid"}'),
 *   timeoutMs: 15_000,
 *   maxResponseBytes: 65_536,
 * });
 * if (result.kind === "response") console.log(result.status, result.truncated); // 202 false
 * else console.log(result.code, result.fault, result.message);
 * ```
 */
export class Egress implements AsyncDisposable {
  readonly #urlRules: UrlRules;
  readonly #names: NameResolver;
  readonly #sockets: Sockets;
  readonly #targets: RecentMap<Target>;
  /** Contains every running exchange. */
  readonly #deadlines = new Deadlines<Exchange<Target>>();
  readonly #isBuiltin: boolean;
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

  /**
   * Creates a client. It opens no socket until the first request.
   *
   * @param options Rules, limits, DNS, TLS and proxy.
   * @throws {EgressConfigError} when an option is unusable.
   */
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
    this.#isBuiltin = options.client !== "undici";
    this.#host = this.#exchangeHost(now);
  }

  /**
   * Sends one request. Never rejects: every failure is a result with a code. Redirects are never followed.
   *
   * A refused request (`blocked_url`, `blocked_address`) causes no traffic except DNS.
   */
  send(request: EgressRequest): Promise<EgressResult> {
    const { promise, resolve } = Promise.withResolvers<EgressResult>();
    let target: Target;
    let outgoing: OutgoingRequest;
    try {
      if (this.#closed) throw new EgressError("shutdown", "the client is closed");
      if (request.signal?.aborted === true)
        throw new EgressError("canceled", "the signal was aborted before the request");
      target = this.#target(request);
      outgoing = outgoingRequest(request, target);
    } catch (error) {
      resolve(failedEarly(error));
      return promise;
    }
    this.#poolOf(target).acquire(new Exchange(this.#host, request, target, outgoing, resolve));
    return promise;
  }

  /**
   * Checks whether a URL would be allowed. Causes no traffic except DNS. The result may change: `send` checks again.
   */
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

  /**
   * Resolves a host and checks its addresses like those of a URL, for a connection with another protocol. The caller dials
   * the returned addresses and no other, and decides about the port. Causes no traffic except DNS.
   *
   * @param host A DNS name or an address.
   * @param allow Rules of the tenant.
   */
  async checkHost(host: string, allow?: AddressRules): Promise<EgressCheck> {
    try {
      const shown = host.includes(":") ? `[${host}]` : host;
      const target = this.#parseBy(HOST_RULES, `http://${shown}/`, allow ?? null);
      const addresses = await this.#vet(target, allow ?? null);
      return { allowed: true, addresses: addresses.map(formatAddress) };
    } catch (error) {
      const { code, message, detail } = toEgressError(error);
      return { allowed: false, code, message, detail };
    }
  }

  /**
   * Resolves and checks a host like {@link checkHost}, and opens a connection to it through the proxy of the platform. Returns
   * `null` if there is no proxy, or none for this host: the caller dials the addresses of `checkHost` then.
   *
   * @param target A DNS name or an address, and a port that the caller has decided about.
   * @param allow Rules of the tenant.
   */
  async openTunnel(
    target: { readonly host: string; readonly port: number },
    allow?: AddressRules,
  ): Promise<
    | { readonly allowed: true; readonly socket: Socket; readonly address: string }
    | Extract<EgressCheck, { allowed: false }>
    | null
  > {
    if (this.#proxy === null) return null;
    const controller = new AbortController();
    const budget = new ConnectBudget(this.#connectTimeoutMs, controller);
    try {
      const { host, port } = target;
      const shown = host.includes(":") ? `[${host}]` : host;
      const parsed = this.#parseBy(HOST_RULES, `http://${shown}:${port}/`, allow ?? null);
      if (this.#noProxy.matches(parsed)) return null;
      const vetted = await this.#vet(parsed, allow ?? null);
      const onPhase = (phase: "proxy" | "connect"): void => budget.enter(phase);
      const opened = await throughProxy(this.#proxy, null, vetted, parsed, controller.signal, onPhase);
      return { allowed: true, socket: opened.socket, address: formatAddress(opened.address) };
    } catch (error) {
      const { code, message, detail } = toEgressError(error);
      return { allowed: false, code, message, detail };
    } finally {
      budget.enter(null);
    }
  }

  /** Whether requests may be sent to a port. */
  allowsPort(port: number): boolean {
    return this.#urlRules.ports.has(port);
  }

  /**
   * Checks a URL against the URL rules alone, without DNS, for the moment it is entered. Returns `null` when it is
   * valid.
   */
  validateUrl(url: string, allow?: AddressRules): UrlProblem | null {
    const verdict = this.#parsed(url, allow ?? null);
    return verdict.ok ? null : verdict.problem;
  }

  /**
   * The words of an allow list that have no effect because the platform denies these targets to its tenants.
   */
  refusedWords(allow: AddressRules): readonly RefusedWord[] {
    return refusedWords(allow, this.#policy);
  }

  /**
   * Checks the proxy of a request without DNS, for the moment it is entered. Returns `null` when nothing in its URL
   * is forbidden. Its name is resolved and checked again for each connection.
   *
   * @throws {EgressConfigError} `invalid_proxy`.
   */
  proxyProblem(proxy: EgressProxy): ProxyProblem | null {
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

  /** Replaces rules of the platform at run time. Idle sockets are checked again before their next request. */
  setRules(rules: {
    readonly allow?: AddressRules;
    readonly tenantAllow?: AddressRules;
    readonly deny?: AddressRules;
    readonly ownAddresses?: readonly string[];
  }): void {
    if (rules.ownAddresses !== undefined) this.#declaredOwn = rules.ownAddresses.map(ownAddress);
    // Network interfaces may have changed, so they are read again each time.
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

  /** Current numbers for metrics: open and idle sockets, origins, running requests and cached URLs. */
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
      requests: this.#deadlines.size,
      urls: this.#targets.size,
    };
  }

  /** Ends every running request with `shutdown` and closes all sockets. Resolves when the last one is closed. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const exchange of this.#deadlines.values())
      exchange.fail(new EgressError("shutdown", "the client is closing"));
    this.#deadlines.close();
    this.#names.close();
    await this.#sockets.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #exchangeHost(now: () => number): ExchangeHost<Target> {
    return {
      now,
      deadlines: this.#deadlines,
      cancellations: new Cancellations(),
      open: (exchange, controller) => this.#open(exchange, controller),
      revet: (target, connection) => this.#revet(target, connection),
      dnsTimeoutCode: () => (this.#names.healthy ? "dns_timeout" : "dns_failed"),
      pool: (target) => this.#poolOf(target),
    };
  }

  #poolOf(target: Target): Pool {
    if (target.pool.dead) target.pool = this.#sockets.pool(target.key, target.parsed.origin, target.isBuiltin);
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
      const usedProxy = proxyUsed === this.#proxy && this.#noProxy.matches(parsed) ? null : proxyUsed;
      const isBuiltin = this.#isBuiltin && usedProxy === null;
      target = {
        parsed,
        key,
        allow: allow ?? null,
        tls: tlsUsed,
        proxy: usedProxy,
        isBuiltin,
        headStart: isBuiltin ? headStart(parsed.origin, parsed.path) : "",
        pool: this.#sockets.pool(key, parsed.origin, isBuiltin),
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
    return this.#parseBy(this.#urlRules, url, wanted);
  }

  #parseBy(rules: UrlRules, url: string, wanted: AddressRules | null): ParsedTarget {
    const verdict = this.#parsed(url, wanted, rules);
    if (verdict.ok) return verdict.target;
    throw new EgressError("blocked_url", `rule ${verdict.problem.rule}: ${verdict.problem.message}`);
  }

  /** A name that only the rules of the request accept is refused like any other forbidden name. */
  #parsed(url: string, wanted: AddressRules | null, rules = this.#urlRules): UrlVerdict {
    const { allow } = this.#policy;
    const verdict = parseTarget(url, rules, wanted ?? allow);
    if (!verdict.ok || wanted === null) return verdict;
    return this.#parsedForTenant(url, rules);
  }

  #parsedForTenant(url: string, rules: UrlRules): UrlVerdict {
    const { allow, tenantAllow } = this.#policy;
    const verdict = parseTarget(url, rules, allow);
    return verdict.ok ? verdict : parseTarget(url, rules, tenantAllow);
  }

  /** @throws {EgressError} `blocked_proxy` when the name of a tenant's proxy must not be looked up. */
  #proxyTarget(host: string): ParsedTarget {
    const shown = host.includes(":") ? `[${host}]` : host;
    const verdict = this.#parsedForTenant(`http://${shown}/`, HOST_RULES);
    if (verdict.ok) return verdict.target;
    throw new EgressError("blocked_proxy", `proxy ${host}: rule ${verdict.problem.rule}`);
  }

  #open(exchange: Exchange<Target>, controller: AbortController): Promise<Opened> {
    const { target } = exchange;
    const budget = new ConnectBudget(this.#connectTimeoutMs, controller);
    return openConnection({
      vet: () => this.#vet(target.parsed, target.allow),
      vetProxy: (proxy) => this.#vetProxy(proxy),
      target: target.parsed,
      isBuiltin: target.isBuiltin,
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

  /** Addresses at which a tenant's proxy may be dialled. Each is checked like the address of a target. */
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

  /** A proxy whose name does not resolve counts as a failing proxy, because the target is not at fault. */
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

function outgoingRequest({ method, headers, body }: EgressRequest, target: Target): OutgoingRequest {
  const { path } = target.parsed;
  if (target.isBuiltin) return serialise(method, path, target.headStart, headers, body);
  return { method, path, headers: prepareHeaders(headers), body, head: "", isLast: false };
}

function refusalDetail(
  verdict: Verdict & { readonly allowed: false },
  address: AddressBytes,
  host: string | null,
): string {
  const from = host === null ? "" : ` (resolved from ${host})`;
  return `rule ${verdict.rule}: ${formatAddress(address)}${from}; to allow it, ${verdict.setting}`;
}

/** Rules for a host alone: that of a proxy, or of a connection that is not HTTP. Its port is checked separately. */
const HOST_RULES: UrlRules = { httpsOnly: false, ports: parsePorts("1-65535"), maxLength: 2048 };

const LOCALHOST: readonly AddressBytes[] = [
  Uint8Array.of(127, 0, 0, 1),
  Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1),
];

function ownAddress(text: string): AddressBytes {
  const bytes = parseAddress(text);
  if (bytes === null)
    throw new EgressConfigError("invalid_option", text, `"${text}" in ownAddresses is not an IP address.`);
  return bytes;
}
