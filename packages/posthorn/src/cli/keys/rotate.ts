import type { Command } from "commander";
import { addClientFlags } from "../client.ts";
import { print } from "../output.ts";
import { failureOf, follow, type TaskProgress } from "./follow.ts";
import { report, withJson } from "../help.ts";

/** `posthorn keys rotate`: replaces the data keys while the server runs. */
export function addKeysRotateCommand(keys: Command): void {
  const command = keys
    .command("rotate")
    .description(
      "create a new data key under the current root key, encrypt everything with it, and destroy the others",
    );
  withJson(command, "BackgroundTaskOut");
  addClientFlags(command).action(async (options: Record<string, unknown>) => {
    let last = "";
    const task = await follow(options, "/api/v1/encryption/rotate", (progress) => {
      const line = describe(progress);
      if (line !== last && options["json"] !== true) print(line);
      last = line;
    });
    if (task.status === "failed") throw failureOf(task);
    report(options, task, "The rotation is complete. The other data keys have been destroyed.");
  });
}

function describe({ data }: TaskProgress): string {
  const { phase, scanned, resealed, waitingFor } = data as {
    readonly phase: string;
    readonly scanned: number;
    readonly resealed: number;
    readonly waitingFor: readonly string[];
  };
  if (waitingFor.length > 0) return `${phase}: waiting for ${waitingFor.join(", ")}`;
  return `${phase}: ${scanned} values read, ${resealed} encrypted again`;
}
