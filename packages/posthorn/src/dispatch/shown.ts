/**
 * What pages have shown before whoever stored it has handed it over: a database can show a message to one connection before another one
 * hears that its commit was made. Taking it over then would make a second attempt.
 */
import type { Job } from "./types.ts";

/** The oldest are forgotten: whoever hands over something that was shown so long ago may double it. */
const MAX_SHOWN = 10_000;

export class Shown {
  readonly #names = new Set<string>();

  get size(): number {
    return this.#names.size;
  }

  /** A page holds the job. */
  note(job: Job): void {
    // Only what has never been attempted is handed over.
    if (job.attempts > 0 || job.generation > 0) return;
    this.#names.add(nameOf(job));
    if (this.#names.size <= MAX_SHOWN) return;
    const [oldest] = this.#names;
    this.#names.delete(oldest!);
  }

  /** The job is handed over, which happens once. Returns whether a page has held it. */
  take(job: Job): boolean {
    return this.#names.delete(nameOf(job));
  }
}

function nameOf({ endpointId, messageId }: Job): string {
  return `${endpointId} ${messageId}`;
}
