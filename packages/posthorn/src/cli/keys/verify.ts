import type { Command } from "commander";
import { addClientFlags } from "../client.ts";
import { jsonText, print, printTable } from "../output.ts";
import { failureOf, follow } from "./follow.ts";
import { withJson } from "../help.ts";

/** `posthorn keys verify`: decrypts every stored secret, and counts them by column and data key. */
export function addKeysVerifyCommand(keys: Command): void {
  const command = keys
    .command("verify")
    .description("decrypt every stored secret, and count them by column and data key");
  withJson(command, "BackgroundTaskOut");
  addClientFlags(command).action(async (options: Record<string, unknown>) => {
    const task = await follow(options, "/api/v1/encryption/verify", () => undefined);
    if (options["json"] === true) {
      print(jsonText(task, 2));
      if (task.status === "failed") throw failureOf(task);
      return;
    }
    const { counts, failures } = task.data as {
      readonly counts: Readonly<Record<string, Readonly<Record<string, number>>>>;
      readonly failures: readonly string[];
    };
    const rows = Object.entries(counts).flatMap(([column, byKey]) =>
      Object.entries(byKey).map(([key, values]) => [column, key, String(values)]),
    );
    printTable([["COLUMN", "KEY", "VALUES"], ...rows]);
    for (const place of failures) print(`cannot be decrypted: ${place}`);
    if (task.status === "failed") throw failureOf(task);
    print("\nEvery value can be decrypted.");
  });
}
