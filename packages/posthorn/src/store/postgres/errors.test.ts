import pg from "pg";
import { describe, expect, it } from "vitest";
import { toStoreError } from "./errors.ts";

function serverError(code: string, message: string): Error {
  return Object.assign(new pg.DatabaseError(message, message.length, "error"), { code });
}

function network(code: string, syscall: string): Error {
  return Object.assign(new Error(`${syscall} ${code}`), { code, syscall });
}

describe("an error of the database", () => {
  it.each([
    ["refused connections", network("ECONNREFUSED", "connect"), "unreachable"],
    ["a name that is not there yet", network("ENOTFOUND", "getaddrinfo"), "unreachable"],
    ["a socket that is not there yet", network("ENOENT", "connect"), "unreachable"],
    ["a server that starts", serverError("57P03", "the database system is starting up"), "refusing"],
    ["one that stops", serverError("57P01", "terminating connection due to administrator command"), "refusing"],
    ["one without room", serverError("53300", "sorry, too many clients already"), "no_connections"],
    ["a replica", serverError("25006", "cannot execute INSERT in a read-only transaction"), "read_only"],
  ])("is temporary, and the server waits: %s", (_, error, outage) => {
    expect(toStoreError(error)).toMatchObject({ code: "storage_unavailable", outage });
  });

  it.each([
    ["a password", serverError("28P01", 'password authentication failed for user "a"'), /user, password/],
    ["a user", serverError("28000", 'role "a" does not exist'), /user, password/],
    ["a database", serverError("3D000", 'database "a" does not exist'), /createdb/],
    ["a right", serverError("42501", "permission denied for database a"), /Grant it/],
    ["a certificate", network("SELF_SIGNED_CERT_IN_CHAIN", "connect"), /sslrootcert/],
    ["the file of one", network("ENOENT", "open"), /sslrootcert/],
  ])("in the configuration is permanent, and its message names what to change: %s", (_, error, says) => {
    const { code, outage, message } = toStoreError(error);
    expect({ code, outage }).toEqual({ code: "config_invalid", outage: null });
    expect(message).toMatch(says);
    expect(message).toMatch(/POSTHORN_DATABASE_URL/);
  });
});
