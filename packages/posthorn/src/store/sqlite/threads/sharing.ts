/** How the threads of a process share one database. */
import type { Siblings } from "../../siblings.ts";
import type { SharedThread } from "../protocol.ts";
import type { SharedWords } from "./shared-words.ts";

/** How a store shares its writer thread with the stores of other threads. */
export interface StoreSharing {
  readonly thread: SharedThread;
  readonly words: SharedWords;
  readonly siblings: Siblings;
}
