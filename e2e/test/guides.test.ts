/**
 * The code in documents works when pasted: every block marked with `run` is executed on a real server, the blocks of a page in their order.
 * `scripts/check-snippets.ts` makes sure that each block of every page is run, checked in another way, or says why not.
 */
import { execFile, spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { php, programArguments, ruby } from "@posthorn/testkit";
import { beforeAll, describe, expect, it } from "vitest";
import { allBlocks, type Block, placeOf } from "../../scripts/snippets/blocks.ts";
import { checkOf } from "../../scripts/snippets/rule.ts";
import { withIds } from "../lib/doc-ids.ts";
import { useWorld } from "../lib/world.ts";

const world = useWorld();
const REPOSITORY = new URL("../../", import.meta.url).pathname;

const pages = Map.groupBy(allBlocks(REPOSITORY), ({ file }) => file);
const withPrograms = [...pages]
  .map(([name, blocks]) => ({ name, blocks }))
  .filter(({ blocks }) => blocks.some((block) => checkOf(block)?.kind === "run"));

interface Runner {
  readonly file: string;
  /** The program with its arguments; `null` if this machine has none. */
  readonly command: () => readonly string[] | null;
}

/** Runs a block of a language in a separate folder. */
const RUNNERS: Readonly<Record<string, Runner>> = {
  sh: { file: "block.sh", command: () => ["bash", "-euo", "pipefail"] },
  js: { file: "block.mjs", command: () => [process.execPath] },
  // A pasted block imports the built package; the workspace has its sources.
  ts: { file: "block.ts", command: () => [process.execPath, "--conditions=@posthorn/source"] },
  python: { file: "block.py", command: () => onPath("python3", "--version") },
  go: { file: "block.go", command: () => onPath("go", "version", "run") },
  ruby: { file: "block.rb", command: () => orNull(ruby()) },
  php: { file: "block.php", command: () => orNull(php()) },
};

function orNull(program: string | null): readonly string[] | null {
  return program === null ? null : [program];
}

function onPath(program: string, question: string, ...args: readonly string[]): readonly string[] | null {
  return spawnSync(program, [question]).status === 0 ? [program, ...args] : null;
}

/**
 * The helpers that docs/api.md and docs/sources/README.md define for the snippets of other pages. Here they fail if the server rejects a
 * request.
 */
const HELPERS = `API="$POSTHORN_URL/api/v1"
TOKEN="$POSTHORN_TOKEN"
curl() { case " $*" in *" -f"*|*" -sf"*|*"--fail"*) command curl "$@";; *) command curl --fail-with-body "$@";; esac; }
request() { curl -sS -X "$1" "$POSTHORN_URL/$2" -H "authorization: Bearer $TOKEN" \${3:+-d "$3"} && echo; }
call() { request "$1" "api/v1/$2" "\${@:3}"; }
source() { request "$1" "ingest/api/v1/$2" "\${@:3}"; }
`;

/** The server of a reader, here and on the internet. */
const SERVERS =
  /http:\/\/(?:127\.0\.0\.1|localhost):8071|https:\/\/(?:posthorn\.example|hooks\.example\.com)(?=\/(?:api|ingest)\/)/g;

/** Addresses in documents, and those of the test. */
function moved(code: string): string {
  return code.replaceAll(SERVERS, world.server.url).replaceAll("http://127.0.0.1:9000", world.receiver.url);
}

/** Variables and functions of the previous blocks, which a reader pastes into the same shell. */
const STATE = ".shell-state";
const SAVE = `{ declare -p | grep -vE '^declare -[A-Za-z]*r|^declare -[A-Za-z-]+ (BASH\\w*|DIRSTACK|FUNCNAME|GROUPS|PIPESTATUS|_)\\b'; declare -f; } > ${STATE}\n`;

async function programOf({ language, code }: Block, before: string): Promise<string> {
  if (language === "php") return `<?php\n${code}`;
  if (language !== "sh") return moved(code);
  return `${before}if [ -f ${STATE} ]; then . ./${STATE}; fi\n${await withIds(moved(code), world)}${SAVE}`;
}

async function run(block: Block, folder: string, before: string): Promise<void> {
  const { file, command } = RUNNERS[block.language]!;
  const [program, ...args] = command() ?? [];
  if (program === undefined) {
    if (process.env["CI"] === undefined) return;
    throw new Error(`${placeOf(block)} was not run, because this machine has nothing that runs ${block.language}.`);
  }
  writeFileSync(join(folder, file), await programOf(block, before));
  // The packages of this repository are not built.
  const NODE_OPTIONS = "--conditions=@posthorn/source";
  const { url: POSTHORN_URL, token: POSTHORN_TOKEN } = world.server;
  const PATH = `${folder}:${process.env["PATH"]}`;
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith("POSTHORN_"));
  const POSTHORN_DATA_DIR = world.server.dataDir;
  const env = { ...Object.fromEntries(own), PATH, NODE_OPTIONS, POSTHORN_URL, POSTHORN_TOKEN, POSTHORN_DATA_DIR };
  try {
    await promisify(execFile)(program, [...args, file], { cwd: folder, env });
  } catch (error) {
    const { message, stdout = "" } = error as Error & { readonly stdout?: string };
    throw new Error(`${placeOf(block)}: ${message}\n${stdout}`, { cause: error });
  }
}

