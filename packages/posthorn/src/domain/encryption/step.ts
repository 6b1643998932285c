/** Steps of a rotation of data keys. Each is short, and the next one continues from the stored progress after a crash. */
import { randomBytes } from "node:crypto";
import { keyIdOf } from "../../lib/secret-box.ts";
import { readSealed, replaceSealed, type SealedValue } from "../../store/sealed-values.ts";
import type { Tx } from "../../store/tx.ts";
import { resignHeads } from "../audit/prune.ts";
import type { Services } from "../context.ts";
import type { Step, StepResult } from "../task/step.ts";
import type { Task } from "../task/task.ts";
import { COLUMNS, NOTHING_SCANNED, type ResealData } from "./progress.ts";

/** How often a phase checks whether all nodes are ready. */
const WAIT_MS = 250;

/** Runs the next part of a rotation. */
export async function rotateStep(services: Services, task: Task): Promise<Step> {
  const data = task.data as ResealData;
  switch (data.phase) {
    case "create":
      return create(services, data);
    case "announce":
      return announce(services, data);
    case "switch":
      return switchKeys(services, data);
    case "reseal":
      return reseal(services, data);
    case "destroy":
      return destroy(services, data);
  }
}

async function create(services: Services, data: ResealData): Promise<Step> {
  const { keyring, now } = services;
  const root = `${keyring.root.provider}:${keyring.root.id}`;
  const waitingFor = await othersThan(services, (node) => node.root === root);
  if (waitingFor.length > 0) return waiting(data, waitingFor);
  const rows = await services.store.db.selectFrom("encryption_key").selectAll().orderBy("id").execute();
  // A key of a rotation that failed before it sealed anything is used again.
  const announced = rows.find(({ state }) => state === "announced");
  const id = announced?.id ?? rows.at(-1)!.id + 1;
  const key = announced === undefined ? await keyring.createKey(id) : await keyring.rewrap(announced);
  const row = { id, state: "announced" as const, ...key, created_at: now(), sealing_at: null, destroyed_at: null };
  return writing(async (tx) => {
    await tx.db
      .insertInto("encryption_key")
      .values(row)
      .onConflict((conflict) => conflict.column("id").doUpdateSet({ ...key }))
      .execute();
    tx.signal({ kind: "keys" });
    return proceed({ ...data, phase: "announce", keyId: id });
  });
}

async function announce(services: Services, data: ResealData): Promise<Step> {
  const keyId = data.keyId!;
  const waitingFor = await othersThan(services, (node) => node.keyIds.includes(keyId));
  if (waitingFor.length > 0) return waiting(data, waitingFor);
  const at = services.now();
  return writing(async (tx) => {
    const keys = tx.db.updateTable("encryption_key");
    await keys.set({ state: "opening" }).where("state", "=", "sealing").execute();
    await keys.set({ state: "sealing", sealing_at: at }).where("id", "=", keyId).execute();
    tx.signal({ kind: "keys" });
    return proceed({ ...data, phase: "switch" });
  });
}

async function switchKeys(services: Services, data: ResealData): Promise<Step> {
  const waitingFor = await othersThan(services, (node) => node.sealing === data.keyId);
  if (waitingFor.length > 0) return waiting(data, waitingFor);
  const switchedAt = services.now();
  return writing(async () => proceed({ ...data, phase: "reseal", switchedAt }));
}

async function reseal(services: Services, data: ResealData): Promise<Step> {
  const { secretBox, store } = services;
  const name = COLUMNS[data.column];
  if (name === undefined) return endOfPass(services, data);
  const { values, next } = await readSealed(store.db, name, data.after);
  const old = values.filter(({ sealed }) => keyIdOf(sealed) !== data.keyId);
  const readable = old.filter(({ sealed, context }) => secretBox.opens(sealed, context));
  const changes = readable.map((value): [SealedValue, Uint8Array] => [
    value,
    secretBox.sealBytes(secretBox.openBytes(value.sealed, value.context), value.context),
  ]);
  const unreadable = data.unreadable + old.length - readable.length;
  const scanned = data.scanned + values.length;
  const position = next === null ? { column: data.column + 1, after: null } : { column: data.column, after: next };
  return writing(async (tx) => {
    let resealed = 0;
    for (const [value, sealed] of changes) if (await replaceSealed(tx, name, value, sealed)) resealed++;
    const found = data.found + changes.length;
    return proceed({ ...data, ...position, scanned, found, unreadable, resealed: data.resealed + resealed });
  });
}

