/** Classifies errors of PostgreSQL and of its client, and converts them to a `StoreError`. */
import pg from "pg";
import { StoreError, type StoreOutage } from "../errors.ts";

const UNIQUE_VIOLATION = "23505";
const CHECK_VIOLATION = "23514";
const DISK_FULL = "53100";
/** A disk error or a damaged file (classes 58 and XX). */
const BROKEN_STORAGE = /^(?:58030|XX00[12])$/;
/** A text with a NUL, or with invalid UTF-8. */
const UNSTORABLE_TEXT = new Set(["22021", "22P05"]);
const RETRYABLE = new Set(["40001" /* serialisation */, "40P01" /* deadlock */]);
const OUT_OF_CONNECTIONS = "53300";
const POOLER_FULL = /no more connections allowed/;
/** A statement in a transaction that an earlier error has aborted. */
const IN_FAILED_TRANSACTION = "25P02";
/** A lock was not granted within its timeout. Nothing was done. */
const LOCK_TIMEOUT = "55P03";
/** Errors of a server that stops, starts, has no free connection, or has become a replica. Another connection may succeed. */
const AWAY = /^(?:08...|57P0[1-5]|25006|25P03|53300)$/;
/** Errors that waiting does not resolve. */
const MISCONFIGURED = /^(?:28...|3D000|42501)$/;
const READ_ONLY = "25006";
/** Codes of Node and OpenSSL for an untrusted certificate. */
const CERTIFICATE = /^(?:CERT_|ERR_TLS_|ERR_SSL_|SELF_SIGNED_|DEPTH_ZERO_|UNABLE_TO_|INVALID_CA|HOSTNAME_MISMATCH)/;
/** Errors that the client raises after the server has responded. They have no code. */
const NO_AGREEMENT = /^SASL: |does not support SSL/;
const NO_PASSWORD = /client password must be a (?:non-empty )?string/;
const NO_DATABASE = "3D000";
const NO_RIGHT = "42501";

/** Whether the connection has failed or could not be opened. Errors of the server have an SQLSTATE; all others are network errors. */
export function isUnavailable(error: unknown): boolean {
  return error instanceof pg.DatabaseError ? AWAY.test(error.code ?? "") : error instanceof Error;
}

/** Whether the server accepts no further connection, while those already open still work. A pooler has its own error message for it. */
export function isOutOfConnections(error: unknown): boolean {
  return error instanceof pg.DatabaseError && (error.code === OUT_OF_CONNECTIONS || POOLER_FULL.test(error.message));
}

/** Whether a transaction was aborted because of a concurrent one and can be repeated. */
export function isRetryable(error: unknown): boolean {
  return error instanceof pg.DatabaseError && RETRYABLE.has(error.code ?? "");
}

/** Whether the transaction of a connection was aborted before this statement. */
export function isInFailedTransaction(error: unknown): boolean {
  return error instanceof pg.DatabaseError && error.code === IN_FAILED_TRANSACTION;
}

/** Whether a row with the same unique value exists. */
export function isUnique(error: unknown): boolean {
  return error instanceof pg.DatabaseError && error.code === UNIQUE_VIOLATION;
}

/** Whether no partition exists for the key of a row. A violated CHECK constraint has the same code, but also a constraint name. */
export function isMissingPartition(error: unknown): boolean {
  return error instanceof pg.DatabaseError && error.code === CHECK_VIOLATION && error.constraint === undefined;
}

/** Returns why the database is unusable, as far as an error shows it. */
export function outageOf(error: unknown): StoreOutage {
  if (isOutOfConnections(error)) return "no_connections";
  if (error instanceof StoreError) return error.outage ?? "refusing";
  if (!(error instanceof pg.DatabaseError)) return "unreachable";
  return error.code === READ_ONLY ? "read_only" : "refusing";
}

/** Whether the settings must change: the server responds, but rejects the password, certificate or permissions. */
function isMisconfigured(error: unknown): error is Error {
  if (error instanceof pg.DatabaseError) return MISCONFIGURED.test(error.code ?? "");
  if (!(error instanceof Error)) return false;
  return isUntrusted(error) || NO_AGREEMENT.test(error.message);
}

/** Whether the certificate is not trusted, or its file cannot be read. */
function isUntrusted(error: Error): boolean {
  if (!("code" in error)) return false;
  return CERTIFICATE.test(String(error.code)) || ("syscall" in error && error.syscall === "open");
}

/** Describes a configuration error and what to change. */
function refusal(error: Error): string {
  const said = `PostgreSQL refuses: ${error.message}`;
  if (NO_PASSWORD.test(error.message)) {
    return "PostgreSQL requires a password, but POSTHORN_DATABASE_URL contains none. Use postgres://user:password@host/database.";
  }
  if (isUntrusted(error)) return `${said}. See sslmode and sslrootcert in POSTHORN_DATABASE_URL.`;
  const code = error instanceof pg.DatabaseError ? error.code : undefined;
  if (code === NO_DATABASE) return `${said}. Create it (createdb), or name another one in POSTHORN_DATABASE_URL.`;
  if (code === NO_RIGHT) return `${said}. Grant it to the user of POSTHORN_DATABASE_URL, or name another user there.`;
  return `${said}. See user, password and sslmode in POSTHORN_DATABASE_URL.`;
}

export function toStoreError(error: unknown): StoreError {
  if (error instanceof StoreError) return error;
  const cause = error as Error;
  if (isMisconfigured(error)) {
    return new StoreError("config_invalid", refusal(error), { cause });
  }
  if (!(error instanceof pg.DatabaseError) || AWAY.test(error.code ?? "") || error.code === LOCK_TIMEOUT) {
    return new StoreError("storage_unavailable", `PostgreSQL does not respond (${cause.message}); trying again.`, {
      cause,
      outage: outageOf(error),
    });
  }
  const code = error.code ?? "";
  if (code === UNIQUE_VIOLATION) {
    return new StoreError("conflict", "A row with the same unique value exists.", { cause, unique: true });
  }
  if (UNSTORABLE_TEXT.has(code)) {
    return new StoreError("bad_request", "A string contains the character NUL, which cannot be stored. Remove it.", {
      cause,
    });
  }
  if (code === DISK_FULL) {
    return new StoreError(
      "storage_full",
      "The disk of PostgreSQL is full. Free some space. No data was partially written.",
      {
        cause,
        refusesWrites: true,
      },
    );
  }
  return new StoreError("storage_failed", `PostgreSQL refused a statement: ${cause.message} (${code}).`, {
    cause,
    refusesWrites: BROKEN_STORAGE.test(code),
  });
}
