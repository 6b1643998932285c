import { setTimeout as delay } from "node:timers/promises";
import type { Command } from "commander";
import { PosthornError } from "../../lib/errors.ts";
import { addClientFlags, call } from "../client.ts";
import { print, printTable } from "../output.ts";
import { report, withJson } from "../help.ts";

interface EraseOptions {
  readonly path: string;
  readonly value?: string;
  readonly app?: string;
  readonly eventType?: readonly string[];
  readonly reason?: string;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
}

/** `posthorn erase`: erases the data of a person, or counts what would be erased. */
export function addEraseCommand(program: Command): void {
  const command = program
    .command("erase")
    .description("erase the data of a person from all messages with a value at a JSON path")
    .requiredOption("--path <path>", "JSON path of the value in payloads, such as $.customer.email")
    .option("--value <value>", "the value; without it, it is read from standard input")
    .option("--app <id>", "only this application or source")
    .option("--event-type <name...>", "only messages of these event types")
    .option("--reason <text>", "shown in the receipt, such as a case number")
    .option("--dry-run", "only count what would be erased")
    .option("--yes", "erase: this cannot be undone");
  withJson(command, "ErasureOut");
  addClientFlags(command).action(async (options: EraseOptions & Record<string, unknown>) => {
    const isDryRun = options.dryRun === true;
    if (isDryRun === (options.yes === true)) {
      throw new PosthornError("bad_request", "Count with --dry-run first, then erase with --yes.");
    }
    const receipt = await erase(options, isDryRun);
    const counts = receipt["counts"] as Readonly<Record<string, number>>;
    report(options, receipt, () => {
      printTable([
        ["PLACE", isDryRun ? "WOULD BE ERASED" : "ERASED"],
        ...Object.entries(counts).map(([place, count]) => [place, String(count)]),
      ]);
      print("");
      print(`${isDryRun ? "Dry run" : "Receipt"}: ${String(receipt["id"])}`);
      print(`Hash of the value: ${String(receipt["valueHash"])}`);
    });
  });
}

async function erase(
  options: EraseOptions & Record<string, unknown>,
  isDryRun: boolean,
): Promise<Record<string, unknown>> {
  const { path, app, eventType, reason } = options;
  const value = options.value ?? (await readInput());
  const created = await call(options, "POST", "/api/v1/erasure", {
    path,
    value,
    dryRun: isDryRun,
    ...(app === undefined ? {} : { app }),
    ...(eventType === undefined ? {} : { eventTypes: eventType }),
    ...(reason === undefined ? {} : { reason }),
  });
  let last = "";
  const receiptPath = `/api/v1/erasure/${String(created["id"])}`;
  for (;;) {
    const receipt = await call(options, "GET", receiptPath);
    const { scanned = 0, messages = 0 } = receipt["counts"] as Record<string, number>;
    const line = `${String(receipt["state"])}: ${scanned} messages examined, ${messages} with the value`;
    if (line !== last && options["json"] !== true) print(line);
    last = line;
    if (receipt["state"] === "finished") return receipt;
    if (receipt["state"] === "failed") {
      throw new PosthornError(
        "bad_request",
        `The erasure ${String(created["id"])} failed. See the server log for the cause.`,
      );
    }
    await delay(POLL_MS);
  }
}

const POLL_MS = 500;

/** The first line of standard input, so that the value is not in the history of the shell or in the list of processes. */
async function readInput(): Promise<string> {
  let text = "";
  for await (const chunk of process.stdin) text += String(chunk);
  const [line = ""] = text.split("\n");
  if (line === "") throw new PosthornError("bad_request", "Give the value with --value, or on standard input.");
  return line;
}
