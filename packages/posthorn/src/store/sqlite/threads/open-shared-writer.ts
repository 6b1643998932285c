/** Opens the connection of a writer thread that several threads share. */
import type { DatabaseSync } from "node:sqlite";
import { openWriter } from "../open-writer.ts";
import { type BatchResult, type PackedResult, type ThreadOptions, unpackRows } from "../protocol.ts";
import type { Handler } from "../reader.ts";
import type { WalLoss } from "../wal-loss.ts";
import { commitHeld, heldLeases } from "./fences.ts";
import { type EarlierRun, Members } from "./members.ts";
import { SharedWords } from "./shared-words.ts";
import { WriterPorts } from "./writer-ports.ts";

const EARLIER = `
  SELECT max(
      coalesce((SELECT max(node_id) FROM relay_session), 0),
      coalesce((SELECT max(node_id) FROM relay_frame), 0),
      coalesce((SELECT max(node_id) FROM encryption_key_node), 0)) AS nodeId,
    coalesce((SELECT max(last_id) FROM rollup_cursor), 0) AS counted`;

export function openSharedWriter(
  options: ThreadOptions,
  memory: SharedArrayBuffer,
  onWalLoss: (loss: WalLoss) => void,
): WriterPorts {
  const words = new SharedWords(memory);
  const members = new Members();
  const handle = openWriter(options, onWalLoss, {
    wrap: (db, inner) => sharedHandler(db, inner, { words, members }),
    settled: () => words.settled(),
  });
  return new WriterPorts({ handle, members, earlier: () => earlierRun(handle) });
}

/** Adds to a writer what several threads need: leases, and the batches that readers do not see. */
export function sharedHandler(
  db: DatabaseSync,
  inner: Handler,
  { words, members }: { readonly words: SharedWords; readonly members: Members },
): Handler {
  return noting(words, fenced(db, inner, members));
}

/** Notes batches that readers do not see before anyone learns of them. */
function noting(words: SharedWords, handle: Handler): Handler {
  return (request) => {
    const result = handle(request);
    if (request.op === "batch" && (result as BatchResult).isOpen) words.opened();
    return result;
  };
}

/** Refuses the outcomes of leases that are not held, and lets statements ask for them, as on PostgreSQL. */
function fenced(db: DatabaseSync, handle: Handler, members: Members): Handler {
  const isHeld = (shard: number, fence: number): number => (members.holds({ shard, fence }) ? 1 : 0);
  db.function("holds", isHeld as Parameters<DatabaseSync["function"]>[1]);
  return (request) => {
    const leases = request.op === "batch" ? (request.batch.leases ?? null) : null;
    const held = leases === null ? null : heldLeases(leases, (lease) => members.holds(lease));
    if (held === null || request.op !== "batch") return handle(request);
    return commitHeld(request.batch, held, (batch) => handle({ op: "batch", batch }) as BatchResult);
  };
}

/** What earlier runs have left: the nodes that rows name, and how far rows were counted. */
export function earlierRun(handle: Handler): EarlierRun {
  const result = handle({ op: "query", sql: EARLIER, parameters: [] }) as PackedResult;
  return unpackRows(result)[0] as unknown as EarlierRun;
}
