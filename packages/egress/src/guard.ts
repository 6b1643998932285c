/** Decides what may be called: rules for URLs and addresses, and the resolution of names. */
import { formatAddress, parseAddress } from "./address/bytes.ts";
import type { AddressBytes } from "./address/bytes.ts";
import { parseNat64 } from "./address/check.ts";
import type { Verdict } from "./address/check.ts";
import { isLocalhost } from "./address/names.ts";
import { ownAddresses } from "./address/own.ts";
import { checkForRequest, checkForTenant, namesHostFor, refusedWords } from "./address/policy.ts";
import type { GuardPolicy, RefusedWord } from "./address/policy.ts";
import { namesHost, parseAllowList } from "./address/rules.ts";
import type { AddressRules } from "./address/rules.ts";
import { parseProxy } from "./connect/proxy.ts";
import type { ProxyProfile } from "./connect/proxy.ts";
import { NameResolver, nodeNameService } from "./dns/names.ts";
import { EgressConfigError, EgressError } from "./errors.ts";
import { toEgressError } from "./failure.ts";
import type { EgressRules, EgressOptions, ProxyProblem } from "./options.ts";
import type { EgressProxy } from "./types.ts";
import { DEFAULT_PORTS, parsePorts, parseTarget } from "./url.ts";
import type { ParsedTarget, UrlRules, UrlVerdict } from "./url.ts";

/** Rules for a host alone: that of a proxy, or of a connection that is not HTTP. Its port is checked separately. */
const HOST_RULES: UrlRules = { httpsOnly: false, ports: parsePorts("1-65535"), maxLength: 2048 };

const LOCALHOST: readonly AddressBytes[] = [
  Uint8Array.of(127, 0, 0, 1),
  Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1),
];

/**
 * Checks URLs, hosts and addresses against the rules of the platform, and against those of a tenant (`wanted`), which can only narrow them.
 * Every address is checked after its name is resolved, so a name cannot point elsewhere afterwards.
 */
export class Guard {
  readonly #urlRules: UrlRules;
  readonly #names: NameResolver;
  #declaredOwn: readonly AddressBytes[];
  #policy: GuardPolicy;

  constructor(options: EgressOptions, now: () => number) {
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
  }

  /** Whether the name servers have responded recently. */
  get hasWorkingDns(): boolean {
    return this.#names.healthy;
  }

  setRules(rules: EgressRules): void {
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
  }

  allowsPort(port: number): boolean {
    return this.#urlRules.ports.has(port);
  }

