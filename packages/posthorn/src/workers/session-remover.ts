/**
 * Removes sessions that sources have left behind at their peers. Works from the database, so that it continues after a crash on whichever node
 * then owns the source. Retries an unavailable peer for a day.
 */
import type { Services } from "../domain/context.ts";
import { endSession, isLeft, type LeftSession, leftSessions, postponeSession } from "../domain/source/sessions.ts";
import type { Clock } from "../dispatch/types.ts";
import { type SourceConnections, type SourceDriver, SourceFailure } from "../sources/driver.ts";
import { backoffMs } from "../sources/retry.ts";

export interface SessionRemoverOptions {
  readonly services: () => Services;
  readonly clock: Clock;
  readonly random: () => number;
  /** Whether this node has the shard of a source. */
  readonly owns: (sourceKey: number) => boolean;
  readonly connections: Pick<SourceConnections, "remove">;
  readonly driver: (kind: string) => SourceDriver | null;
  readonly observer: { fault(sourceKey: number, error: unknown): void };
}

const BACKOFF = { firstMs: 30_000, maxMs: 3_600_000 };
/** After this time, the session is left at the peer. Most brokers remove unused sessions themselves. */
const GIVE_UP_MS = 86_400_000;

export class SessionRemover implements AsyncDisposable {
  readonly #options: SessionRemoverOptions;
  #looking: Promise<void> | null = null;
  #isDueAgain = false;
  #cancelTimer: () => void = () => undefined;
  #isStopped = false;

  constructor(options: SessionRemoverOptions) {
    this.#options = options;
  }

  /** Removes due sessions, one after another. */
  look(): void {
    if (this.#isStopped) return;
    this.#isDueAgain = true;
    this.#looking ??= this.#look().finally(() => {
      this.#looking = null;
      if (this.#isDueAgain) this.look();
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isStopped = true;
    this.#cancelTimer();
    await this.#looking;
  }

  /** Never rejects. */
  async #look(): Promise<void> {
    const { clock, observer } = this.#options;
    this.#cancelTimer();
    let nextAt = Infinity;
    while (this.#isDueAgain && !this.#isStopped) {
      this.#isDueAgain = false;
      try {
        nextAt = await this.#removeAll();
      } catch (error) {
        observer.fault(0, error);
        nextAt = clock.now() + BACKOFF.firstMs;
      }
    }
    if (this.#isStopped || nextAt === Infinity) return;
    this.#cancelTimer = clock.setTimer(Math.max(0, nextAt - clock.now()), () => this.look());
  }

  /** @returns When the next one is due. */
  async #removeAll(): Promise<number> {
    const { services, owns, clock } = this.#options;
    let nextAt = Infinity;
    for (const session of await leftSessions(services())) {
      if (this.#isStopped) break;
      if (!owns(session.sourceKey)) continue;
      const at = session.nextAt > clock.now() ? session.nextAt : await this.#remove(session);
      nextAt = Math.min(nextAt, at);
    }
    return nextAt;
  }

  /** @returns When it is tried again; `Infinity`: it is done. */
  async #remove(session: LeftSession): Promise<number> {
    const { services, driver: driverOf, connections, clock, random, observer } = this.#options;
    const driver = driverOf(session.kind);
    try {
      if (driver?.family === "listen" && driver.forget !== undefined && (await isLeft(services(), session))) {
        await driver.forget({ config: session.config, sourceId: session.sourceId, connections });
      }
    } catch (error) {
      if (!(error instanceof SourceFailure)) throw error;
      const now = clock.now();
      if (now - session.leftAt < GIVE_UP_MS) {
        const nextAt = Math.ceil(now + backoffMs(BACKOFF, session.attempts + 1, random));
        await postponeSession(services(), session, nextAt);
        return nextAt;
      }
      observer.fault(session.sourceKey, error);
    }
    await endSession(services(), session);
    return Infinity;
  }
}
