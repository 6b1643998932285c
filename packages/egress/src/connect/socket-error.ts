import type { EgressErrorCode } from "../errors.ts";
import { tlsErrorCode } from "./tls.ts";

/** Error codes of sockets whose peer or route is gone. */
const LOST = new Set(["ECONNRESET", "EPIPE", "ETIMEDOUT", "ECONNABORTED", "EHOSTUNREACH", "ENETUNREACH"]);

/** Code of an error of an open socket; `null` when it is not one of a socket. */
export function socketErrorCode(error: Error): EgressErrorCode | null {
  const tls = tlsErrorCode(error);
  if (tls !== null) return tls;
  if (LOST.has(nameOf(error))) return "reset";
  return "syscall" in error ? "internal" : null;
}

/** Code and message of a low-level error, for operators. */
export function errorDetail(error: Error): string {
  return `${nameOf(error) === "" ? error.name : nameOf(error)}: ${error.message}`;
}

function nameOf(error: Error): string {
  return "code" in error ? String(error.code) : "";
}
