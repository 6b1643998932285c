/** When attempts to one endpoint began that led to a request. */
import type { Run } from "./run.ts";

export interface Begin {
  readonly run: Run;
  /** In elapsed milliseconds. */
  readonly at: number;
}

/** In no order: of two attempts, one may wait for the database before its request leaves, and the other have all that it needs. */
export class Begins {
  #begins: Begin[] = [];

  /** Takes note of one. Returns how many there are at most in a span of `ms` that it is in. */
  add(begin: Begin, ms: number): number {
    // Nobody waits for the database for longer than it can be in trouble.
    const oldest = begin.at - begin.run.settings.staleMs;
    this.#begins = this.#begins.filter(({ at }) => at > oldest);
    this.#begins.push(begin);
    const near = this.#begins.filter(({ at }) => Math.abs(at - begin.at) < ms);
    const firsts = near.filter(({ at }) => at <= begin.at);
    const spans = firsts.map((first) => near.filter(({ at }) => at >= first.at && at < first.at + ms));
    return Math.max(...spans.map((span) => comparable(span)));
  }
}

/** A clock that is set says nothing of how long ago something was. */
function comparable(begins: readonly Begin[]): number {
  return begins.filter(({ at }) => begins.every(({ run }) => at > run.clock.jumpedAt)).length;
}
