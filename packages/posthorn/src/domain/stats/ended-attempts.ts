/**
 * Attempts that have ended, and the effect of each on its delivery. Ordinary attempts, which are nearly all of a busy server, are grouped by the
 * database, so that few rows are read.
 */
import {
  type Expression,
  type ExpressionBuilder,
  type InferResult,
  type Kysely,
  type RawBuilder,
  sql,
  type SqlBool,
} from "kysely";
import { KEY_TIME } from "../../lib/id.ts";
import { ATTEMPT_STATUS, type Database, DELIVERY_STATE, TRIGGER } from "../../store/schema.ts";
import { isSent } from "../attempt/sent.ts";
import { POWERS } from "./histogram.ts";
import type { CountedAttempt } from "./tally.ts";

/** Keys of the attempts of a step: greater than `after`, up to `upTo`. */
interface StepKeys {
  readonly after: number;
  readonly upTo: number;
}

/** An attempt, or several ordinary ones at an endpoint in the same minute with times of the same buckets. */
interface EndedAttempts {
  /** The greatest key. */
  readonly id: number;
  /** How many attempts it stands for. */
  readonly times: number;
  readonly messageId: number;
  readonly endpointId: number;
  readonly status: number;
  readonly trigger: number;
  /** Start of its bucket in a histogram, as `latencyMs`. */
  readonly durationMs: number;
  readonly errorCode: string | null;
  readonly responseCode: number;
  /** Bytes of all of them. */
  readonly bytes: number;
  readonly latencyMs: number;
  readonly state: number | null;
  readonly attempts: number | null;
  /** 1 if another attempt determined the result of the delivery: an earlier success, or a later scheduled attempt. */
  readonly decidedElsewhere: number;
}

/** Milliseconds since 1970 of a key, as `timeOfKey`. */
function timeOf(column: "a.id" | "a.message_id"): RawBuilder<number> {
  const { perSecond, epoch, perTick, tickMs } = KEY_TIME;
  const [key, second] = [sql.ref(column), sql.lit(perSecond)];
  return sql`((${key} / ${second} + ${sql.lit(epoch)}) * 1000 + ${key} % ${second} / ${sql.lit(perTick)} * ${sql.lit(tickMs)})`;
}

/** Start of the bucket of a duration in milliseconds (see `bucketOf`). More attempts share it than the duration itself. */
export function bucketStart(duration: "durationMs" | "latencyMs"): RawBuilder<number> {
  const value = sql.ref(duration);
  const [shortest, ...longer] = POWERS;
  const starts = longer.map(({ from }, index) => {
    const width = sql.lit(POWERS[index]!.width);
    return sql`WHEN ${value} < ${sql.lit(from)} THEN ${value} - ${value} % ${width}`;
  });
  const longest = sql.lit(POWERS.at(-1)!.from);
  return sql`CASE WHEN ${value} < ${sql.lit(shortest!.from)} THEN ${value} ${sql.join(starts, sql` `)} ELSE ${longest} END`;
}

/**
 * Limit that no step reaches. A query with a limit is not merged into the one around it: each of its columns is computed once, and SQLite sorts
 * the number of bytes of a text into groups and not the text.
 */
const UNLIMITED = Number.MAX_SAFE_INTEGER;

/**
 * The attempts of a step, with what must be known of their deliveries and messages. These are not joined, because most attempts are immediate
 * successes, which need neither. `latencyMs` is `null` if the message was deleted.
 */
