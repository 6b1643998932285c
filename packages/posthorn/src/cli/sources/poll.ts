import { setTimeout as delay } from "node:timers/promises";
import type { Command } from "commander";
import { PosthornError } from "../../lib/errors.ts";
import { addClientFlags, call } from "../client.ts";
import { report, withExitCodes, withJson } from "../help.ts";
import { SOURCE_READ } from "../json.ts";

interface State {
  readonly state: string;
  readonly error: { readonly code: string; readonly message: string; readonly hint: string | null } | null;
  readonly events: number;
  readonly lastSuccessAt: string | null;
  readonly lastFailureAt: string | null;
}

const WAIT_MS = 60_000;
const POLL_MS = 300;

/** `posthorn sources poll`: reads a source immediately, and prints the result. */
export function addSourcesPollCommand(sources: Command): void {
  const command = sources
    .command("poll")
    .description("read a source immediately and print the result; the exit code is 1 if reading fails")
    .argument("<source>", "source (ID)");
  withJson(command, { kind: "own", schema: SOURCE_READ });
  withExitCodes(command, { 0: "the source was read", 1: "reading failed; standard error says why" });
  addClientFlags(command).action(async (source: string, options: Record<string, unknown>) => {
    const path = `/ingest/api/v1/source/${encodeURIComponent(source)}`;
    const before = (await call(options, "GET", `${path}/state`)) as unknown as State;
    await call(options, "POST", `${path}/poll`);
    const deadline = Date.now() + WAIT_MS;
    for (;;) {
      const now = (await call(options, "GET", `${path}/state`)) as unknown as State;
      if (now.lastFailureAt !== before.lastFailureAt && now.error !== null) {
        const { code, message, hint } = now.error;
        throw new PosthornError("bad_request", `${message}${hint === null ? "" : ` ${hint}`} (${code})`);
      }
      // A connected source is not read again, because its connection works.
      if (now.lastSuccessAt !== before.lastSuccessAt || now.state === "running") {
        const count = now.events - before.events;
        report(options, { newEvents: count }, `The source was read: ${count} new event${count === 1 ? "" : "s"}.`);
        return;
      }
      if (Date.now() >= deadline) {
        throw new PosthornError("bad_request", "The source was not read within 60 seconds. Its state has not changed.");
      }
      await delay(POLL_MS);
    }
  });
}
