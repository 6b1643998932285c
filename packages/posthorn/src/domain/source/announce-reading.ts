/** Operational webhooks about sources that cannot be read. */
import type { TransactionServices } from "../context.ts";
import type { Tx } from "../../store/tx.ts";
import { announceSource } from "./announce.ts";
import type { SourceRun } from "./run.ts";

/**
 * A source is announced when it has failed for this long. Shorter failures are common: a broker restarts, a page is
 * unavailable.
 */
export const FAILING_MS = 300_000;

export interface ReadingNews {
  readonly type: "source.reading.failing" | "source.reading.recovered";
  /** Health with the note that it was announced. */
  readonly run: SourceRun;
}

/** The announcement about a source after a read; `null`: none. */
export function readingNews(run: SourceRun, now: number): ReadingNews | null {
  const { failingSince, announcedAt } = run;
  if (failingSince === null) {
    return announcedAt === null ? null : { type: "source.reading.recovered", run: { ...run, announcedAt: null } };
  }
  return announcedAt !== null || now - failingSince < FAILING_MS
    ? null
    : { type: "source.reading.failing", run: { ...run, announcedAt: now } };
}

/** Announces it in the transaction that stores the health. */
export async function announceReading(
  services: TransactionServices,
  tx: Tx,
  sourceKey: number,
  { type, run }: ReadingNews,
): Promise<void> {
  const { error, failingSince, failures } = run;
  const more =
    type === "source.reading.failing"
      ? { failingSince: new Date(failingSince!).toISOString(), failures, error }
      : { recoveredAt: new Date(run.lastSuccessAt!).toISOString() };
  await announceSource(services, tx, sourceKey, type, more);
}
