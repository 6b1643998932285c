/**
 * A thread that uses the store of another one: publishes a message and records its outcome, in turn, and sends the key of each message whose
 * outcome is confirmed. With `holdFrom`, it opens a transaction from that message on and never ends it.
 */
import { parentPort, workerData } from "node:worker_threads";
import { shardOf } from "../../src/store/shards.ts";
import { SqliteStore } from "../../src/store/sqlite/sqlite-store.ts";
import type { SqliteSeat } from "../../src/store/sqlite/threads/seat.ts";
import { LinkedSiblings } from "./linked-siblings.ts";
import { acceptEntry, attemptRecord, successOutcome } from "./store-rows.ts";

export interface SeatThreadData {
  readonly seat: SqliteSeat;
  /** Key of the first message. */
  readonly first: number;
  readonly holdFrom: number | null;
}

export type SeatThreadMessage = { readonly confirmed: number } | { readonly isHolding: true };

const { seat, first, holdFrom } = workerData as SeatThreadData;
const port = parentPort!;
const tell = (message: SeatThreadMessage): void => port.postMessage(message);
const store = SqliteStore.join(seat, { siblings: new LinkedSiblings() });
const facts = { host: "here", version: "1", secretsMark: "same", process: null, kinds: [], hasEnded: () => false };
const { id: nodeId } = await store.cluster!.join(facts, 0);
// Each thread has its own endpoint.
const endpointId = first;
const leases = await store.cluster!.take(nodeId, [shardOf(endpointId)], []);

for (let id = first; id !== holdFrom; id++) {
  await store.accept(acceptEntry(id, { endpointIds: [endpointId] }));
  const attempt = attemptRecord(id);
  await store.record(successOutcome(id, { endpointId, attempt, lease: leases[0]! }));
  tell({ confirmed: id });
}
await store.transaction(async ({ db }) => {
  await db
    .insertInto("organisation")
    .values({ id: first, public_id: `org_${first}`, created_at: 0 })
    .execute();
  tell({ isHolding: true });
  await new Promise(() => undefined);
});
