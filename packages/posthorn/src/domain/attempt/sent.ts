import type { Expression, ExpressionBuilder, SqlBool } from "kysely";
import type { Database } from "../../store/schema.ts";
import { UNSENT_ERRORS } from "../delivery/outgoing-request.ts";

/** Attempts for which something was sent: one whose message could not be brought into form says nothing of how its endpoint does. */
export function wasSent(eb: ExpressionBuilder<Database, "attempt">): Expression<SqlBool> {
  return eb.or([eb("attempt.error_code", "is", null), eb("attempt.error_code", "not in", UNSENT_ERRORS)]);
}

/** As `wasSent`, of a row. */
export function isSent(errorCode: string | null): boolean {
  return !UNSENT_ERRORS.some((code) => code === errorCode);
}
