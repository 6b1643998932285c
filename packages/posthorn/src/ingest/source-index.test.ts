import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { systemActor } from "../domain/access.ts";
import type { Services } from "../domain/context.ts";
import { createSource } from "../domain/source/create.ts";
import { DEFAULT_SETTINGS } from "../domain/source/source.ts";
import { tokenHash } from "../domain/source/token.ts";
import { heldReads } from "../../test/support/held-reads.ts";
import { servicesOver } from "../../test/support/services.ts";
import { openStore, type TestStore } from "../../test/support/store.ts";
import { SourceIndex } from "./source-index.ts";

let files: TestStore;
let services: Services;
beforeAll(async () => {
  files = await openStore();
  services = servicesOver(files.store).services;
});
afterAll(() => files[Symbol.asyncDispose]());

/** A source, an index that has not read it, and a token that is not stored yet. */
async function sceneOf(uid: string) {
  const ctx = { services, actor: systemActor(1, "org_1"), tx: null };
  const settings = { name: uid, uid, type: "github", config: {}, metadata: {}, expiresAt: null, secrets: ["s3cret"] };
  const input = { kind: "webhook", kindConfig: null, ...DEFAULT_SETTINGS, ...settings } as const;
  const { key } = (await createSource({ ctx, input })).source;
  const { store, hold } = heldReads(files.store);
  const index = new SourceIndex({
    store,
    secretBox: services.secretBox,
    now: services.now,
    fetchKey: () => Promise.reject(new Error("no key is fetched")),
    plainResponsesOnly: () => Promise.resolve(false),
  });
  return { key, index, hold, token: randomBytes(20).toString("hex") };
}

function insertToken(token: string, key: number): Promise<unknown> {
  const hash = tokenHash(token);
  const row = { hash, source_id: key, token_sealed: new Uint8Array(), expires_at: null };
  return files.store.transaction(({ db }) => db.insertInto("source_token").values(row).execute());
}

function deleteToken(token: string): Promise<unknown> {
  return files.store.transaction(({ db }) =>
    db.deleteFrom("source_token").where("hash", "=", tokenHash(token)).execute(),
  );
}

describe("a change during a look-up", () => {
  it.each(["invalidate", "clear"] as const)("keeps no token that was revoked by it (%s)", async (method) => {
    const { key, index, hold, token } = await sceneOf(`revoked-${method}`);
    await insertToken(token, key);
    const held = hold();
    const before = index.find(token);
    await held.read;
    await deleteToken(token);
    index[method](key);
    // Neither the look-up in progress nor its result counts for later requests.
    const after = index.find(token);
    held.release();
    await before;
    expect(await after).toBeNull();
    expect(index.known(token)).toBeNull();
    expect(await index.find(token)).toBeNull();
  });

  it("does not make a token unknown that it created", async () => {
    const { key, index, hold, token } = await sceneOf("created");
    const held = hold();
    const before = index.find(token);
    await held.read;
    await insertToken(token, key);
    index.invalidate(key);
    held.release();
    expect(await before).toBeNull();
    expect(await index.find(token)).toMatchObject({ key });
  });

  it("keeps no source that was deleted by it", async () => {
    const { key, index, hold } = await sceneOf("deleted");
    const held = hold();
    const before = index.source(key);
    await held.read;
    await files.store.transaction(({ db }) =>
      db.updateTable("source").set({ deleted_at: 1 }).where("id", "=", key).execute(),
    );
    index.invalidate(key);
    held.release();
    await before;
    expect(await index.source(key)).toBeNull();
  });

  it("does not raise the limit on concurrent look-ups", async () => {
    const { key, index, hold } = await sceneOf("limit");
    const held = hold();
    const tokens = Array.from({ length: 33 }, () => randomBytes(20).toString("hex"));
    const first = index.find(tokens[0]!);
    await held.read;
    index.invalidate(key);
    const others = tokens.slice(1).map((token) => index.find(token));
    expect(await others.at(-1)).toBe("busy");
    held.release();
    expect(await Promise.all([first, ...others.slice(0, -1)])).toEqual(new Array(32).fill(null));
  });
});