/** Writes a file of a project, which later blocks import. */
function keep(path: string, code: string, folder: string): void {
  const file = join(folder, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, code);
}

/** Runs the blocks of a page in a separate folder, in which `posthorn` is available as a program. Returns the failures. */
async function failuresOf(blocks: readonly Block[], before = ""): Promise<readonly string[]> {
  const folder = mkdtempSync(join(tmpdir(), "posthorn-guide-"));
  const failures: string[] = [];
  try {
    symlinkSync(join(REPOSITORY, "node_modules"), join(folder, "node_modules"));
    // Pages send a file of the repository as binary data.
    copyFileSync(join(REPOSITORY, "LICENSE"), join(folder, "LICENSE"));
    // Files of the reader.
    writeFileSync(join(folder, "sample.json"), '{"customer": {"email": "ada@example.com"}}');
    writeFileSync(join(folder, "freezer.json"), '{"read": {"value": "$.temperature"}, "when": {"above": -12}}');
    const args = programArguments().map((arg) => `'${arg}'`);
    writeFileSync(join(folder, "posthorn"), `#!/bin/sh\nexec '${process.execPath}' ${args.join(" ")} "$@"\n`, {
      mode: 0o755,
    });
    for (const block of blocks) {
      const check = checkOf(block);
      if (check?.kind === "file") keep(check.path, block.code, folder);
    }
    for (const block of blocks.filter((one) => checkOf(one)?.kind === "run")) {
      await run(block, folder, before).catch((error: unknown) => failures.push((error as Error).message));
    }
    return failures;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const isGuide = ({ name }: { readonly name: string }): boolean => name.startsWith("docs/guides/");

describe.each(withPrograms.filter(isGuide))("the page $name", ({ blocks }) => {
  it("has code blocks that run in their order on a real server", async () => {
    expect(await failuresOf(blocks)).toEqual([]);
  });
});

it("the guide for products publishes from each language that is installed", async () => {
  const { json } = await world.api.get("/api/v1/app/acme/msg?limit=50");
  const ids = (json.data as readonly { readonly eventId: string }[]).map(({ eventId }) => eventId);
  const expected = ["inv-8-paid", "inv-9-paid", "inv-10-paid", "inv-11-paid"];
  const all = [...expected, "inv-12-paid", "inv-13-paid"];
  expect(ids).toEqual(expect.arrayContaining(process.env["CI"] === undefined ? expected : all));
});

/** Their snippets continue the first steps of the README, with the application `demo`, and of the guide for products, with `acme`. */
describe("the reference", () => {
  beforeAll(async () => {
    // An incident needs a receiver that fails.
    world.receiver.respondWith(({ path }) => (path === "/down" ? 502 : 204));
    await world.api.post("/api/v1/app", { name: "Demo", uid: "demo" });
    await world.api.post("/api/v1/app?get_if_exists=true", { name: "Acme", uid: "acme" });
    await world.api.post("/api/v1/app", { name: "Plant", uid: "plant" });
    await world.api.post("/api/v1/event-type", { name: "order.paid", description: "An order was paid." });
    await world.api.post("/api/v1/app/demo/endpoint", { uid: "receiver", url: world.receiver.url });
    await world.api.post("/ingest/api/v1/source", { name: "Shop", uid: "shop", type: "generic-webhook" });
  });

  describe.each(withPrograms.filter((page) => !isGuide(page)))("on the page $name", ({ blocks }) => {
    it("has code blocks that run in their order on a real server", async () => {
      expect(await failuresOf(blocks, HELPERS)).toEqual([]);
    });
  });
});
