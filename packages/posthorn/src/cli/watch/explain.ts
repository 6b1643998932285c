import type { Command } from "commander";
import { addClientFlags, call } from "../client.ts";
import { onOneLine, print, printTable } from "../output.ts";
import { shownKey, shownValue } from "./shown.ts";
import { withJson } from "../help.ts";

interface Key {
  readonly key: string;
  readonly phase: string;
  readonly value: unknown;
  readonly since: string | null;
  readonly lastSampleAt: string | null;
  readonly transitions: number;
  readonly unreadable: number;
  readonly nextTimerAt: string | null;
  readonly messageId: string | null;
}

interface ExplainedKey extends Key {
  readonly explanation: {
    readonly text: string;
    readonly conditions: readonly {
      readonly path: string;
      readonly condition: unknown;
      readonly holds: boolean | null;
      readonly value?: unknown;
    }[];
  };
}

const HELP = `
Without KEY, the keys that are raised, clearing or pending are listed, and the number of clear ones. A watch without keys has one state, which is
explained at once.

Examples:
  $ posthorn watch explain plant freezer
  $ posthorn watch explain plant freezer freezer-1`;

/** `posthorn watch explain`: says why a key is raised or clear. */
export function addWatchExplainCommand(watch: Command): void {
  const command = watch
    .command("explain")
    .description("say why a key of a watch is raised or clear")
    .argument("<app>", "application (ID or uid), or ID of a source")
    .argument("<watch>", "watch (ID or uid)")
    .argument("[key]", "key, such as the name of a device")
    .addHelpText("after", HELP);
  withJson(command, { kind: "models", models: ["WatchKeyDetailOut", "WatchKeyList"] });
  addClientFlags(command).action(
    async (app: string, id: string, key: string | undefined, options: Record<string, unknown>) => {
      const path = `/api/v1/app/${encodeURIComponent(app)}/watch/${encodeURIComponent(id)}`;
      const found = await call(options, "GET", path);
      const { rule } = found as unknown as { readonly rule: { readonly read: { readonly key?: string } } };
      // Without a selector for keys, everything has one state with an empty name.
      const name = key ?? (rule.read.key === undefined ? "" : undefined);
      if (name === undefined) await showKeys(options, path, found);
      else await showKey(options, path, name);
    },
  );
}

async function showKey(options: Record<string, unknown>, path: string, name: string): Promise<void> {
  const found = await call(options, "GET", `${path}/key-state?key=${encodeURIComponent(name)}`);
  if (options["json"] === true) {
    print(JSON.stringify(found, null, 2));
    return;
  }
  const key = found as unknown as ExplainedKey;
  const { text, conditions } = key.explanation;
  const ofKey = key.key === "" ? "" : `${onOneLine(key.key)}: `;
  print(`${ofKey}${key.phase}${key.since === null ? "" : ` since ${key.since}`}`);
  print(text);
  print("");
  printTable([
    ["PART", "HOLDS", "VALUE", "CONDITION"],
    ...conditions.map(({ path: part, condition, holds, value }) => [
      part,
      holds === null ? "unknown" : holds ? "yes" : "no",
      shownValue(value),
      onOneLine(JSON.stringify(condition)),
    ]),
  ]);
  const facts = [
    `last value ${shownValue(key.value)}${key.lastSampleAt === null ? "" : ` at ${key.lastSampleAt}`}`,
    `${key.transitions} transition${key.transitions === 1 ? "" : "s"}`,
    ...(key.unreadable === 0 ? [] : [`${key.unreadable} unreadable`]),
    ...(key.nextTimerAt === null ? [] : [`next timer at ${key.nextTimerAt}`]),
    ...(key.messageId === null ? [] : [`message ${key.messageId}`]),
  ];
  print(`\n${facts.join(", ")}.`);
}

const PHASES = ["raised", "clearing", "pending"] as const;

async function showKeys(options: Record<string, unknown>, path: string, watch: Record<string, unknown>): Promise<void> {
  const keys: Key[] = [];
  for (const phase of PHASES) {
    for (let iterator = ""; ;) {
      const page = await call(options, "GET", `${path}/key?limit=250&phase=${phase}${iterator}`);
      keys.push(...(page["data"] as Key[]));
      if (page["done"] === true) break;
      iterator = `&iterator=${encodeURIComponent(page["iterator"] as string)}`;
    }
  }
  if (options["json"] === true) {
    print(JSON.stringify({ data: keys, iterator: null, done: true }, null, 2));
    return;
  }
  if (keys.length > 0) {
    printTable([
      ["KEY", "PHASE", "SINCE", "VALUE"],
      ...keys.map(({ key, phase, since, value }) => [shownKey(key), phase, since ?? "–", shownValue(value)]),
    ]);
    print("");
  }
  const { clear } = watch["phases"] as { readonly clear: number };
  print(`${clear} clear.`);
}
