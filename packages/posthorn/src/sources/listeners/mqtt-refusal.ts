/** Meaning of the reason codes of an MQTT broker, and what to do. */
import { quoted } from "../../destinations/connections/driver.ts";
import { ListenError } from "./listener.ts";

const BUSY_MS = 10_000;

/** Reason codes of MQTT 5 (section 2.4) and return codes of 3.1.1 (section 3.2.2.3). */
export function refusal(code: number, reason: string | undefined): ListenError {
  const text = `reason code 0x${code.toString(16)}${reason === undefined ? "" : `, ${quoted(reason)}`}`;
  switch (code) {
    case 1:
    case 0x84:
      return new ListenError(
        "protocol_error",
        `The broker does not support this version of MQTT (${text}).`,
        "Choose the other version.",
      );
    case 2:
    case 0x85:
      return new ListenError(
        "target_refused",
        `The broker does not accept the client ID (${text}).`,
        "Enter another one.",
      );
    case 4:
    case 5:
    case 0x86:
    case 0x87:
    case 0x8a:
    case 0x8c:
      return new ListenError(
        "credentials_refused",
        `The broker refused the credentials (${text}).`,
        "Check user name and password.",
      );
    case 0x8e:
      return new ListenError(
        "target_refused",
        `Another client has taken over the session (${text}).`,
        "Make sure that no other client uses the same client ID.",
      );
    case 0x93:
    case 0x95:
      return new ListenError("protocol_error", `The broker ended the connection (${text}).`);
    case 0x9c:
    case 0x9d:
      return new ListenError(
        "target_not_found",
        `The broker refers to another server (${text}), which Posthorn does not follow.`,
        "Enter the address of that server.",
      );
    case 0x96:
    case 0x97:
    case 0x9f:
      return new ListenError("rate_limited", `A quota of the broker is used up (${text}).`, null, BUSY_MS);
    case 3:
    case 0x88:
    case 0x89:
    case 0x8b:
      return new ListenError("target_unavailable", `The broker is not available (${text}).`, null, BUSY_MS);
    default:
      return new ListenError("connection_failed", `The broker ended the connection (${text}).`);
  }
}
