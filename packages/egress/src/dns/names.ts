import { lookup, Resolver } from "node:dns/promises";
import { parseAddress } from "../address/bytes.ts";
import type { AddressBytes } from "../address/bytes.ts";
import { EgressError } from "../errors.ts";
import type { EgressErrorCode } from "../errors.ts";

/** Settings of the DNS resolver. Times are in milliseconds. */
export interface DnsOptions {
  /** Name servers as `address` or `address:port`. Defaults to those of the system. */
  readonly servers?: readonly string[];
  /** Time limit of one look-up, including all tries. Defaults to 3000. */
  readonly timeoutMs?: number;
  /** Tries per query within the time limit. Defaults to 3. */
  readonly tries?: number;
  /** Minimum time a result is cached. Defaults to 1000. */
  readonly minTtlMs?: number;
  /** Maximum time a result is cached. Defaults to 300,000. */
  readonly maxTtlMs?: number;
  /** How long "no such name" is cached. Defaults to 5000. */
  readonly negativeTtlMs?: number;
  /** Maximum number of cached names. Defaults to 10,000. */
  readonly maxNames?: number;
}

/** The queries that the resolver makes, as an interface for tests and other name services. */
export interface NameService {
  /** Addresses and the shortest TTL in seconds. Rejects with an error that has a `code`, like `node:dns`. */
  query(host: string, family: 4 | 6): Promise<{ readonly addresses: readonly string[]; readonly ttl: number }>;
  /** Sends a query that every working resolver can answer. Rejects when the resolver itself fails. */
  probe(): Promise<unknown>;
  /**
   * Resolves a name like the operating system, with hosts file and search list. Only for names that the operator
   * listed.
   */
  system(host: string): Promise<readonly string[]>;
  /** Cancels all queries in progress. */
  cancel(): void;
}

interface Entry {
  readonly expires: number;
  readonly addresses: readonly AddressBytes[];
  readonly error: EgressError | null;
}

/** How long a failed (not negative) look-up is cached, so that a broken domain is not queried thousands of times a second. */
const FAILURE_TTL_MS = 1000;
/** A resolver that answered any query within this time counts as working. */
const HEALTHY_MS = 10_000;
const PROBE_TIMEOUT_MS = 1000;

/** Caching resolver for A and AAAA records. The caller checks the addresses at each connection, cached or not. */
export class NameResolver {
  readonly #service: NameService;
  readonly #options: Required<Omit<DnsOptions, "servers" | "tries">>;
  readonly #now: () => number;
  readonly #cache = new Map<string, Entry>();
  readonly #inFlight = new Map<string, Promise<Entry>>();
  #answeredAt = Number.NEGATIVE_INFINITY;
  #probing: Promise<boolean> | null = null;