  refusedWords(allow: AddressRules): readonly RefusedWord[] {
    return refusedWords(allow, this.#policy);
  }

  /** Checks a URL without DNS. A name that only the rules of the request accept is refused like any other forbidden name. */
  checkUrl(url: string, wanted: AddressRules | null, rules = this.#urlRules): UrlVerdict {
    const { allow } = this.#policy;
    const verdict = parseTarget(url, rules, wanted ?? allow);
    if (!verdict.ok || wanted === null) return verdict;
    return this.#checkUrlForTenant(url, rules);
  }

  /** @throws {EgressError} `blocked_url`. */
  parse(url: string, wanted: AddressRules | null, rules = this.#urlRules): ParsedTarget {
    const verdict = this.checkUrl(url, wanted, rules);
    if (verdict.ok) return verdict.target;
    throw new EgressError("blocked_url", `rule ${verdict.problem.rule}: ${verdict.problem.message}`);
  }

  /**
   * Parses a host for a connection with another protocol, on any port.
   *
   * @throws {EgressError} `blocked_url`.
   */
  parseHost(host: string, port: number | null, wanted: AddressRules | null): ParsedTarget {
    return this.parse(hostUrl(host, port), wanted, HOST_RULES);
  }

  /**
   * Resolves a target and checks each of its addresses.
   *
   * @throws {EgressError} `blocked_address`, or a code of DNS.
   */
  async vet(target: ParsedTarget, wanted: AddressRules | null): Promise<readonly AddressBytes[]> {
    const { host, literal } = target;
    const found = literal === null ? await this.#resolve(host, namesHostFor(host, wanted, this.#policy)) : [literal];
    for (const address of found) {
      const refusal = this.checkAddress(address, target, wanted);
      if (refusal !== null) throw refusal;
    }
    return found;
  }

  /** Addresses at which a tenant's proxy may be dialled. Each is checked like the address of a target. */
  async vetProxy(proxy: ProxyProfile): Promise<readonly AddressBytes[]> {
    if (!this.#urlRules.ports.has(proxy.port)) {
      throw new EgressError("blocked_proxy", `proxy ${proxy.host}: rule port: ${proxy.port}`);
    }
    const { host, literal } = this.#proxyTarget(proxy.host);
    const { allow, tenantAllow } = this.#policy;
    const bySystem = namesHost(allow, host) || namesHost(tenantAllow, host);
    const found = literal === null ? await this.#resolveProxy(host, bySystem) : [literal];
    for (const address of found) {
      const refusal = this.checkProxyAddress(address, proxy);
      if (refusal !== null) throw refusal;
    }
    return found;
  }

  /** The reason why a tenant must not use this proxy, as far as its URL shows it. */
  proxyProblem(proxy: EgressProxy): ProxyProblem | null {
    const { host, port } = parseProxy(proxy);
    if (!this.#urlRules.ports.has(port)) return { host: `${host}:${port}`, reason: "port" };
    try {
      const { literal } = this.#proxyTarget(host);
      if (literal === null) return null;
      const verdict = checkForTenant(literal, null, this.#policy);
      return verdict.allowed ? null : { host, reason: verdict.rule === "deny-list" ? "deny" : "rules" };
    } catch (error) {
      if (error instanceof EgressError) return { host, reason: "rules" };
      throw error;
    }
  }

  /** Checks an address of a target. `null`: it may be called. */
  checkAddress(
    address: AddressBytes,
    { host, literal }: ParsedTarget,
    wanted: AddressRules | null,
  ): EgressError | null {
    const name = literal === null ? host : null;
    const verdict = checkForRequest(address, name, wanted, this.#policy);
    return verdict.allowed ? null : new EgressError("blocked_address", refusalDetail(verdict, address, name));
  }

  /** Checks an address of a tenant's proxy. `null`: it may be called. */
  checkProxyAddress(address: AddressBytes, proxy: ProxyProfile): EgressError | null {
    const { host, literal } = this.#proxyTarget(proxy.host);
    const name = literal === null ? host : null;
    const verdict = checkForTenant(address, name, this.#policy);
    if (verdict.allowed) return null;
    return new EgressError("blocked_proxy", `proxy: ${refusalDetail(verdict, address, name)}`);
  }

  close(): void {
    this.#names.close();
  }

  #checkUrlForTenant(url: string, rules: UrlRules): UrlVerdict {
    const { allow, tenantAllow } = this.#policy;
    const verdict = parseTarget(url, rules, allow);
    return verdict.ok ? verdict : parseTarget(url, rules, tenantAllow);
  }

  /** @throws {EgressError} `blocked_proxy` when the name of a tenant's proxy must not be looked up. */
  #proxyTarget(host: string): ParsedTarget {
    const verdict = this.#checkUrlForTenant(hostUrl(host, null), HOST_RULES);
    if (verdict.ok) return verdict.target;
    throw new EgressError("blocked_proxy", `proxy ${host}: rule ${verdict.problem.rule}`);
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
}

/** A URL that names only a host, so that hosts are parsed and checked like those of URLs. */
function hostUrl(host: string, port: number | null): string {
  return `http://${host.includes(":") ? `[${host}]` : host}${port === null ? "" : `:${port}`}/`;
}

function refusalDetail(
  verdict: Verdict & { readonly allowed: false },
  address: AddressBytes,
  host: string | null,
): string {
  const from = host === null ? "" : ` (resolved from ${host})`;
  return `rule ${verdict.rule}: ${formatAddress(address)}${from}; to allow it, ${verdict.setting}`;
}

function ownAddress(text: string): AddressBytes {
  const bytes = parseAddress(text);
  if (bytes === null)
    throw new EgressConfigError("invalid_option", text, `"${text}" in ownAddresses is not an IP address.`);
  return bytes;
}
