/**
 * The code on the pages of docs/guides works when pasted. Each block says in its first line whether it runs (`run`), is a file that later blocks use
 * (`file=path`), or why not (`skip=reason`), so that a new block without a mark fails. On reference pages,
 * the blocks marked with `run` are run as well.
 */
import { execFile, spawnSync } from "node:child_process";
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { programArguments } from "@posthorn/testkit";
import { beforeAll, describe, expect, it } from "vitest";
import { useWorld } from "../lib/world.ts";

const world = useWorld();
const REPOSITORY = new URL("../../", import.meta.url).pathname;

interface Block {
  readonly language: string;
  readonly mark: string;
  readonly code: string;
}

interface DocsPage {
  readonly name: string;
  readonly blocks: readonly Block[];
}

function pagesOf(pattern: string): readonly DocsPage[] {
  return globSync(pattern, { cwd: REPOSITORY })
    .map((path) => ({ name: path, blocks: blocksOf(readFileSync(join(REPOSITORY, path), "utf8")) }))
    .sort((one, other) => (one.name < other.name ? -1 : 1));
}

const guides = pagesOf("docs/guides/*.md");
const features = pagesOf("docs/{api,capture,delivery,egress,portal,receiving,features/*}.md");

function blocksOf(text: string): readonly Block[] {
  return [...text.matchAll(/^```(\w+)([^\n]*)\n([^]*?)^```$/gm)].map(([, language = "", mark = "", code = ""]) => ({
    language,
    mark: mark.trim(),
    code,
  }));
}

/** How a block of a language is run, in a folder of its own. */
const COMMANDS: Readonly<Record<string, { readonly file: string; readonly command: readonly string[] }>> = {
  sh: { file: "block.sh", command: ["bash", "-euo", "pipefail"] },
  js: { file: "block.mjs", command: [process.execPath] },
  // A pasted block imports the built package; the workspace has its sources.
  ts: { file: "block.ts", command: [process.execPath, "--conditions=@posthorn/source"] },
  python: { file: "block.py", command: ["python3"] },
};

/** The helper that docs/api.md defines for the snippets of other pages. Here it fails when the server refuses a request. */
const CALL = `API="$POSTHORN_URL/api/v1"
TOKEN="$POSTHORN_TOKEN"
call() { curl -sS --fail-with-body -X "$1" "$API/$2" -H "authorization: Bearer $TOKEN" \${3:+-d "$3"} && echo; }
`;

async function run({ language, code }: Block, folder: string, before: string): Promise<void> {
  const { file, command } = COMMANDS[language]!;
  const [program, ...args] = command;
  writeFileSync(join(folder, file), (language === "sh" ? before : "") + code);
  // The packages of this repository are not built.
  const NODE_OPTIONS = "--conditions=@posthorn/source";
  const { url: POSTHORN_URL, token: POSTHORN_TOKEN } = world.server;
  const PATH = `${folder}:${process.env["PATH"]}`;
  const env = { ...process.env, PATH, NODE_OPTIONS, POSTHORN_URL, POSTHORN_TOKEN };
  await promisify(execFile)(program!, [...args, file], { cwd: folder, env });
}

/** Writes a file of a project, which later blocks import. */
function keep({ mark, code }: Block, folder: string): void {
  const file = join(folder, mark.slice("file=".length));
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, code);
}

function canRun({ language }: Block): boolean {
  const program = COMMANDS[language]?.command[0];
  return program !== undefined && spawnSync(program, ["--version"]).status === 0;
}

/** Runs the blocks of a page in a folder of its own, in which the command line is a program, until one fails. */
async function failureOf(blocks: readonly Block[], before = ""): Promise<string | null> {
  const folder = mkdtempSync(join(tmpdir(), "posthorn-guide-"));
  try {
    symlinkSync(join(REPOSITORY, "node_modules"), join(folder, "node_modules"));
    const args = programArguments().map((arg) => `'${arg}'`);
    writeFileSync(join(folder, "posthorn"), `#!/bin/sh\nexec '${process.execPath}' ${args.join(" ")} "$@"\n`, {
      mode: 0o755,
    });
    for (const block of blocks) if (block.mark.startsWith("file=")) keep(block, folder);
    const runnable = blocks.filter((one) => one.mark === "run" && canRun(one));
    for (const block of runnable) await run(block, folder, before);
    return null;
  } catch (error) {
    const { message, stdout = "" } = error as Error & { readonly stdout?: string };
    return `${message}\n${stdout}`;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function unmarked(blocks: readonly Block[]): readonly Block[] {
  return blocks.filter(({ mark }) => mark !== "run" && !/^(?:skip=[\w-]+|file=[\w/.-]+)$/.test(mark));
}

describe.each(guides)("the page $name", ({ blocks }) => {
  it("says of each block whether it runs, or why not", () => {
    expect(unmarked(blocks)).toEqual([]);
  });

  it("has blocks that run in their order on a real server", async () => {
    expect(await failureOf(blocks)).toBeNull();
  });
});

it("the guide for products publishes from each language that is installed", async () => {
  const { json } = await world.api.get("/api/v1/app/acme/msg?limit=50");
  const ids = (json.data as readonly { readonly eventId: string }[]).map(({ eventId }) => eventId);
  expect(ids).toEqual(expect.arrayContaining(["inv-8-paid", "inv-9-paid", "inv-10-paid"]));
});

/** Their snippets continue the first steps of the README, with the application `demo`, and of the guide for products, with `acme`. Only blocks marked with `run` are run. */
describe("the reference of features", () => {
  beforeAll(async () => {
    await world.api.post("/api/v1/app", { name: "Demo", uid: "demo" });
    await world.api.post("/api/v1/app?get_if_exists=true", { name: "Acme", uid: "acme" });
    await world.api.post("/api/v1/event-type", { name: "order.paid", description: "An order was paid." });
    await world.api.post("/api/v1/app/demo/endpoint", { uid: "receiver", url: world.receiver.url });
  });

  describe.each(features)("on the page $name", ({ blocks }) => {
    it("has programs that run in their order on a real server", async () => {
      expect(await failureOf(blocks, CALL)).toBeNull();
    });
  });
});
