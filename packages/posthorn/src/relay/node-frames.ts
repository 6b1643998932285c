/** Frames between nodes, through the database. A signal says that there are some; a node also looks for them from time to time. */
import type { Kysely } from "kysely";
import type { IdGenerator } from "../lib/id.ts";
import type { SecretBox } from "../lib/secret-box.ts";
import { sealedIn } from "../store/sealed-columns.ts";
import type { Database } from "../store/schema.ts";
import type { Store } from "../store/store.ts";
import type { Tx } from "../store/tx.ts";
import type { RelayAnswer } from "./connection.ts";
import type { ClientFrame, RequestFrame } from "./frames.ts";

/** A message from one node to another. */
export type NodeFrame =
  /** Pass this request to one of your listeners, and send the answer back to `from`. */
  | { readonly kind: "request"; readonly from: number; readonly session: number; readonly frame: RequestFrame }
  /** The attempt has ended: the answer is no longer expected. */
  | { readonly kind: "cancel"; readonly id: string }
  | { readonly kind: "answer"; readonly id: string; readonly answer: RelayAnswer }
  /** A frame that a listener with an event stream has sent to another node. */
  | { readonly kind: "frame"; readonly session: number; readonly frame: ClientFrame };

export interface NodeFrameQueueOptions {
  readonly store: () => Pick<Store, "transaction" | "db">;
  readonly ids: IdGenerator;
  readonly secretBox: SecretBox;
  readonly now: () => number;
}

/** Frames that were not fetched in this time are deleted: their node died. */
const STALE_MS = 60_000;
const FETCHED_AT_ONCE = 50;

export class NodeFrameQueue {
  readonly #options: NodeFrameQueueOptions;

  constructor(options: NodeFrameQueueOptions) {
    this.#options = options;
  }

  /** Stores a frame for a node, and notifies the node. */
  async send(nodeId: number, frame: NodeFrame): Promise<void> {
    const { store, ids, secretBox, now } = this.#options;
    const { key } = ids.next("relay_");
    const body_sealed = secretBox.seal(JSON.stringify(frame), sealedIn("relay_frame.body_sealed", key));
    await store().transaction(async ({ db, signal }) => {
      await db.insertInto("relay_frame").values({ id: key, node_id: nodeId, body_sealed, created_at: now() }).execute();
      signal({ kind: "frames", nodeId });
    }, "relay.send");
  }

  /** Takes the frames of a node, in the order in which they were made. */
  async take(nodeId: number): Promise<readonly NodeFrame[]> {
    const { store, secretBox } = this.#options;
    const frames: NodeFrame[] = [];
    for (;;) {
      const rows = await storedFrames(store().db, nodeId);
      if (rows.length === 0) return frames;
      await store().transaction(async ({ db }) => {
        await db
          .deleteFrom("relay_frame")
          .where(
            "id",
            "in",
            rows.map(({ id }) => id),
          )
          .execute();
      }, "relay.take");
      for (const { id, body_sealed } of rows)
        frames.push(JSON.parse(secretBox.open(body_sealed, sealedIn("relay_frame.body_sealed", id))) as NodeFrame);
      if (rows.length < FETCHED_AT_ONCE) return frames;
    }
  }

  async deleteStale({ db }: Pick<Tx, "db">): Promise<void> {
    await db
      .deleteFrom("relay_frame")
      .where("created_at", "<", this.#options.now() - STALE_MS)
      .execute();
  }
}

function storedFrames(db: Kysely<Database>, nodeId: number) {
  return db
    .selectFrom("relay_frame")
    .select(["id", "body_sealed"])
    .where("node_id", "=", nodeId)
    .orderBy("id")
    .limit(FETCHED_AT_ONCE)
    .execute();
}
