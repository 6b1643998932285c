import type { Kysely } from "kysely";
import type { Database } from "../../store/schema.ts";

/** Deliveries that wait for an endpoint and are due. */
export interface Backlog {
  readonly count: number;
  /** `false`: there are at least `count`. */
  readonly isExact: boolean;
}

const MAX_COUNTED = 1000;

export async function backlogOf(db: Kysely<Database>, endpointKey: number, now: number): Promise<Backlog> {
  const due = db
    .selectFrom("delivery")
    .select("due")
    .where("endpoint_id", "=", endpointKey)
    .where("due", "<=", now)
    .limit(MAX_COUNTED + 1)
    .as("due");
  const { count } = await db
    .selectFrom(due)
    .select((eb) => eb.fn.countAll<number>().as("count"))
    .executeTakeFirstOrThrow();
  return { count: Math.min(count, MAX_COUNTED), isExact: count <= MAX_COUNTED };
}
