/** Data keys of the database in the memory of this node. */
import { randomBytes } from "node:crypto";
import type { Selectable } from "kysely";
import { sql } from "kysely";
import { AuditSigner } from "../domain/audit/signer.ts";
import { PosthornError } from "../lib/errors.ts";
import { keyIdOf, LEGACY_KEY_ID, SecretBox } from "../lib/secret-box.ts";
import type { EncryptionKeyTable } from "../store/encryption-schema.ts";
import { SEALED_COLUMNS, type SealedColumn, type SealedColumnName } from "../store/sealed-columns.ts";
import type { Store } from "../store/store.ts";
import type { Worker } from "../workers/worker.ts";
import type { Signal } from "../store/signal.ts";
import type { RootKey, RootKeys } from "./root-key.ts";

export type KeyRow = Selectable<EncryptionKeyTable>;
/** Columns of a data key that its root key determines. */
export type WrappedKey = Pick<KeyRow, "provider" | "root" | "wrapped">;

export interface KeyringOptions {
  readonly store: Store;
  readonly roots: RootKeys;
  readonly now: () => number;
  /** ID of this node, which changes when it joins the cluster again. */
  readonly nodeId: () => number;
  /** See `DataKeyring.settleMs`. */
  readonly settleMs: number;
  readonly onFailure: (error: unknown) => void;
}

/**
 * Loads the data keys of the database and unwraps them with the root key. A key that was destroyed in the database stays in memory until
 * the process ends, because messages and endpoints in memory may have values that were sealed with it.
 */
export class Keyring implements Worker {
  readonly name = "encryption keys";
  readonly secretBox: SecretBox;
  readonly auditSigner: AuditSigner;
  readonly #options: KeyringOptions;
  readonly #keys = new Map<number, Buffer>();
  /** IDs of the data keys that are not destroyed in the database. */
  #live: readonly number[];
  #refreshing: Promise<void> | null = null;
  #again = false;

