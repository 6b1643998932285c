import { type RawBuilder, sql } from "kysely";

/** Error code of attempts whose HTTP status does not count as success. */
const BY_STATUS = "status";

/** Cause of a failed attempt: its error code, such as `timeout`, or its HTTP status, such as `502`. */
export function causeOf(errorCode: string | null, responseCode: number): string {
  return errorCode === null || errorCode === BY_STATUS ? String(responseCode) : errorCode;
}

/** SQL for the cause of a row of `attempt` with this name. */
export function causeColumn(attempt: string): RawBuilder<string> {
  const code = sql.ref(`${attempt}.error_code`);
  const status = sql.ref(`${attempt}.response_code`);
  return sql<string>`CASE WHEN ${code} IS NULL OR ${code} = ${sql.lit(BY_STATUS)} THEN CAST(${status} AS TEXT) ELSE ${code} END`;
}
