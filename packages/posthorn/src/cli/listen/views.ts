/** Output of `posthorn listen` as lines: for people, for programs, or nothing but problems. */
import { STATUS_CODES } from "node:http";
import type { RequestFrame } from "../../relay/frames.ts";
import { jsonText, onOneLine, print, printNote, visible } from "../output.ts";
import type { LocalResult } from "./local.ts";
import type { ListenState, ListenView } from "./session.ts";

/** One line for each event. */
export function compactView(): ListenView {
  let shown = "";
  return {
    state: (state) => {
      const text = stateText(state);
      if (text !== shown) printNote(`${clock()} ${text}`);
      shown = text;
    },
    received: () => undefined,
    answered: (frame, result) => print(`${clock()} ${describeRequest(frame)} → ${describeResult(result)}`),
    note: (text) => printNote(`${clock()} ${visible(text)}`),
  };
}

/** One JSON object for each line. `docs/cli/listen.md` has the fields. */
export function jsonView(): ListenView {
  const write = (line: object): void => print(jsonText({ at: new Date().toISOString(), ...line }));
  return {
    state: (state) => write({ type: "state", ...state }),
    received: ({ id, method, path, headers, body, message }) =>
      write({ type: "request", id, method, path, headers, body, message }),
    answered: ({ id, message }, result) => {
      const shown = result.kind === "response" ? { ...result, body: result.body.toString("base64") } : result;
      write({ ...shown, type: result.kind, id, messageId: message.id });
    },
    note: (text) => write({ type: "note", text }),
  };
}

/** Problems only. */
export function quietView(): ListenView {
  return {
    state: () => undefined,
    received: () => undefined,
    answered: (frame, result) => {
      if (result.kind === "response" && result.status < 300) return;
      printNote(`${describeRequest(frame)} → ${describeResult(result)}`);
    },
    note: (text) => printNote(visible(text)),
  };
}

export function stateText({ connection, backlog, isExact, leaseMs, endpoint, transport }: ListenState): string {
  const waiting = backlog === null || backlog === 0 ? "" : `, ${backlog}${isExact ? "" : "+"} waiting`;
  const lease = leaseMs === null ? "" : `, lease ${Math.round(leaseMs / 1000)} s`;
  switch (connection) {
    case "connected":
      return `connected to ${endpoint ?? ""}${transport === "event-stream" ? " by event stream" : ""}${lease}${waiting}`;
    case "connecting":
      return `connecting${waiting}`;
    case "waiting":
      return "disconnected, reconnecting";
  }
}

export function describeRequest({ method, path, message }: RequestFrame): string {
  const target = path === "" ? "" : ` ${onOneLine(path)}`;
  return `${message.eventType === "" ? "event" : onOneLine(message.eventType)} ${message.id} ${method}${target}`;
}

export function describeResult(result: LocalResult): string {
  if (result.kind === "error") return `${onOneLine(result.message)} (${result.durationMs} ms)`;
  return `${result.status} ${STATUS_CODES[result.status] ?? ""} (${result.durationMs} ms)`;
}

export function clock(): string {
  return new Date().toTimeString().slice(0, 8);
}