  constructor(service: NameService, options: DnsOptions, now: () => number) {
    this.#service = service;
    this.#options = {
      timeoutMs: options.timeoutMs ?? 3000,
      minTtlMs: options.minTtlMs ?? 1000,
      maxTtlMs: options.maxTtlMs ?? 300_000,
      negativeTtlMs: options.negativeTtlMs ?? 5000,
      maxNames: options.maxNames ?? 10_000,
    };
    this.#now = now;
  }

  /** Whether the resolver answered any query recently. */
  get healthy(): boolean {
    return this.#now() - this.#answeredAt < HEALTHY_MS;
  }

  /** Names in the cache, expired ones included. */
  get size(): number {
    return this.#cache.size;
  }

  /**
   * @param host Absolute name in lower case, without a trailing dot.
   * @param system Resolve the name like the operating system.
   * @throws {EgressError} `dns_not_found`, `dns_timeout`, `dns_broken` (theirs) or `dns_failed` (ours).
   */
  async resolve(host: string, system: boolean): Promise<readonly AddressBytes[]> {
    const key = system ? `${host}/system` : host;
    let entry = this.#cache.get(key);
    if (entry === undefined || entry.expires <= this.#now()) {
      let flight = this.#inFlight.get(key);
      if (flight === undefined) {
        flight = this.#lookUp(host, key, system).finally(() => this.#inFlight.delete(key));
        this.#inFlight.set(key, flight);
      }
      entry = await flight;
    }
    if (entry.error !== null) throw entry.error;
    return entry.addresses;
  }

  close(): void {
    this.#service.cancel();
    this.#cache.clear();
  }

  async #lookUp(host: string, key: string, system: boolean): Promise<Entry> {
    let entry: Entry;
    try {
      const { addresses, ttlMs } = await (system ? this.#askSystem(host) : this.#ask(host));
      this.#answeredAt = this.#now();
      entry = { expires: this.#now() + ttlMs, addresses, error: null };
    } catch (error) {
      const failure =
        error instanceof EgressError ? error : new EgressError("dns_failed", String(error), { cause: error });
      const ttlMs = failure.code === "dns_not_found" ? this.#options.negativeTtlMs : FAILURE_TTL_MS;
      entry = { expires: this.#now() + ttlMs, addresses: [], error: failure };
    }
    this.#remember(key, entry);
    return entry;
  }

  #remember(key: string, entry: Entry): void {
    this.#cache.delete(key);
    if (this.#cache.size >= this.#options.maxNames) {
      const oldest = this.#cache.keys().next();
      if (oldest.done !== true) this.#cache.delete(oldest.value);
    }
    this.#cache.set(key, entry);
  }

  async #ask(host: string): Promise<{ addresses: AddressBytes[]; ttlMs: number }> {
    const families = [this.#within(this.#service.query(host, 4)), this.#within(this.#service.query(host, 6))];
    const answers = await Promise.allSettled(families);
    const addresses: AddressBytes[] = [];
    let ttl = Number.POSITIVE_INFINITY;
    const codes: string[] = [];
    for (const answer of answers) {
      if (answer.status === "rejected") {
        codes.push(codeOf(answer.reason));
        continue;
      }
      ttl = Math.min(ttl, answer.value.ttl);
      for (const text of answer.value.addresses) addresses.push(bytesOf(text, host));
    }
    if (addresses.length === 0) throw await this.#failure(host, codes);
    return { addresses, ttlMs: Math.min(Math.max(ttl * 1000, this.#options.minTtlMs), this.#options.maxTtlMs) };
  }

  async #askSystem(host: string): Promise<{ addresses: AddressBytes[]; ttlMs: number }> {
    try {
      const found = await this.#within(this.#service.system(host));
      return { addresses: found.map((text) => bytesOf(text, host)), ttlMs: this.#options.minTtlMs };
    } catch (error) {
      throw await this.#failure(host, [codeOf(error)]);
    }
  }

  async #within<T>(query: Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(
        () => reject(Object.assign(new Error("budget"), { code: "ETIMEOUT" })),
        this.#options.timeoutMs,
      );
    });
    try {
      return await Promise.race([query, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Attributes a failure. A timeout is the target's fault if our resolver answers queries for other names, and ours if it does not. */
  async #failure(host: string, codes: readonly string[]): Promise<EgressError> {
    const worst = codes.find((code) => !NOT_FOUND.has(code));
    const detail = `DNS look-up of ${host}: ${codes.join(", ")}`;
    if (worst === undefined) {
      this.#answeredAt = this.#now();
      return new EgressError("dns_not_found", detail);
    }
    const theirs: EgressErrorCode = worst === "ETIMEOUT" ? "dns_timeout" : "dns_broken";
    const works = worst !== "ECONNREFUSED" && (this.healthy || (await this.#probe()));
    return works
      ? new EgressError(theirs, `${detail}; our resolver answers other queries`)
      : new EgressError(
          "dns_failed",
          `${detail}; our resolver does not answer a probe either: check the dns servers setting`,
        );
  }

  #probe(): Promise<boolean> {
    this.#probing ??= this.#probeOnce().finally(() => {
      this.#probing = null;
    });
    return this.#probing;
  }

  async #probeOnce(): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<boolean>((resolve) => {
      timer = setTimeout(() => resolve(false), PROBE_TIMEOUT_MS);
    });
    const answered = this.#service.probe().then(
      () => true,
      (error: unknown) => NOT_FOUND.has(codeOf(error)) || codeOf(error) === "EREFUSED",
    );
    const works = await Promise.race([answered, late]);
    clearTimeout(timer);
    if (works) this.#answeredAt = this.#now();
    return works;
  }
}

const NOT_FOUND: ReadonlySet<string> = new Set(["ENOTFOUND", "ENODATA", "EBADNAME"]);

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : String(error);
}

function bytesOf(text: string, host: string): AddressBytes {
  const bytes = parseAddress(text);
  if (bytes === null)
    throw new EgressError("dns_broken", `DNS look-up of ${host}: the answer "${text}" is not an address`);
  return bytes;
}

/**
 * Name service based on `node:dns`: c-ares for names of the public internet, getaddrinfo for names that the operator
 * listed.
 */
export function nodeNameService(options: DnsOptions): NameService {
  const tries = options.tries ?? 3;
  const resolver = new Resolver({ timeout: Math.ceil((options.timeoutMs ?? 3000) / tries), tries });
  if (options.servers !== undefined) resolver.setServers(options.servers);
  return {
    async query(host, family) {
      // The trailing dot makes the name absolute, so no search list can turn `kubernetes.com` into a name of the cluster.
      const name = `${host}.`;
      const records =
        family === 4 ? await resolver.resolve4(name, { ttl: true }) : await resolver.resolve6(name, { ttl: true });
      let ttl = Number.POSITIVE_INFINITY;
      for (const record of records) ttl = Math.min(ttl, record.ttl);
      return { addresses: records.map((record) => record.address), ttl };
    },
    probe: () => resolver.resolveNs("."),
    async system(host) {
      const found = await lookup(host, { all: true, order: "verbatim" });
      return found.map(({ address }) => address);
    },
    cancel: () => resolver.cancel(),
  };
}
