/** Verifies a chain of audit entries against its signed head. Pure: for the server, and for the command that verifies an export. */
import { type HashedAuditEntry, hashOfEntry } from "./entry.ts";
import { INVALID_HEAD } from "./append.ts";
import { isSignedWith, type SignedAuditHead } from "./signer.ts";

export const AUDIT_PROBLEMS = [
  "head_missing",
  "signature_invalid",
  "entry_changed",
  "entry_missing",
  "entry_inserted",
  "chain_broken",
  "end_missing",
  "head_was_invalid",
] as const;
export type AuditProblemCode = (typeof AUDIT_PROBLEMS)[number];

export interface AuditProblem {
  readonly code: AuditProblemCode;
  readonly sequence: number | null;
  readonly message: string;
}

/** Where the verification begins: after the entry with this sequence number and hash; a `null` hash is not compared. */
export interface ChainStart {
  readonly sequence: number;
  readonly hash: string | null;
}

/** Problems that are reported; one change can cause many. */
const MAX_PROBLEMS = 100;

/** Verifies entries in ascending order. Call `add` for each, then `finish`. */
export class ChainVerifier {
  readonly problems: AuditProblem[] = [];
  checked = 0;
  #last: ChainStart;

  constructor(start: ChainStart) {
    this.#last = start;
  }

  add(entry: HashedAuditEntry): void {
    const { hash, ...hashed } = entry;
    const { sequence } = entry;
    const last = this.#last;
    this.checked++;
    if (sequence <= last.sequence) {
      this.#report("entry_inserted", sequence, `Entry ${sequence} follows entry ${last.sequence}.`);
    } else if (sequence > last.sequence + 1) {
      const range =
        sequence === last.sequence + 2
          ? `Entry ${last.sequence + 1} is`
          : `Entries ${last.sequence + 1} to ${sequence - 1} are`;
      this.#report("entry_missing", sequence, `${range} missing.`);
    } else if (last.hash !== null && entry.previousHash !== last.hash) {
      this.#report("chain_broken", sequence, `Entry ${sequence} does not continue entry ${last.sequence}.`);
    }
    if (hashOfEntry(hashed).toString("hex") !== hash) {
      this.#report("entry_changed", sequence, `Entry ${sequence} was changed: its content does not match its hash.`);
    }
    if (entry.action === INVALID_HEAD) {
      this.#report(
        "head_was_invalid",
        sequence,
        `Before entry ${sequence}, the head was missing or not signed by the server.`,
      );
    }
    this.#last = { sequence, hash };
  }

  /** Compares the last entry with the head. */
  finish(head: SignedAuditHead | null, publicKeys: readonly string[]): void {
    const last = this.#last;
    if (head === null) {
      if (last.sequence > 0) this.#report("head_missing", null, "The signed head is missing.");
      return;
    }
    const signature = Buffer.from(head.signature, "base64");
    if (!publicKeys.some((key) => isSignedWith(key, head, signature))) {
      this.#report("signature_invalid", head.sequence, "The head is not signed with the key of this server.");
    }
    if (last.sequence < head.sequence) {
      const first = last.sequence + 1;
      this.#report("end_missing", first, `Entries ${first} to ${head.sequence} are missing from the end.`);
    } else if (last.sequence > head.sequence) {
      this.#report(
        "entry_inserted",
        last.sequence,
        `The head is entry ${head.sequence}, but there is an entry ${last.sequence}.`,
      );
    } else if (last.hash !== null && last.hash !== head.hash) {
      this.#report(
        "chain_broken",
        last.sequence,
        `Entry ${last.sequence} is not the one that the head was signed for.`,
      );
    }
  }

  #report(code: AuditProblemCode, sequence: number | null, message: string): void {
    if (this.problems.length < MAX_PROBLEMS) this.problems.push({ code, sequence, message });
  }
}
