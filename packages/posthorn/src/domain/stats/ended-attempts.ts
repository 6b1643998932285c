/** Attempts that have ended, and the effect of each on its delivery. */
import { timeOfKey } from "../../lib/id.ts";
import { ATTEMPT_STATUS, DELIVERY_STATE, TRIGGER } from "../../store/schema.ts";
import { isSent } from "../attempt/sent.ts";
import type { Services } from "../context.ts";
import type { CountedAttempt } from "./tally.ts";

/** Keys of the attempts of a step: greater than `after`, up to `upTo`. */
interface StepKeys {
  readonly after: number;
  readonly upTo: number;
}

interface EndedAttempt {
  readonly id: number;
  readonly messageId: number;
  readonly endpointId: number;
  readonly status: number;
  readonly trigger: number;
  readonly durationMs: number;
  readonly errorCode: string | null;
  readonly responseCode: number;
  readonly bytes: number;
  readonly deliverAt: number | null;
  readonly state: number | null;
  readonly attempts: number | null;
  /** 1 if another attempt determined the result of the delivery: an earlier success, or a later scheduled attempt. */
  readonly decidedElsewhere: number;
}

/** The attempts of a step. */
export function endedAttempts({ store }: Services, { after, upTo }: StepKeys): Promise<readonly EndedAttempt[]> {
  return store.db
    .selectFrom("attempt as a")
    .innerJoin("message as m", "m.id", "a.message_id")
    .leftJoin("delivery as d", (join) =>
      join.onRef("d.message_id", "=", "a.message_id").onRef("d.endpoint_id", "=", "a.endpoint_id"),
    )
    .select((eb) => [
      "a.id",
      "a.message_id as messageId",
      "a.endpoint_id as endpointId",
      "a.status",
      "a.trigger_type as trigger",
      "a.duration_ms as durationMs",
      "a.error_code as errorCode",
      "a.response_code as responseCode",
      "m.deliver_at as deliverAt",
      "d.state",
      "d.attempts",
      eb(
        eb.fn<number>("octet_length", ["a.response"]),
        "+",
        eb.fn.coalesce(eb.fn<number>("octet_length", ["a.detail_json"]), eb.lit(0)),
      ).as("bytes"),
      eb
        .case()
        // In the common case, other attempts need not be read.
        .when(
          eb.and([
            eb("a.status", "=", ATTEMPT_STATUS.success),
            eb("a.trigger_type", "=", TRIGGER.scheduled),
            eb("d.attempts", "=", 1),
          ]),
        )
        .then(0)
        .when(
          eb.exists(
            eb
              .selectFrom("attempt as o")
              .select(eb.lit(1).as("one"))
              .whereRef("o.message_id", "=", "a.message_id")
              .whereRef("o.endpoint_id", "=", "a.endpoint_id")
              .where((other) =>
                other.or([
                  other.and([
                    other("a.status", "=", ATTEMPT_STATUS.success),
                    other("o.status", "=", ATTEMPT_STATUS.success),
                    other("o.id", "<", other.ref("a.id")),
                  ]),
                  other.and([
                    other("a.status", "=", ATTEMPT_STATUS.fail),
                    other("o.trigger_type", "=", TRIGGER.scheduled),
                    other("o.id", ">", other.ref("a.id")),
                  ]),
                ]),
              ),
          ),
        )
        .then(1)
        .else(0)
        .end()
        .as("decidedElsewhere"),
    ])
    .where("a.id", ">", after)
    .where("a.id", "<=", upTo)
    .execute();
}

export function countedOf(row: EndedAttempt): CountedAttempt {
  const succeeded = row.status === ATTEMPT_STATUS.success;
  const from = row.deliverAt ?? timeOfKey(row.messageId);
  const latencyMs = timeOfKey(row.id) + row.durationMs - from;
  const { durationMs, errorCode } = row;
  return { unsent: !isSent(errorCode), succeeded, durationMs, latencyMs, end: deliveryEnd(row, succeeded) };
}

function deliveryEnd(
  { decidedElsewhere, trigger, attempts, state }: EndedAttempt,
  succeeded: boolean,
): CountedAttempt["end"] {
  if (decidedElsewhere === 1) return null;
  const scheduled = trigger === TRIGGER.scheduled;
  if (succeeded) return scheduled && attempts === 1 ? "first_try" : "later";
  return scheduled && state === DELIVERY_STATE.failed ? "exhausted" : null;
}
