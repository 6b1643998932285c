import type { Cursor, Polled, PolledDriver, SourceEvent, SourceHost } from "../driver.ts";
import type { ConfigOf } from "../kind.ts";
import type { SCHEDULE } from "../kinds/schedule.ts";
import { type DueTimes, dueTimes } from "../schedule/due-times.ts";
import { renderPayload } from "../schedule/payload.ts";
import { localText } from "../schedule/time-zone.ts";

type Config = ConfigOf<(typeof SCHEDULE)["fields"]>;

/** Maximum number of due times that `all` emits after an outage: the latest ones. */
const MAX_MISSED = 1000;
/** With `skip`, a due time that is later than this has been missed. */
const GRACE_MS = 60_000;
/** First period that is searched for the latest due times. It doubles until there are enough. */
const FIRST_PERIOD_MS = 3_600_000;

/**
 * Emits the due times since the last one. The cursor is the last due time that was emitted or skipped. The due time is the ID of its event, so
 * an event that is emitted again after a crash is dropped.
 */
export const SCHEDULE_DRIVER: PolledDriver = {
  family: "poll",
  poll: (host, cursor) => Promise.resolve(poll(host, cursor)),
};

function poll(host: SourceHost, cursor: Cursor | null): Polled {
  const config = host.config as Config;
  const times = dueTimes(config);
  const now = host.now();
  const last = typeof cursor?.["last"] === "number" ? cursor["last"] : now;
  const due = latestDue(times, { after: last, until: now, count: config.missed === "all" ? MAX_MISSED : 1 });
  const emitted = config.missed === "skip" ? due.filter((at) => now - at <= GRACE_MS) : due;
  const reached = due.at(-1) ?? last;
  const next = times.next(reached);
  return {
    events: emitted.map((at) => eventAt(host, config, at)),
    cursor: { last: reached },
    // A schedule without a further due time is checked once a day, so that its state stays current.
    next: { kind: "at", at: next ?? now + 86_400_000 },
  };
}

interface Range {
  readonly after: number;
  readonly until: number;
  readonly count: number;
}

/** The latest `count` due times in (after, until], in order. After a long outage, most due times are never enumerated. */
export function latestDue(times: DueTimes, { after, until, count }: Range): readonly number[] {
  for (let period = FIRST_PERIOD_MS; ; period *= 2) {
    const from = Math.max(after, until - period);
    const found: number[] = [];
    for (let at = times.next(from); at !== null && at <= until; at = times.next(at)) found.push(at);
    if (from === after || found.length >= count) return found.slice(-count);
  }
}

function eventAt(host: SourceHost, config: Config, at: number): SourceEvent {
  const scheduledAt = new Date(at).toISOString();
  const body = renderPayload(config, {
    scheduledAt,
    scheduledAtLocal: localText(config.timeZone, at),
    name: host.name,
    sourceId: host.sourceId,
  });
  return {
    id: `schedule/${scheduledAt}`,
    type: config.eventType,
    body: Buffer.from(body),
    contentType: config.contentType,
    occurredAt: at,
    headers: ["content-type", config.contentType],
  };
}
