import type { Expression, ExpressionBuilder, SqlBool } from "kysely";
import type { Database } from "../../store/schema.ts";
import { UNSENT_ERRORS } from "../delivery/outgoing-request.ts";

/** Attempts that sent a request. One that failed before says nothing about the health of its endpoint. */
export function wasSent(eb: ExpressionBuilder<Database, "attempt">): Expression<SqlBool> {
  return eb.or([eb("attempt.error_code", "is", null), eb("attempt.error_code", "not in", UNSENT_ERRORS)]);
}

/** The same for one row. */
export function isSent(errorCode: string | null): boolean {
  return !UNSENT_ERRORS.some((code) => code === errorCode);
}
