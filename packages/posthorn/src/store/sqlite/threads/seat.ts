/** The place of a further thread at a database. */
import type { MessagePort } from "node:worker_threads";
import type { WalLoss } from "../wal-loss.ts";

/** Data with which another thread can use the database. `port` must be transferred to it. */
export interface SqliteSeat {
  readonly path: string;
  readonly port: MessagePort;
  readonly words: SharedArrayBuffer;
  readonly walLoss: WalLoss | null;
}
