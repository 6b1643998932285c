/**
 * Attempts that have ended, and the effect of each on its delivery. Ordinary attempts, which are nearly all of a busy server, are grouped by the
 * database, so that few rows are read.
 */
import { type Expression, type ExpressionBuilder, type Kysely, type RawBuilder, sql, type SqlBool } from "kysely";
import { KEY_TIME } from "../../lib/id.ts";
import { ATTEMPT_STATUS, type Database, DELIVERY_STATE, TRIGGER } from "../../store/schema.ts";
import { isSent } from "../attempt/sent.ts";
import type { CountedAttempt } from "./tally.ts";

/** Keys of the attempts of a step: greater than `after`, up to `upTo`. */
interface StepKeys {
  readonly after: number;
  readonly upTo: number;
}

/** An attempt, or several ordinary ones at an endpoint in the same minute with the same times. */
interface EndedAttempts {
  /** The greatest key. */
  readonly id: number;
  /** How many attempts it stands for. */
  readonly times: number;
  readonly messageId: number;
  readonly endpointId: number;
  readonly status: number;
  readonly trigger: number;
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
function timeOf(column: "a.id" | "m.id"): RawBuilder<number> {
  const { perSecond, epoch, perTick, tickMs } = KEY_TIME;
  const [key, second] = [sql.ref(column), sql.lit(perSecond)];
  return sql`((${key} / ${second} + ${sql.lit(epoch)}) * 1000 + ${key} % ${second} / ${sql.lit(perTick)} * ${sql.lit(tickMs)})`;
}

type Tables = ExpressionBuilder<AttemptTables, "a" | "m" | "d">;
type AttemptTables = Database & { a: Database["attempt"]; m: Database["message"]; d: Database["delivery"] };

/** A success with the first attempt. No other attempt of its delivery need be read. */
function isOrdinary(eb: Tables): Expression<SqlBool> {
  return eb.and([
    eb("a.status", "=", ATTEMPT_STATUS.success),
    eb("a.trigger_type", "=", TRIGGER.scheduled),
    eb("a.error_code", "is", null),
    eb("d.attempts", "=", 1),
  ]);
}

/** Whether an earlier success, or a scheduled attempt after a failure, determined the result. */
function isDecidedElsewhere(eb: Tables): Expression<SqlBool> {
  return eb.exists(
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
  );
}

/**
 * Limit that no step reaches. A query with a limit is not merged into the one around it, so SQLite sorts the number of bytes of a text into groups and
 * not the text.
 */
const UNLIMITED = Number.MAX_SAFE_INTEGER;

/** The attempts of a step. */
export function endedAttempts(db: Kysely<Database>, { after, upTo }: StepKeys): Promise<readonly EndedAttempts[]> {
  const each = db
    .selectFrom("attempt as a")
    .innerJoin("message as m", "m.id", "a.message_id")
    .leftJoin("delivery as d", (join) =>
      join.onRef("d.message_id", "=", "a.message_id").onRef("d.endpoint_id", "=", "a.endpoint_id"),
    )
    .select((eb) => {
      const bytes = (column: "a.response" | "a.detail_json") => eb.fn<number>("octet_length", [column]);
      const tables = eb as unknown as Tables;
      return [
        "a.id",
        "a.message_id as messageId",
        "a.endpoint_id as endpointId",
        "a.duration_ms as durationMs",
        "a.status",
        "a.trigger_type as trigger",
        "a.error_code as errorCode",
        "a.response_code as responseCode",
        "d.state",
        "d.attempts",
        eb(bytes("a.response"), "+", eb.fn.coalesce(bytes("a.detail_json"), eb.lit(0))).as("bytes"),
        sql<number>`${timeOf("a.id")} + a.duration_ms - coalesce(m.deliver_at, ${timeOf("m.id")})`.as("latencyMs"),
        sql<number>`${timeOf("a.id")} / 60000`.as("minute"),
        eb.case().when(isOrdinary(tables)).then(null).else(eb.ref("a.id")).end().as("single"),
        eb
          .case()
          .when(isOrdinary(tables))
          .then(0)
          .when(isDecidedElsewhere(tables))
          .then(1)
          .else(0)
          .end()
          .as("decidedElsewhere"),
      ];
    })
    .where("a.id", ">", after)
    .where("a.id", "<=", upTo)
    .orderBy("a.id")
    .limit(UNLIMITED);
  return db
    .selectFrom(each.as("each"))
    .select(({ fn: { max, sum, countAll } }) => [
      max("id").as("id"),
      countAll<number>().as("times"),
      max("messageId").as("messageId"),
      "endpointId",
      "durationMs",
      "latencyMs",
      max("status").as("status"),
      max("trigger").as("trigger"),
      max("errorCode").as("errorCode"),
      max("responseCode").as("responseCode"),
      max("state").as("state"),
      max("attempts").as("attempts"),
      sum<number>("bytes").as("bytes"),
      max("decidedElsewhere").as("decidedElsewhere"),
    ])
    .groupBy(["endpointId", "durationMs", "latencyMs", "minute", "single"])
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
