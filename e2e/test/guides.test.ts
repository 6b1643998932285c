/**
 * The code on the pages of docs/guides works when pasted. Each block says in its first line whether it runs (`run`), is a file that later blocks use
 * (`file=path`), or why not (`skip=reason`), so that a new block without a mark fails.
 */
import { execFile, spawnSync } from "node:child_process";
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { useWorld } from "../lib/world.ts";

const world = useWorld();
const REPOSITORY = new URL("../../", import.meta.url).pathname;

interface Block {
  readonly language: string;
  readonly mark: string;
  readonly code: string;
}

const pages = globSync(`${REPOSITORY}docs/guides/*.md`)
  .map((path) => ({ name: basename(path), blocks: blocksOf(readFileSync(path, "utf8")) }))
  .sort((one, other) => (one.name < other.name ? -1 : 1));

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

async function run({ language, code }: Block, folder: string): Promise<void> {
  const { file, command } = COMMANDS[language]!;
  const [program, ...args] = command;
  writeFileSync(join(folder, file), code);
  // The packages of this repository are not built.
  const NODE_OPTIONS = "--conditions=@posthorn/source";
  const env = { ...process.env, NODE_OPTIONS, POSTHORN_URL: world.server.url, POSTHORN_TOKEN: world.server.token };
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

describe.each(pages)("the page $name", ({ blocks }) => {
  it("says of each block whether it runs, or why not", () => {
    const unmarked = blocks.filter(({ mark }) => mark !== "run" && !/^(?:skip=[\w-]+|file=[\w/.-]+)$/.test(mark));
    expect(unmarked).toEqual([]);
  });

  it("has blocks that run in their order on a real server", async () => {
    const folder = mkdtempSync(join(tmpdir(), "posthorn-guide-"));
    try {
      symlinkSync(join(REPOSITORY, "node_modules"), join(folder, "node_modules"));
      for (const block of blocks) if (block.mark.startsWith("file=")) keep(block, folder);
      const runnable = blocks.filter((one) => one.mark === "run" && canRun(one));
      for (const block of runnable) await expect(run(block, folder)).resolves.toBeUndefined();
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

it("the guide for products publishes from each language that is installed", async () => {
  const { json } = await world.api.get("/api/v1/app/acme/msg?limit=50");
  const ids = (json.data as readonly { readonly eventId: string }[]).map(({ eventId }) => eventId);
  expect(ids).toEqual(expect.arrayContaining(["inv-8-paid", "inv-9-paid", "inv-10-paid"]));
});
