/** How the threads of a process share one database. */
import type { MessagePort } from "node:worker_threads";
import type { Siblings } from "../../siblings.ts";
import type { SharedThread } from "../protocol.ts";
import type { WalLoss } from "../wal-loss.ts";
import type { SharedWords } from "./shared-words.ts";

/** What a further thread needs to use the database. `port` must be transferred to it. */
export interface SqliteSeat {
  readonly path: string;
  readonly port: MessagePort;
  readonly words: SharedArrayBuffer;
  readonly walLoss: WalLoss | null;
}

/** How a store shares its writer thread with the stores of other threads. */
export interface StoreSharing {
  readonly thread: SharedThread;
  readonly words: SharedWords;
  readonly siblings: Siblings;
}