  private constructor(options: KeyringOptions, rows: readonly KeyRow[], keys: ReadonlyMap<number, Buffer>) {
    this.#options = options;
    for (const [id, key] of keys) this.#keys.set(id, key);
    this.#live = rows.map(({ id }) => id);
    const sealing = sealingOf(rows);
    this.secretBox = new SecretBox({ sealing, keys: new Map(this.#keys) });
    this.auditSigner = new AuditSigner(this.#keys.get(sealing)!, this.#earlier(sealing));
    this.secretBox.onUnknownKey = () => this.rescan();
  }

  /** Loads the data keys, and creates the first one in a new database. Throws `config_invalid` if the root key is not the right one. */
  static async open(options: KeyringOptions): Promise<Keyring> {
    const { store, roots } = options;
    let rows = await liveKeys(store);
    if (rows.length === 0) {
      await createFirst(options);
      rows = await liveKeys(store);
    }
    const keys = new Map<number, Buffer>();
    for (const row of rows) keys.set(row.id, await unwrap(roots, row));
    const keyring = new Keyring(options, rows, keys);
    await keyring.#report();
    return keyring;
  }

  get settleMs(): number {
    return this.#options.settleMs;
  }

  /** The root key that wraps new data keys. */
  get root(): RootKey {
    return this.#options.roots.current;
  }

  /** Creates a data key, wrapped by the current root key. It is not stored. */
  async createKey(id: number): Promise<WrappedKey> {
    return wrapped(this.root, id, randomBytes(32));
  }

  /** Wraps a data key with the current root key. */
  async rewrap(row: KeyRow): Promise<WrappedKey> {
    return wrapped(this.root, row.id, await unwrap(this.#options.roots, row));
  }

  /** Loads new data keys, seals with the one that the database names, and reports both to the other nodes. */
  refresh(): Promise<void> {
    // A read that has begun may have missed the change that caused this call.
    this.#again = true;
    return (this.#refreshing ??= this.#refreshAll().finally(() => (this.#refreshing = null)));
  }

  started(): void {
    this.rescan();
  }

  rescan(): void {
    this.refresh().catch((error: unknown) => this.#options.onFailure(error));
  }

  notified(signal: Signal): void {
    if (signal.kind === "keys") this.rescan();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#refreshing?.catch(() => undefined);
  }

  async #refreshAll(): Promise<void> {
    while (this.#again) {
      this.#again = false;
      const rows = await liveKeys(this.#options.store);
      for (const row of rows) {
        if (!this.#keys.has(row.id)) this.#keys.set(row.id, await unwrap(this.#options.roots, row));
      }
      this.#use(rows);
      await this.#report();
    }
  }

  #use(rows: readonly KeyRow[]): void {
    const sealing = sealingOf(rows);
    const live = rows.map(({ id }) => id);
    if (sealing === this.secretBox.sealing && live.join() === this.#live.join()) return;
    this.#live = live;
    this.secretBox.useKeys({ sealing, keys: new Map(this.#keys) });
    this.auditSigner.useKeys(this.#keys.get(sealing)!, this.#earlier(sealing));
  }

  /** Keys with signatures of audit logs that are still valid. Earlier versions signed with the root key. */
  #earlier(sealing: number): readonly Buffer[] {
    const others = this.#live.filter((id) => id !== sealing).map((id) => this.#keys.get(id)!);
    return [...others, ...this.#options.roots.legacy];
  }

  async #report(): Promise<void> {
    const { store, now, nodeId } = this.#options;
    const row = {
      key_ids_json: JSON.stringify([...this.#keys.keys()].toSorted((a, b) => a - b)),
      sealing: this.secretBox.sealing,
      root: nameOf(this.root),
    };
    const known = await store.db
      .selectFrom("encryption_key_node")
      .selectAll()
      .where("node_id", "=", nodeId())
      .executeTakeFirst();
    if (known?.key_ids_json === row.key_ids_json && known.sealing === row.sealing && known.root === row.root) return;
    await store.transaction(
      ({ db }) =>
        db
          .insertInto("encryption_key_node")
          .values({ node_id: nodeId(), ...row, seen_at: now() })
          .onConflict((conflict) => conflict.column("node_id").doUpdateSet({ ...row, seen_at: now() }))
          .execute(),
      "encryption.report",
    );
  }
}

/** Name of a root key in reports: its kind, and its ID. */
export function nameOf({ provider, id }: Pick<RootKey, "provider" | "id">): string {
  return `${provider}:${id}`;
}

function liveKeys(store: Pick<Store, "db">): Promise<KeyRow[]> {
  return store.db.selectFrom("encryption_key").selectAll().where("state", "<>", "destroyed").orderBy("id").execute();
}

function sealingOf(rows: readonly KeyRow[]): number {
  return rows.find(({ state }) => state === "sealing")!.id;
}

async function wrapped(root: RootKey, id: number, key: Buffer): Promise<WrappedKey> {
  return { provider: root.provider, root: root.id, wrapped: await root.wrap(key, contextOf(id)) };
}

function contextOf(id: number): string {
  return `posthorn data key ${id}`;
}

/** Unwraps a data key with the root key that it names. */
export async function unwrap(roots: RootKeys, { id, provider, root, wrapped: bytes }: KeyRow): Promise<Buffer> {
  const key = roots.find(provider, root);
  if (key === null || bytes === null) {
    throw new PosthornError(
      "config_invalid",
      `The data key ${id} of this database is encrypted with the root key ${provider}:${root}, and this server has ${nameOf(roots.current)}. ` +
        "Give all nodes the same POSTHORN_ENCRYPTION_KEY. If you are replacing it, set POSTHORN_ENCRYPTION_KEY_PREVIOUS to its old value.",
    );
  }
  try {
    return await key.unwrap(bytes, contextOf(id));
  } catch (cause) {
    if (cause instanceof PosthornError) throw cause;
    throw new PosthornError("storage_corrupt", `The data key ${id} of this database was changed, and cannot be used.`, {
      cause,
    });
  }
}

/** Creates the first data key, and stores the key of values that earlier versions sealed, so that it can be rotated as any other. */
async function createFirst({ store, roots, now }: KeyringOptions): Promise<void> {
  const at = now();
  const times = { created_at: at, sealing_at: at, destroyed_at: null };
  const id = await nextKeyId(store);
  const first = await wrapped(roots.current, id, randomBytes(32));
  const legacy = await findLegacyKey(store, roots);
  const rows: KeyRow[] = [{ id, state: "sealing", ...first, ...times }];
  if (legacy !== null) {
    const kept = await wrapped(roots.current, LEGACY_KEY_ID, legacy);
    rows.push({ id: LEGACY_KEY_ID, state: "opening", ...kept, ...times });
  }
  // Of several nodes that start at the same time, one creates the keys.
  await store.transaction(async ({ db }) => {
    const live = await db.selectFrom("encryption_key").select("id").where("state", "<>", "destroyed").execute();
    if (live.length > 0) return;
    await db
      .insertInto("encryption_key")
      .values(rows)
      .onConflict((conflict) => conflict.column("id").doNothing())
      .execute();
  }, "encryption.create");
}

/** 1 in a new database. After the loss of a root key, an operator marks the data keys as destroyed, and another one is created. */
async function nextKeyId({ db }: Store): Promise<number> {
  const row = await db
    .selectFrom("encryption_key")
    .select((eb) => eb.fn.max<number | null>("id").as("id"))
    .executeTakeFirst();
  return (row?.id ?? LEGACY_KEY_ID) + 1;
}

/** The key that sealed the values of earlier versions; `null`: there are none. */
async function findLegacyKey({ db }: Store, { legacy }: RootKeys): Promise<Buffer | null> {
  for (const [name, place] of Object.entries(SEALED_COLUMNS) as [SealedColumnName, SealedColumn][]) {
    if (place.form !== "bytes") continue;
    // Values without a key ID have no context either.
    const { rows } = await sql<{ sealed: Uint8Array }>`
      SELECT ${sql.ref(place.column)} AS sealed FROM ${sql.table(place.table)}
      WHERE ${sql.ref(place.column)} IS NOT NULL LIMIT 1`.execute(db);
    const sample = rows[0];
    if (sample === undefined || keyIdOf(sample.sealed) !== LEGACY_KEY_ID) continue;
    const key = legacy.find((each) => SecretBox.withKey(each).opens(sample.sealed, ""));
    if (key !== undefined) return key;
    throw new PosthornError(
      "config_invalid",
      `The stored secrets of this database (${name}) were encrypted with another key than this server has. ` +
        "Set POSTHORN_ENCRYPTION_KEY, or POSTHORN_ENCRYPTION_KEY_PREVIOUS, to the key that they were encrypted with.",
    );
  }
  return null;
}