/** The last pass finds nothing, and begins only when no request can still store a value that it sealed before its node switched. */
async function endOfPass(services: Services, data: ResealData): Promise<Step> {
  const { settleMs } = services.keyring;
  const restMs = data.switchedAt! + settleMs - services.now();
  if (data.passes > 0 && restMs > 0) return { kind: "wait", waitMs: Math.min(restMs, settleMs) };
  const isLast = data.found === 0 && data.passFrom >= data.switchedAt! + settleMs;
  if (isLast && data.unreadable > 0) return writing(async () => failed(data));
  const again = {
    ...data,
    column: 0,
    after: null,
    found: 0,
    unreadable: 0,
    passes: data.passes + 1,
    passFrom: services.now(),
  };
  return writing(async () => proceed(isLast ? { ...again, phase: "destroy" } : again));
}

/** Ends without destroying a key: once the cause is repaired, the values can be decrypted again. */
function failed(data: ResealData): StepResult {
  const error =
    `${data.unreadable} values cannot be decrypted. No key was destroyed. ` +
    "`posthorn keys verify` lists the values: restore or delete them, and rotate again.";
  return { data: { ...data, error, shown: { ...data.shown, error } }, end: "failed", waitMs: 0 };
}

async function destroy(services: Services, data: ResealData): Promise<Step> {
  // Signatures of a destroyed key would no longer be valid.
  await resignHeads(services);
  const at = services.now();
  const { nodes } = await services.cluster.view();
  return writing(async (tx) => {
    const others = await tx.db
      .selectFrom("encryption_key")
      .select(["id", "wrapped"])
      .where("id", "<>", data.keyId!)
      .where("state", "<>", "destroyed")
      .execute();
    for (const { id, wrapped } of others) {
      const row = tx.db.updateTable("encryption_key").where("id", "=", id);
      // SQLite overwrites a value of the same length in place, so that the key does not remain in the free space of its page.
      await row.set({ wrapped: randomBytes(wrapped?.byteLength ?? 0) }).execute();
      await row.set({ state: "destroyed", wrapped: null, destroyed_at: at }).execute();
    }
    // Rows of nodes that have left.
    const present = nodes.map(({ id }) => id);
    await tx.db.deleteFrom("encryption_key_node").where("node_id", "not in", present).execute();
    tx.signal({ kind: "keys" });
    return { ...proceed({ ...data, ...NOTHING_SCANNED, scanned: data.scanned }), end: "finished" };
  });
}

interface NodeKeys {
  readonly keyIds: readonly number[];
  readonly sealing: number;
  readonly root: string;
}

/** Hosts of the nodes that are not ready. First asks all of them to reload the keys. */
async function othersThan(services: Services, isReady: (node: NodeKeys) => boolean): Promise<readonly string[]> {
  const { cluster, keyring, store } = services;
  store.signal({ kind: "keys" });
  await keyring.refresh();
  const [{ nodes }, rows] = await Promise.all([
    cluster.view(),
    store.db.selectFrom("encryption_key_node").selectAll().execute(),
  ]);
  return nodes
    .filter(({ id }) => {
      const row = rows.find(({ node_id: nodeId }) => nodeId === id);
      if (row === undefined) return true;
      const { key_ids_json: json, sealing, root } = row;
      return !isReady({ keyIds: JSON.parse(json) as number[], sealing, root });
    })
    .map(({ host }) => host);
}

/** Stores which nodes the phase waits for, if that changed, so that users see it, and waits. */
function waiting(data: ResealData, waitingFor: readonly string[]): Step {
  if (waitingFor.join() === data.waitingFor.join()) return { kind: "wait", waitMs: WAIT_MS };
  return writing(async () => ({ ...proceed({ ...data, waitingFor }), waitMs: WAIT_MS }));
}

function writing(write: (tx: Tx) => Promise<StepResult>): Step {
  return { kind: "write", write };
}

function proceed(data: ResealData): StepResult {
  const { phase, scanned, resealed, waitingFor } = data;
  const isWaiting = phase === "create" || phase === "announce" || phase === "switch";
  const shown = { phase, scanned, resealed, waitingFor: isWaiting ? waitingFor : [] };
  const changed: ResealData = { ...data, waitingFor: shown.waitingFor, shown };
  return { data: changed, end: null, waitMs: 0 };
}
