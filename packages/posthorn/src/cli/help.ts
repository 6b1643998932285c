/** Examples and JSON output of commands. Their help texts and their pages in the documentation come from here. */
import type { Command } from "commander";

/** A command line, and what it does. */
export type Example = readonly [line: string, effect: string];

const EXAMPLES = new WeakMap<Command, readonly Example[]>();
const MODELS = new WeakMap<Command, string>();

/** Adds examples, which the help shows after the options. */
export function withExamples(command: Command, ...examples: readonly Example[]): Command {
  EXAMPLES.set(command, examples);
  const lines = examples.map(([line, effect]) => `  $ ${line}\n      ${effect}`);
  return command.addHelpText("after", `\nExamples:\n${lines.join("\n")}`);
}

/** Adds `--json`. @param model Name of the schema of what it prints, in the OpenAPI document. */
export function withJson(command: Command, model: string): Command {
  MODELS.set(command, model);
  return command.option("--json", "print the response of the API as JSON");
}

export function examplesOf(command: Command): readonly Example[] {
  return EXAMPLES.get(command) ?? [];
}

/** Schema of the JSON output; `null`: the command has none. */
export function modelOf(command: Command): string | null {
  return MODELS.get(command) ?? null;
}
