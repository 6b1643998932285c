/** Stores messages and the outcomes of earlier attempts with one commit. */
import type { Outcome } from "../../delivery.ts";
import type { AcceptEntry, AcceptResult } from "../../store.ts";
import { type Pool, withClient } from "../connections.ts";
import { boundAccept, keysOf } from "./accept.ts";
import { boundRecordWithMessages, type Recorded, type RecordedRow } from "./record.ts";
import { runTogether } from "./run-batch.ts";

/** Maximum of messages, and of outcomes. A commit of more is worth its own statement. */
const MAX_ENTRIES = 16;

/** Whether messages may share a commit with outcomes: there are few, and storing them neither fails nor waits because of another one. */
export function mayShareCommit(entries: readonly AcceptEntry[]): boolean {
  return (
    entries.length <= MAX_ENTRIES &&
    entries.every((entry) => keysOf(entry).length === 0 && !entry.flowControl && (entry.exact?.sealed ?? null) === null)
  );
}

/** Whether outcomes, each in a list of those of one attempt, may share a commit with messages. */
export function mayJoinMessages(
  entries: readonly (readonly Outcome[])[],
  isRare: (outcome: Outcome) => boolean,
): boolean {
  return entries.length <= MAX_ENTRIES && entries.every((outcomes) => outcomes.length === 1 && !isRare(outcomes[0]!));
}

export interface AcceptedAndRecorded {
  readonly accepted: readonly AcceptResult[];
  readonly recorded: readonly Recorded[];
}

/** Rejects if one of the messages or outcomes fails. Then, none is stored. */
export function acceptAndRecord(
  pool: Pool,
  entries: readonly AcceptEntry[],
  outcomes: readonly Outcome[],
): Promise<AcceptedAndRecorded> {
  return withClient(pool, async (client) => {
    const { bound, resultsOf } = boundRecordWithMessages(outcomes);
    const [, rows] = await runTogether(client, [boundAccept(entries, null), bound]);
    return { accepted: entries.map(() => ({ kind: "stored" })), recorded: resultsOf(rows as readonly RecordedRow[]) };
  });
}
