/** Data keys of a database when a node opens it: new, of an earlier version, with another root key. */
import { createCipheriv, createHmac, randomBytes } from "node:crypto";
import { beforeEach, describe, expect, it } from "vitest";
import { Keyring, type KeyringOptions } from "../../src/encryption/keyring.ts";
import { LocalRootKey, type RootKey, type RootKeys } from "../../src/encryption/root-key.ts";
import { PosthornError } from "../../src/lib/errors.ts";
import type { Store } from "../../src/store/store.ts";
import { openStore } from "../support/store.ts";

const PLACE = "endpoint_secret.secret_sealed 1 1";

/** A root key of a service: counts its calls, and can be unavailable. */
class CountedKey implements RootKey {
  readonly #key: LocalRootKey;
  readonly provider = "service";
  wraps = 0;
  unwraps = 0;
  isAway = false;

  constructor(bytes: Buffer) {
    this.#key = new LocalRootKey(bytes);
  }

  get id(): string {
    return this.#key.id;
  }

  wrap(key: Buffer, context: string): Promise<Buffer> {
    this.wraps++;
    return this.#call(() => this.#key.wrap(key, context));
  }

  unwrap(wrapped: Uint8Array, context: string): Promise<Buffer> {
    this.unwraps++;
    return this.#call(() => this.#key.unwrap(wrapped, context));
  }

  async #call(action: () => Promise<Buffer>): Promise<Buffer> {
    if (this.isAway) throw new PosthornError("encryption_key_unavailable", "The service cannot be reached.");
    return action();
  }
}

function rootsOf(keys: readonly RootKey[], legacy: readonly Buffer[] = []): RootKeys {
  return {
    current: keys[0]!,
    find: (provider, id) => keys.find((key) => key.provider === provider && key.id === id) ?? null,
    legacy,
  };
}

function localRoots(...keys: readonly Buffer[]): RootKeys {
  return rootsOf(
    keys.map((key) => new LocalRootKey(key)),
    keys,
  );
}

let failures: unknown[];
beforeEach(() => {
  failures = [];
});

function open(store: Store, roots: RootKeys, nodeId = 1): Promise<Keyring> {
  const options: KeyringOptions = {
    store,
    roots,
    now: () => 1_000_000,
    nodeId: () => nodeId,
    settleMs: 0,
    onFailure: (error) => failures.push(error),
  };
  return Keyring.open(options);
}

/** A value of version 2, as earlier versions encrypted it. */
function sealedBefore(key: Buffer, text: string): Buffer {
  const [salt, iv] = [randomBytes(16), randomBytes(12)];
  const derived = createHmac("sha256", key).update("posthorn sealed value").update(salt).update(Buffer.of(1)).digest();
  const cipher = createCipheriv("aes-256-gcm", derived, iv);
  const encrypted = Buffer.concat([cipher.update(text, "utf8"), cipher.final()]);
  return Buffer.concat([Buffer.of(2), salt, iv, cipher.getAuthTag(), encrypted]);
}

async function insertSecret(store: Store, sealed: Uint8Array): Promise<void> {
  const row = { id: 1, endpoint_id: 1, secret_sealed: sealed, expires_at: null };
  await store.transaction(({ db }) => db.insertInto("endpoint_secret").values(row).execute());
}

async function idsIn(store: Store): Promise<readonly (readonly [number, string])[]> {
  const rows = await store.db.selectFrom("encryption_key").select(["id", "state"]).orderBy("id").execute();
  return rows.map(({ id, state }) => [id, state] as const);
}

