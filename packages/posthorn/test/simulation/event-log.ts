/** Log of a simulation. */
import type { Change } from "./audit.ts";
import { HOUR } from "./spans.ts";

export class EventLog {
  readonly #log: ((line: string) => void) | undefined;
  #digest = 0;

  /** @param log Called with each line. */
  constructor(log?: (line: string) => void) {
    this.#log = log;
  }

  /** Hash of all lines: the same for two runs of a seed. */
  get digest(): number {
    return this.#digest;
  }

  note(elapsed: number, kind: string, text: string): void {
    let digest = this.#digest;
    for (let index = 0; index < text.length; index++) digest = (Math.imul(digest, 31) + text.charCodeAt(index)) | 0;
    this.#digest = (Math.imul(digest, 31) + Math.floor(elapsed)) | 0;
    this.tell(`${formatTime(elapsed)} ${kind.padEnd(10)} ${text}`);
  }

  /** A line that is logged but is not part of the hash. */
  tell(line: string): void {
    this.#log?.(line);
  }
}

export function describe(change: Change): string {
  switch (change.kind) {
    case "delivery": {
      const { state, due, attempts, generation, manual } = change.row;
      return `delivery ${change.messageId}/${change.endpointId} state ${state} due ${due} attempts ${attempts} generation ${generation} manual ${manual}`;
    }
    case "attempt":
      return `attempt ${change.id} of ${change.messageId}/${change.endpointId} status ${change.status}`;
    case "endpoint":
      return `endpoint ${change.endpointId} disabled ${change.disabled} deleted ${change.deleted}`;
    case "replay":
      return `replay ${change.taskId} ${change.state}`;
    case "delivery_gone":
      return `delivery ${change.messageId}/${change.endpointId} deleted`;
  }
}

/** Elapsed milliseconds as days and time, such as `2d 03:12:44.120`. */
export function formatTime(elapsed: number): string {
  return `${Math.floor(elapsed / (24 * HOUR))}d ${new Date(elapsed).toISOString().slice(11, 23)}`;
}
