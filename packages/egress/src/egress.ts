import type { Socket } from "node:net";
import { formatAddress } from "./address/bytes.ts";
import type { RefusedWord } from "./address/policy.ts";
import type { AddressRules } from "./address/rules.ts";
import { RecentMap } from "./collections.ts";
import { ConnectBudget } from "./connect/budget.ts";
import { openConnection } from "./connect/open.ts";
import type { Opened } from "./connect/open.ts";
import { parseProxy, tenantProxy, throughProxy } from "./connect/proxy.ts";
import type { ProxyProfile } from "./connect/proxy.ts";
import { tlsProfile } from "./connect/tls.ts";
import type { TlsProfile } from "./connect/tls.ts";
import { EgressError } from "./errors.ts";
import { Exchange } from "./exchange.ts";
import type { ExchangeHost } from "./exchange.ts";
import { failedEarly, toEgressError } from "./failure.ts";
import { Guard } from "./guard.ts";
import { parseNoProxy } from "./no-proxy.ts";
import type { NoProxy } from "./no-proxy.ts";
import type { EgressRules, EgressCheck, EgressOptions, ProxyProblem } from "./options.ts";
import { Sockets } from "./pool.ts";
import type { Connection, Pool } from "./pool.ts";
import { headStart, prepareHeaders, serialise } from "./request-head.ts";
import { Cancellations, Deadlines } from "./timeouts.ts";
import type { OutgoingRequest } from "./transport.ts";
import type { EgressProxy, EgressRequest, EgressResult, EgressTls } from "./types.ts";
import type { ParsedTarget, UrlProblem } from "./url.ts";

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
  readonly #guard: Guard;
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
    this.#guard = new Guard(options, now);
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
      const target = this.#guard.parse(url, allow ?? null);
      const addresses = await this.#guard.vet(target, allow ?? null);
      return { allowed: true, addresses: addresses.map(formatAddress) };
    } catch (error) {
      return refused(error);
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
      const target = this.#guard.parseHost(host, null, allow ?? null);
      const addresses = await this.#guard.vet(target, allow ?? null);
      return { allowed: true, addresses: addresses.map(formatAddress) };
    } catch (error) {
      return refused(error);
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
      const parsed = this.#guard.parseHost(target.host, target.port, allow ?? null);
      if (this.#noProxy.matches(parsed)) return null;
      const vetted = await this.#guard.vet(parsed, allow ?? null);
      const onPhase = (phase: "proxy" | "connect"): void => budget.enter(phase);
      const opened = await throughProxy(this.#proxy, null, vetted, parsed, controller.signal, onPhase);
      return { allowed: true, socket: opened.socket, address: formatAddress(opened.address) };
    } catch (error) {
      return refused(error);
    } finally {
      budget.enter(null);
    }
  }

  /** Whether requests may be sent to a port. */
  allowsPort(port: number): boolean {
    return this.#guard.allowsPort(port);
  }

  /**
   * Checks a URL against the URL rules alone, without DNS, for when it is entered. Returns `null` when it is valid.
   */
  validateUrl(url: string, allow?: AddressRules): UrlProblem | null {
    const verdict = this.#guard.checkUrl(url, allow ?? null);
    return verdict.ok ? null : verdict.problem;
  }

  /**
   * The words of an allow list that have no effect because the platform denies these targets to its tenants.
   */
  refusedWords(allow: AddressRules): readonly RefusedWord[] {
    return this.#guard.refusedWords(allow);
  }

  /**
   * Checks the proxy of a request without DNS, for when it is entered. Returns `null` when nothing in its URL is
   * forbidden. Its name is resolved and checked again for each connection.
   *
   * @throws {EgressConfigError} `invalid_proxy`.
   */
  proxyProblem(proxy: EgressProxy): ProxyProblem | null {
    return this.#guard.proxyProblem(proxy);
  }

  /** Replaces rules of the platform at run time. Idle sockets are checked again before their next request. */
  setRules(rules: EgressRules): void {
    this.#guard.setRules(rules);
    this.#sockets.generation++;
    this.#targets.clear();
  }

  /** Changes the maximum numbers of sockets at run time. Requests in flight keep theirs. */
  limitSockets(limits: Required<Pick<EgressOptions, "maxSockets" | "maxSocketsPerOrigin">>): void {
    this.#sockets.limit(limits);
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
    this.#guard.close();
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
      dnsTimeoutCode: () => (this.#guard.hasWorkingDns ? "dns_timeout" : "dns_failed"),
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
      const parsed = this.#guard.parse(url, allow ?? null);
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

  #open(exchange: Exchange<Target>, controller: AbortController): Promise<Opened> {
    const { target } = exchange;
    const budget = new ConnectBudget(this.#connectTimeoutMs, controller);
    return openConnection({
      vet: () => this.#guard.vet(target.parsed, target.allow),
      vetProxy: (proxy) => this.#guard.vetProxy(proxy),
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

  #revet(target: Target, connection: Connection): EgressError | null {
    if (connection.generation === this.#sockets.generation) return null;
    const { address, proxyAddress } = connection.opened;
    const refusal =
      this.#guard.checkAddress(address, target.parsed, target.allow) ??
      (target.proxy === null || proxyAddress === null
        ? null
        : this.#guard.checkProxyAddress(proxyAddress, target.proxy));
    if (refusal === null) connection.generation = this.#sockets.generation;
    return refusal;
  }
}

function refused(error: unknown): Extract<EgressCheck, { allowed: false }> {
  const { code, message, detail } = toEgressError(error);
  return { allowed: false, code, message, detail };
}

function outgoingRequest({ method, headers, body }: EgressRequest, target: Target): OutgoingRequest {
  const { path } = target.parsed;
  if (target.isBuiltin) return serialise(method, path, target.headStart, headers, body);
  return { method, path, headers: prepareHeaders(headers), body, head: "", isLast: false };
}
