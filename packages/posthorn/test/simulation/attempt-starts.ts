/** Start times of the attempts to one endpoint that sent a request. */
import type { Run } from "./run.ts";

export interface Begin {
  readonly run: Run;
  /** In elapsed milliseconds. */
  readonly at: number;
}

/** Unordered, because one attempt may wait for the database before its request is sent while another has everything in memory. */
export class Begins {
  #begins: Begin[] = [];

  /** Records a start. Returns the highest number of starts in a window of `ms` that contains it. */
  add(begin: Begin, ms: number): number {
    // No attempt waits for the database longer than one of its faults lasts.
    const oldest = begin.at - begin.run.settings.staleMs;
    this.#begins = this.#begins.filter(({ at }) => at > oldest);
    this.#begins.push(begin);
    const near = this.#begins.filter(({ at }) => Math.abs(at - begin.at) < ms);
    const firsts = near.filter(({ at }) => at <= begin.at);
    const spans = firsts.map((first) => near.filter(({ at }) => at >= first.at && at < first.at + ms));
    return Math.max(...spans.map((span) => comparable(span)));
  }
}

/** After the clock was set, elapsed time cannot be derived from it. */
function comparable(begins: readonly Begin[]): number {
  return begins.filter(({ at }) => begins.every(({ run }) => at > run.clock.jumpedAt)).length;
}
