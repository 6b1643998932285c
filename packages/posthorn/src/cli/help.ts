/** Examples, JSON output and exit codes of commands. Their help texts and their pages in the documentation come from here. */
import type { Command } from "commander";
import type { JsonSchema } from "./json.ts";
import { jsonText, print } from "./output.ts";

/** A command line, and what it does. */
export type Example = readonly [line: string, effect: string];

/** What a command prints with `--json`. Names are those of schemas in the OpenAPI document. */
export type JsonOutput =
  /** One object. */
  | { readonly kind: "model"; readonly model: string }
  /** An object whose `data` is the list. */
  | { readonly kind: "page"; readonly model: string }
  /** A list. */
  | { readonly kind: "list"; readonly model: string }
  /** An object that only the command has. */
  | { readonly kind: "own"; readonly schema: JsonSchema }
  /** One of several objects, by the other options. */
  | { readonly kind: "models"; readonly models: readonly string[] }
  /** One object on each line. */
  | { readonly kind: "lines"; readonly schema: JsonSchema };

const EXAMPLES = new WeakMap<Command, readonly Example[]>();
const OUTPUTS = new WeakMap<Command, JsonOutput>();
const REASONS = new WeakMap<Command, string>();
const EXIT_CODES = new WeakMap<Command, Readonly<Record<number, string>>>();

/** Adds examples, which the help shows after the options. */
export function withExamples(command: Command, ...examples: readonly Example[]): Command {
  EXAMPLES.set(command, examples);
  const lines = examples.map(([line, effect]) => `  $ ${line}\n      ${effect}`);
  return command.addHelpText("after", `\nExamples:\n${lines.join("\n")}`);
}

/** Adds `--json`. @param output What it prints; a text: the name of a schema in the OpenAPI document. */
export function withJson(command: Command, output: JsonOutput | string): Command {
  const known = typeof output === "string" ? ({ kind: "model", model: output } as const) : output;
  OUTPUTS.set(command, known);
  return command.option("--json", DESCRIPTIONS[known.kind]);
}

const DESCRIPTIONS: Readonly<Record<JsonOutput["kind"], string>> = {
  model: "print the response of the API as JSON",
  page: "print the response of the API as JSON",
  list: "print the response of the API as JSON",
  models: "print the response of the API as JSON",
  own: "print the result as JSON",
  lines: "print one JSON object for each line",
};

/** Documents the output of a command that has another option for JSON, or prints nothing else. */
export function withJsonOutput(command: Command, output: JsonOutput): Command {
  OUTPUTS.set(command, output);
  return command;
}

/** Says why a command has no JSON output. */
export function withoutJson(command: Command, reason: string): Command {
  REASONS.set(command, reason);
  return command;
}

/** Why a command has no JSON output; `null`: it has one. */
export function reasonWithoutJson(command: Command): string | null {
  return REASONS.get(command) ?? null;
}

/** Documents exit codes that the command has in addition to 0, 1 and 2, or with another meaning. */
export function withExitCodes(command: Command, codes: Readonly<Record<number, string>>): Command {
  EXIT_CODES.set(command, codes);
  return command;
}

/** Exit codes of a command with their meanings. */
export function exitCodesOf(command: Command): Readonly<Record<number, string>> {
  return { ...COMMON_CODES, ...EXIT_CODES.get(command) };
}

const COMMON_CODES: Readonly<Record<number, string>> = {
  0: "success",
  1: "the command failed; standard error says why",
  2: "the command line is wrong",
};

/** Prints the result of a command: as JSON with `--json`, and otherwise as `text`, or by calling it. */
export function report(flags: Readonly<Record<string, unknown>>, value: unknown, text: string | (() => void)): void {
  if (flags["json"] === true) return print(jsonText(value, 2));
  if (typeof text === "string") return print(text);
  text();
}

export function examplesOf(command: Command): readonly Example[] {
  return EXAMPLES.get(command) ?? [];
}

/** What the command prints with `--json`; `null`: it has no such option. */
export function jsonOutputOf(command: Command): JsonOutput | null {
  return OUTPUTS.get(command) ?? null;
}

/** JSON schema of the output, or of one line of it. Schemas of the OpenAPI document are references to it. */
export function jsonSchemaOf(output: JsonOutput): object {
  if (output.kind === "own" || output.kind === "lines") return output.schema;
  if (output.kind === "models") return { anyOf: output.models.map((model) => referenceTo(model)) };
  const reference = referenceTo(output.model);
  if (output.kind === "model") return reference;
  const list = { type: "array", items: reference };
  return output.kind === "list" ? list : { type: "object", required: ["data"], properties: { data: list } };
}

function referenceTo(model: string): object {
  return { $ref: `#/components/schemas/${model}` };
}
