/**
 * In-memory cache of the applications and endpoints that delivery uses: which endpoints match a message, and how to send to them.
 *
 * It has one entry per application, loaded on first use and dropped when the application or an endpoint changes, so that publishing needs
 * no query and a retry uses the current settings.
 */
import type { LRUCache } from "lru-cache";
import { ALL_KINDS, type KindRules } from "../destinations/kind-rules.ts";
import { boundedCache } from "../lib/bounded-cache.ts";
import type { LanePolicies, LanePolicy } from "../dispatch/policy.ts";
import { keyOfId } from "../lib/id.ts";
import { APPLICATION_KIND, type ApplicationKind } from "../store/schema.ts";
import type { Store } from "../store/store.ts";
import type { SecretBox } from "../lib/secret-box.ts";
import type { Redactor } from "../redaction/redactor.ts";
import { loadRedactor } from "./redaction/load.ts";
import { ApplicationSettings, DirectoryEndpoint } from "./directory-endpoint.ts";
import { layerOf, over, platformPolicy } from "./policy/resolve.ts";
import type { PlatformDefaults } from "./policy/section.ts";
import type { PolicyValues } from "./policy/sections.ts";

export interface DirectoryApplication {
  readonly key: number;
  readonly id: string;
  readonly uid: string | null;
  readonly orgId: number;
  readonly endpoints: ReadonlyMap<number, DirectoryEndpoint>;
  /** Redacts payloads before they are stored; `null`: no rule applies. */
  readonly redactor: Redactor | null;
}

/** Number of endpoints that each application counts as at least, which bounds the number of applications without endpoints. */
const APPLICATION_WEIGHT = 4;
/** Default for `maxEndpoints`. */
const MAX_ENDPOINTS = 200_000;

export interface DirectoryOptions {
  readonly store: Store;
  readonly secretBox: SecretBox;
  readonly now: () => number;
  readonly policyDefaults: PlatformDefaults;
  /** Destination kinds that this node can use. Default: all. */
  readonly kinds?: KindRules;
  /** Maximum endpoints in memory, across all applications. */
  readonly maxEndpoints?: number;
}

export class Directory implements LanePolicies {
  readonly #store: Store;
  readonly #secretBox: SecretBox;
  readonly #now: () => number;
  readonly #platform: PolicyValues;
  readonly #kinds: KindRules;
  /** Entries are added when their load starts, so that concurrent look-ups share one load and an invalidation affects a load in progress. */
  readonly #applications: LRUCache<number, LoadedApplication>;
  /** Keys of applications by organisation and id or uid. */
  readonly #refs: LRUCache<string, number>;
  /** Which application an endpoint belongs to; never changes. */
  readonly #owners: LRUCache<number, number>;