function attemptsOf(db: Kysely<Database>, { after, upTo }: StepKeys) {
  return db
    .selectFrom("attempt as a")
    .select((eb) => {
      const bytes = (column: "a.response" | "a.detail_json") => eb.fn<number>("octet_length", [column]);
      const isImmediate = eb("a.immediate_success", "=", 1);
      const ofDelivery = (column: "d.state" | "d.attempts") =>
        eb
          .selectFrom("delivery as d")
          .select(column)
          .whereRef("d.message_id", "=", "a.message_id")
          .whereRef("d.endpoint_id", "=", "a.endpoint_id")
          .$asScalar();
      const firstDue = eb
        .selectFrom("message as m")
        .select((of) => of.fn.coalesce("m.deliver_at", timeOf("a.message_id")).as("due"))
        .whereRef("m.id", "=", "a.message_id")
        .$asScalar();
      return [
        "a.id",
        "a.message_id as messageId",
        "a.endpoint_id as endpointId",
        "a.duration_ms as durationMs",
        "a.status",
        "a.trigger_type as trigger",
        "a.error_code as errorCode",
        "a.response_code as responseCode",
        eb.case().when(isImmediate).then(null).else(ofDelivery("d.state")).end().as("state"),
        eb.case().when(isImmediate).then(1).else(ofDelivery("d.attempts")).end().as("attempts"),
        eb(bytes("a.response"), "+", eb.fn.coalesce(bytes("a.detail_json"), eb.lit(0))).as("bytes"),
        sql<number | null>`${timeOf("a.id")} + a.duration_ms
          - ${eb.case().when(isImmediate).then(timeOf("a.message_id")).else(firstDue).end()}`.as("latencyMs"),
        sql<number>`${timeOf("a.id")} / 60000`.as("minute"),
      ];
    })
    .where("a.id", ">", after)
    .where("a.id", "<=", upTo)
    .orderBy("a.id")
    .limit(UNLIMITED);
}

type Read = ExpressionBuilder<{ a: InferResult<ReturnType<typeof attemptsOf>>[number] } & Database, "a">;

/** A success with the first attempt. No other attempt of its delivery need be read. */
function isOrdinary(eb: Read): Expression<SqlBool> {
  return eb.and([
    eb("a.status", "=", ATTEMPT_STATUS.success),
    eb("a.trigger", "=", TRIGGER.scheduled),
    eb("a.errorCode", "is", null),
    eb("a.attempts", "=", 1),
  ]);
}

/** Whether an earlier success, or a scheduled attempt after a failure, determined the result. */
function isDecidedElsewhere(eb: Read): Expression<SqlBool> {
  return eb.exists(
    eb
      .selectFrom("attempt as o")
      .select(eb.lit(1).as("one"))
      .whereRef("o.message_id", "=", "a.messageId")
      .whereRef("o.endpoint_id", "=", "a.endpointId")
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
  );
}

/** The attempts of a step, except those of messages that were deleted. */
export function endedAttempts(db: Kysely<Database>, keys: StepKeys): Promise<readonly EndedAttempts[]> {
  return db
    .selectFrom(attemptsOf(db, keys).as("a"))
    .select((eb) => {
      const { max, sum, countAll } = eb.fn;
      const read = eb as unknown as Read;
      const isElsewhere = eb.case().when(isOrdinary(read)).then(0).when(isDecidedElsewhere(read)).then(1).else(0).end();
      return [
        max("id").as("id"),
        countAll<number>().as("times"),
        max("messageId").as("messageId"),
        "endpointId",
        bucketStart("durationMs").as("durationMs"),
        bucketStart("latencyMs").as("latencyMs"),
        max("status").as("status"),
        max("trigger").as("trigger"),
        max("errorCode").as("errorCode"),
        max("responseCode").as("responseCode"),
        max("state").as("state"),
        max("attempts").as("attempts"),
        sum<number>("bytes").as("bytes"),
        max(isElsewhere).as("decidedElsewhere"),
      ];
    })
    .where("latencyMs", "is not", null)
    .groupBy((eb) => [
      "endpointId",
      bucketStart("durationMs"),
      bucketStart("latencyMs"),
      "minute",
      // Every other attempt is a group of its own.
      eb
        .case()
        .when(isOrdinary(eb as unknown as Read))
        .then(null)
        .else(eb.ref("id"))
        .end(),
    ])
    .orderBy("id")
    .execute();
}

export function countedOf(row: EndedAttempts): CountedAttempt {
  const succeeded = row.status === ATTEMPT_STATUS.success;
  const { durationMs, latencyMs, errorCode, times } = row;
  return { times, unsent: !isSent(errorCode), succeeded, durationMs, latencyMs, end: deliveryEnd(row, succeeded) };
}

function deliveryEnd(
  { decidedElsewhere, trigger, attempts, state }: EndedAttempts,
  succeeded: boolean,
): CountedAttempt["end"] {
  if (decidedElsewhere === 1) return null;
  const scheduled = trigger === TRIGGER.scheduled;
  if (succeeded) return scheduled && attempts === 1 ? "first_try" : "later";
  return scheduled && state === DELIVERY_STATE.failed ? "exhausted" : null;
}