describe("the data keys of a database", () => {
  it("are created once, even by nodes that start at the same time, and are stored only in wrapped form", async () => {
    await using files = await openStore();
    const { store } = files;
    const roots = localRoots(randomBytes(32));
    const [one, two] = await Promise.all([open(store, roots, 1), open(store, roots, 2)]);
    expect(await idsIn(store)).toEqual([[1, "sealing"]]);
    const sealed = one.secretBox.seal("text", PLACE);
    expect(two.secretBox.open(sealed, PLACE)).toBe("text");
    const again = await open(store, roots);
    expect(again.secretBox.open(sealed, PLACE)).toBe("text");
    expect(again.auditSigner.keyId).toBe(one.auditSigner.keyId);
    const reports = await store.db
      .selectFrom("encryption_key_node")
      .select(["node_id", "sealing"])
      .orderBy("node_id")
      .execute();
    expect(reports.map(({ node_id: id, sealing }) => [id, sealing])).toEqual([
      [1, 1],
      [2, 1],
    ]);
  });

  it("are not decrypted with another root key, and the error names the setting to change", async () => {
    await using files = await openStore();
    const [before, after] = [randomBytes(32), randomBytes(32)];
    await open(files.store, localRoots(before));
    const error = await open(files.store, localRoots(after)).catch((cause: unknown) => cause);
    expect(error).toMatchObject({ code: "config_invalid" });
    const { message } = error as Error;
    for (const part of [new LocalRootKey(before).id, new LocalRootKey(after).id, "POSTHORN_ENCRYPTION_KEY_PREVIOUS"]) {
      expect(message).toContain(part);
    }
    for (const key of [before, after]) expect(message).not.toContain(key.toString("base64"));
    await open(files.store, localRoots(after, before));
  });

  it("that were changed in the database are reported as corrupt", async () => {
    await using files = await openStore();
    const { store } = files;
    const roots = localRoots(randomBytes(32));
    await open(store, roots);
    await store.transaction(({ db }) =>
      db
        .updateTable("encryption_key")
        .set({ wrapped: randomBytes(60) })
        .execute(),
    );
    await expect(open(store, roots)).rejects.toMatchObject({ code: "storage_corrupt" });
  });

  it("include the key of an earlier version, whose values stay readable without its root key", async () => {
    await using files = await openStore();
    const { store } = files;
    const root = randomBytes(32);
    const old = sealedBefore(root, "whsec_old");
    await insertSecret(store, old);
    await expect(open(store, localRoots(randomBytes(32)))).rejects.toMatchObject({
      code: "config_invalid",
      message: expect.stringContaining("endpoint_secret.secret_sealed"),
    });
    const service = new CountedKey(randomBytes(32));
    const keyring = await open(store, rootsOf([service], [root]));
    expect(await idsIn(store)).toEqual([
      [0, "opening"],
      [1, "sealing"],
    ]);
    expect(keyring.secretBox.open(old, PLACE)).toBe("whsec_old");
    // The root key of the earlier version is no longer needed to decrypt its values.
    const later = await open(store, rootsOf([service]));
    expect(later.secretBox.open(old, PLACE)).toBe("whsec_old");
  });

  it("are replaced by another one when an operator has marked them as destroyed", async () => {
    await using files = await openStore();
    const { store } = files;
    const lost = await open(store, localRoots(randomBytes(32)));
    const sealed = lost.secretBox.seal("text", PLACE);
    await store.transaction(({ db }) =>
      db.updateTable("encryption_key").set({ state: "destroyed", wrapped: null }).execute(),
    );
    const keyring = await open(store, localRoots(randomBytes(32)));
    expect(await idsIn(store)).toEqual([
      [1, "destroyed"],
      [2, "sealing"],
    ]);
    expect(() => keyring.secretBox.open(sealed, PLACE)).toThrow("Its data key 1 has been destroyed");
    expect(keyring.secretBox.open(keyring.secretBox.seal("new", PLACE), PLACE)).toBe("new");
  });
});

describe("the service with the root key", () => {
  it("is called once for each data key at the start, and never for a value", async () => {
    await using files = await openStore();
    const service = new CountedKey(randomBytes(32));
    const keyring = await open(files.store, rootsOf([service]));
    expect([service.wraps, service.unwraps]).toEqual([1, 1]);
    service.isAway = true;
    const { secretBox } = keyring;
    for (let count = 0; count < 100; count++) secretBox.open(secretBox.seal("text", PLACE), PLACE);
    await keyring.refresh();
    expect([service.wraps, service.unwraps]).toEqual([1, 1]);
  });

  it("that is unavailable prevents a start, while a running node keeps working and loads a new data key later", async () => {
    await using files = await openStore();
    const { store } = files;
    const service = new CountedKey(randomBytes(32));
    const keyring = await open(store, rootsOf([service]));
    const row = { id: 2, state: "announced" as const, ...(await keyring.createKey(2)) };
    const times = { created_at: 1, sealing_at: null, destroyed_at: null };
    await store.transaction(({ db }) =>
      db
        .insertInto("encryption_key")
        .values({ ...row, ...times })
        .execute(),
    );

    service.isAway = true;
    await expect(open(store, rootsOf([service]))).rejects.toMatchObject({ code: "encryption_key_unavailable" });
    await expect(keyring.refresh()).rejects.toMatchObject({ code: "encryption_key_unavailable", status: 503 });
    expect(keyring.secretBox.open(keyring.secretBox.seal("text", PLACE), PLACE)).toBe("text");
    keyring.rescan();
    await expect.poll(() => failures).toHaveLength(1);

    service.isAway = false;
    await keyring.refresh();
    const [report] = await store.db.selectFrom("encryption_key_node").select("key_ids_json").execute();
    expect(report!.key_ids_json).toBe("[1,2]");
  });
});