  constructor({ store, secretBox, now, policyDefaults, kinds, maxEndpoints = MAX_ENDPOINTS }: DirectoryOptions) {
    this.#store = store;
    this.#secretBox = secretBox;
    this.#now = now;
    this.#platform = platformPolicy(policyDefaults);
    this.#kinds = kinds ?? ALL_KINDS;
    this.#applications = boundedCache<number, LoadedApplication>(maxEndpoints, {
      weight: (loaded) => Math.max(APPLICATION_WEIGHT, 1 + (loaded.application?.endpoints.size ?? 0)),
    });
    this.#refs = boundedCache(maxEndpoints / 2);
    this.#owners = boundedCache(maxEndpoints);
  }

  /** The application with this id or uid, or `null`. */
  async find(orgId: number, ref: string): Promise<DirectoryApplication | null> {
    const refKey = `${orgId}/${ref}`;
    const known = this.#refs.get(refKey);
    if (known !== undefined) {
      const application = await this.application(known);
      if (application !== null && (application.id === ref || application.uid === ref)) return application;
      // It was deleted, or its uid was changed.
      this.#refs.delete(refKey);
    }
    const key = await this.#resolve(orgId, ref);
    if (key === null) return null;
    this.#refs.set(refKey, key);
    return this.application(key);
  }

  /** The application with this id or uid, if it is in memory and current. */
  known(orgId: number, ref: string): DirectoryApplication | null {
    const key = this.#refs.get(`${orgId}/${ref}`);
    const loaded = key === undefined ? undefined : this.#applications.get(key);
    if (loaded === undefined || loaded.application === null || loaded.freshUntil <= this.#now()) return null;
    const { application } = loaded;
    return application.id === ref || application.uid === ref ? application : null;
  }

  /** The application with this key, or `null` if it no longer exists. */
  application(key: number): Promise<DirectoryApplication | null> | DirectoryApplication | null {
    const loaded = this.#applications.get(key);
    if (loaded === undefined) return this.#load(key);
    if (loaded.freshUntil <= this.#now()) return this.#load(key);
    return loaded.application ?? loaded.loading;
  }

  /** The endpoint with this key, or `null` if it or its application no longer exists. */
  async endpoint(key: number): Promise<DirectoryEndpoint | null> {
    const owner = this.#owners.get(key) ?? (await this.#ownerOf(key));
    if (owner === null) return null;
    return (await this.application(owner))?.endpoints.get(key) ?? null;
  }

  /**
   * An endpoint whose application is in memory, which is the case while it has traffic. `undefined`: the application is not in memory; `null`:
   * the endpoint does not exist.
   */
  knownEndpoint(key: number): DirectoryEndpoint | null | undefined {
    const owner = this.#owners.get(key);
    const application = owner === undefined ? null : this.application(owner);
    return application === null || application instanceof Promise
      ? undefined
      : (application.endpoints.get(key) ?? null);
  }

  /** The lane policy of an endpoint. Returned synchronously while its application is in memory. */
  policy(endpointKey: number): LanePolicy | null | Promise<LanePolicy | null> {
    const known = this.knownEndpoint(endpointKey);
    if (known !== undefined) return known?.policy.lane ?? null;
    return this.endpoint(endpointKey).then((endpoint) => endpoint?.policy.lane ?? null);
  }

  /** Drops an application; the next look-up reads it again. */
  invalidate(applicationKey: number): void {
    this.#applications.delete(applicationKey);
  }

  /** Discards everything, since it is unknown which entries are still valid. */
  clear(): void {
    this.#applications.clear();
    this.#refs.clear();
  }

  async #resolve(orgId: number, ref: string): Promise<number | null> {
    const query = this.#store.hotDb
      .selectFrom("application")
      .select("id")
      .where("org_id", "=", orgId)
      .where("kind", "=", APPLICATION_KIND.customer)
      .where("deleted_at", "is", null);
    const key = keyOfId("app_", ref);
    const row = await (
      key === null ? query.where("uid", "=", ref) : query.where("id", "=", key).where("public_id", "=", ref)
    ).executeTakeFirst();
    return row?.id ?? null;
  }

  async #ownerOf(endpointKey: number): Promise<number | null> {
    const row = await this.#store.hotDb
      .selectFrom("endpoint")
      .select("app_id")
      .where("id", "=", endpointKey)
      .executeTakeFirst();
    if (row === undefined) return null;
    this.#owners.set(endpointKey, row.app_id);
    return row.app_id;
  }

  #load(key: number): Promise<DirectoryApplication | null> {
    const loaded: LoadedApplication = {
      application: null,
      loading: this.#read(key),
      freshUntil: Number.POSITIVE_INFINITY,
    };
    this.#applications.set(key, loaded);
    loaded.loading.then(
      (application) => this.#keep(key, loaded, application),
      () => this.#drop(key, loaded),
    );
    return loaded.loading;
  }

  /** Keeps the result of a load, unless the entry was invalidated during the load. Sets the entry again to update its size in the cache. */
  #keep(key: number, loaded: LoadedApplication, application: DirectoryApplication | null): void {
    if (!this.#drop(key, loaded) || application === null) return;
    loaded.application = application;
    loaded.freshUntil = earliest([...application.endpoints.values()].map((endpoint) => endpoint.signerExpiresAt));
    this.#applications.set(key, loaded);
  }

  /** Deletes the entry if it is still the current one, and returns whether it was. */
  #drop(key: number, loaded: LoadedApplication): boolean {
    return this.#applications.peek(key) === loaded && this.#applications.delete(key);
  }

  async #read(key: number): Promise<DirectoryApplication | null> {
    const db = this.#store.hotDb;
    const application = await db
      .selectFrom("application")
      .select(["id", "public_id", "uid", "org_id", "kind", "egress_allow", "egress_sealed", "policy_json"])
      .select("throttle_rate")
      .where("id", "=", key)
      .where("deleted_at", "is", null)
      .executeTakeFirst();
    if (application === undefined) return null;
    // Endpoints and secrets are read in one query, so that no endpoint is read without its secret.
    const rows = await db
      .selectFrom("endpoint")
      .leftJoin("endpoint_secret", (join) =>
        join
          .onRef("endpoint_secret.endpoint_id", "=", "endpoint.id")
          .on(({ eb, or }) => or([eb("expires_at", "is", null), eb("expires_at", ">", this.#now())])),
      )
      .selectAll("endpoint")
      .select(["endpoint_secret.id as secret_id", "endpoint_secret.secret_sealed", "endpoint_secret.expires_at"])
      .where("endpoint.app_id", "=", key)
      .where("endpoint.deleted_at", "is", null)
      .orderBy("endpoint_secret.id", "desc")
      .execute();
    const { public_id: id, uid, org_id: orgId } = application;
    const kind = application.kind as ApplicationKind;
    const redactor = await loadRedactor(db, this.#secretBox, { orgId, appKey: key, kind });
    const policy = over(this.#platform, layerOf(application), "application");
    const below = new ApplicationSettings(application, policy, this.#secretBox);
    const surroundings = { secretBox: this.#secretBox, kinds: this.#kinds, below, redactor };
    const endpoints = new Map<number, DirectoryEndpoint>();
    for (const [endpointKey, own] of Map.groupBy(rows, (row) => row.id)) {
      const secrets = own.flatMap(({ secret_id: secretKey, secret_sealed, expires_at }) =>
        secretKey === null || secret_sealed === null ? [] : [{ id: secretKey, secret_sealed, expires_at }],
      );
      endpoints.set(endpointKey, new DirectoryEndpoint(own[0]!, secrets, surroundings));
      this.#owners.set(endpointKey, key);
    }
    return { key, id, uid, orgId, endpoints, redactor };
  }
}

/** The minimum of any number of values; infinity for none. */
function earliest(times: readonly number[]): number {
  return times.reduce((least, time) => Math.min(least, time), Number.POSITIVE_INFINITY);
}

interface LoadedApplication {
  application: DirectoryApplication | null;
  readonly loading: Promise<DirectoryApplication | null>;
  freshUntil: number;
}
