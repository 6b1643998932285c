/** Compares the commands of a block with the definitions of the command line, of npm and of the HTTP API, without running them. */
import { readFileSync } from "node:fs";
import type { Command, Option } from "commander";
import { publishedDocument } from "../../packages/posthorn/src/api/document.ts";
import { buildProgram } from "../../packages/posthorn/src/cli/program.ts";
import { commandsOf, EXPANDED, type SimpleCommand } from "./shell.ts";

interface Operation {
  readonly parameters?: readonly { readonly name: string; readonly in: string }[];
}

interface ApiDocument {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

/** Definitions that commands in documents can refer to. */
export interface Definitions {
  readonly program: Command;
  readonly api: ApiDocument;
  /** npm scripts of the workspace. */
  readonly scripts: ReadonlySet<string>;
}

export async function loadDefinitions(root: string): Promise<Definitions> {
  const { scripts } = JSON.parse(readFileSync(`${root}/package.json`, "utf8")) as { scripts: Record<string, string> };
  return {
    program: await buildProgram(""),
    api: (await publishedDocument("https://posthorn.test")) as ApiDocument,
    scripts: new Set([...Object.keys(scripts), "ci", "install"]),
  };
}

/** Errors in a script, one sentence each. */
export function faultsOfScript(script: string, definitions: Definitions): readonly string[] {
  return commandsOf(script).flatMap((command) => faultsOf(command, definitions));
}

/** Whether every command of a script can be compared with a definition. */
export function isComparable(script: string): boolean {
  return commandsOf(script).every((command) => programOf(command) !== null || HARMLESS.has(command[0]!));
}

/** Programs whose arguments are free text. */
const HARMLESS: ReadonlySet<string> = new Set(["export", "echo", "cd"]);

type Program = "posthorn" | "npm" | "call" | "ingest";

/** The program of a command that has a definition, with its arguments. */
function programOf(words: SimpleCommand): readonly [Program, SimpleCommand] | null {
  const [name = "", ...args] = words;
  if (/^(?:\.\/)?posthorn(?:-linux-\w+)?$/.test(name)) return ["posthorn", args];
  if (name === "npx") {
    const at = args.indexOf("posthorn");
    return at === -1 ? null : ["posthorn", args.slice(at + 1)];
  }
  if (name === "npm") {
    const rest = args.filter((arg) => arg !== "-s" && arg !== "--silent");
    if (rest[0] === "run" && rest[1] === "posthorn") return ["posthorn", rest.slice(rest[2] === "--" ? 3 : 2)];
    return ["npm", rest];
  }
  if (name === "call") return ["call", args];
  // The helpers of pages on receiving: `ingest source …` posts, `source POST source …` names the method.
  if (name === "source" && /^[A-Z]+$/.test(args[0] ?? "")) return ["ingest", args];
  return null;
}

function faultsOf(words: SimpleCommand, definitions: Definitions): readonly string[] {
  const found = programOf(words);
  if (found === null) return faultsOfUrls(words, definitions);
  const [program, args] = found;
  if (program === "posthorn") return faultsOfCommand(args, definitions.program);
  if (program === "npm") return faultsOfNpm(args, definitions);
  const prefix = program === "call" ? "/api/v1/" : "/ingest/api/v1/";
  return faultsOfRequest(args[0] ?? "", prefix + (args[1] ?? ""), args[2], definitions.api);
}

function faultsOfNpm(args: SimpleCommand, { scripts }: Definitions): readonly string[] {
  const name = args[0] === "run" ? args[1] : args[0];
  if (name === undefined || name === EXPANDED || ["i", "pack", "view", "audit"].includes(name)) return [];
  return scripts.has(name) ? [] : [`package.json has no script "${name}".`];
}

/** Compares with the definitions of commander: commands, options, and the number of arguments. */
function faultsOfCommand(args: SimpleCommand, program: Command): readonly string[] {
  let command = program;
  const values: string[] = [];
  const faults: string[] = [];
  // Without a command, the server starts.
  const rest = args[0] === undefined || args[0].startsWith("-") ? ["start", ...args] : [...args];
  if (["--help", "--version", "help"].includes(args[0] ?? "")) return [];
  while (rest.length > 0) {
    const word = rest.shift()!;
    if (word === "--") {
      values.push(...rest.splice(0));
    } else if (/^--?[a-z]/i.test(word)) {
      const [flag = "", inline] = word.split("=", 2);
      const option = optionOf(flag, command, program);
      if (flag === "--help") return [];
      if (option === undefined) faults.push(`\`posthorn ${pathOf(command)}\` has no option ${flag}.`);
      else if (inline === undefined && option.required) {
        if (rest.shift() === undefined) faults.push(`The option ${flag} needs a value.`);
        if (option.variadic) while (rest.length > 0 && !rest[0]!.startsWith("-")) rest.shift();
      }
    } else {
      const next: Command | undefined = command.commands.find(
        (one) => one.name() === word || one.aliases().includes(word),
      );
      if (next !== undefined && values.length === 0) command = next;
      else values.push(word);
    }
  }
  return [...faults, ...faultsOfArguments(command, values)];
}

function faultsOfArguments(command: Command, values: readonly string[]): readonly string[] {
  const declared = command.registeredArguments;
  const fewest = declared.filter(({ required }) => required).length;
  const most = declared.some(({ variadic }) => variadic) ? Infinity : declared.length;
  const name = `\`posthorn ${pathOf(command)}\``;
  if (command.commands.length > 0 && declared.length === 0 && values.length > 0) {
    return [`${name} has no command "${values[0]}".`];
  }
  if (values.length < fewest) return [`${name} needs ${fewest} arguments, not ${values.length}.`];
  if (values.length > most) return [`${name} takes up to ${most} arguments, not ${values.length}: ${values.join(" ")}`];
  return [];
}

function optionOf(flag: string, command: Command, program: Command): Option | undefined {
  return [...command.options, ...program.options].find(({ long, short }) => long === flag || short === flag);
}

function pathOf(command: Command): string {
  const parent = command.parent;
  return parent === null || parent.parent === null ? command.name() : `${pathOf(parent)} ${command.name()}`;
}

/** Requests of curl to an operation of the API. */
function faultsOfUrls(words: SimpleCommand, { api }: Definitions): readonly string[] {
  if (words[0] !== "curl") return [];
  const method = words[words.findIndex((word) => word === "-X" || word === "--request") + 1];
  const hasMethod = words.includes("-X") || words.includes("--request");
  const bodyAt = words.findIndex((word) => /^(?:-d|--data|--data-binary|--json)$/.test(word));
  const body = bodyAt === -1 ? undefined : words[bodyAt + 1];
  return words.flatMap((word) => {
    const path = /^(?:https?:\/\/[^/]+|EXPANDED)(\/(?:ingest\/)?api\/v1\/.*)$/.exec(word)?.[1];
    if (path === undefined) return [];
    const used = hasMethod ? method! : body === undefined ? "GET" : "POST";
    return faultsOfRequest(used, path, body !== undefined && FORM.test(body) ? undefined : body, api);
  });
}

/** OAuth and WebSub take forms. */
const FORM = /^[\w.]+=/;

function faultsOfRequest(
  method: string,
  target: string,
  body: string | undefined,
  api: ApiDocument,
): readonly string[] {
  const [path = "", query = ""] = target.split("?", 2);
  // The helpers that pages define have the path as an argument. The document itself is no operation of it.
  if (/^\/(?:ingest\/)?api\/v1\/(?:EXPANDED)?$/.test(path) || path === "/api/v1/openapi.json") return [];
  const segments = path.split("/");
  const matching = Object.entries(api.paths).filter(([template]) => {
    const parts = template.split("/");
    return parts.length === segments.length && parts.every((part, at) => part.startsWith("{") || part === segments[at]);
  });
  const operations = matching.flatMap(([, methods]) => methods[method.toLowerCase()] ?? []);
  if (operations.length === 0) return [`The API has no operation ${method} ${path}.`];
  const known = new Set(operations.flatMap(({ parameters = [] }) => parameters.map(({ name }) => name)));
  const unknown = [...new URLSearchParams(query).keys()].filter((name) => !known.has(name));
  return [
    ...unknown.map((name) => `${method} ${path} has no query parameter "${name}".`),
    ...(body === undefined || isReadable(body) ? [] : [`The body of ${method} ${path} is not JSON: ${body}`]),
  ];
}

function isReadable(body: string): boolean {
  if (body.startsWith("@") || body.startsWith("-") || body === EXPANDED) return true;
  try {
    // Replaces a number that the shell inserts.
    JSON.parse(body.replaceAll(/([[:,]\s*)EXPANDED(?=\s*[\],}])/g, "$1 0"));
    return true;
  } catch {
    return false;
  }
}
