/** Type-checks the TypeScript, JavaScript and Vue components of documents. Blocks of a page that name a file can be imported by the others. */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type Block, placeOf } from "./blocks.ts";
import { checkOf } from "./rule.ts";
import { SURROUNDINGS, TYPED_SURROUNDINGS } from "./surroundings.ts";
import { vueModule } from "./vue.ts";

const VUE = "vue";
const LANGUAGES: ReadonlySet<string> = new Set(["js", "ts", "tsx", VUE]);

/** Errors in the compiled blocks, with their location. */
export function compileBlocks(root: string, blocks: readonly Block[]): readonly string[] {
  const cache = join(root, "node_modules/.cache");
  mkdirSync(cache, { recursive: true });
  // Below the packages of the workspace, so that their names resolve.
  const folder = mkdtempSync(join(cache, "snippets-"));
  try {
    const places = new Map<string, Block>();
    for (const [index, block] of blocks.entries()) {
      const path = pathOf(block, index);
      if (path === null) continue;
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), block.language === VUE ? vueModule(block.code) : block.code);
      places.set(path, block);
    }
    return (["ts", "js"] as const).flatMap((kind) => compile(root, folder, kind, places));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Path to which a block is written; `null`: it is not compiled here. */
function pathOf(block: Block, index: number): string | null {
  if (!LANGUAGES.has(block.language)) return null;
  const check = checkOf(block);
  const page = `${block.language === "js" ? "js" : "ts"}/${block.file.replaceAll(/\W/g, "_")}`;
  // It is compiled to TypeScript, which the browser test of the page runs.
  if (block.language === VUE) return `${page}/block-${index}.ts`;
  if (check?.kind === "file") return `${page}/${check.path}`;
  if (check?.kind !== "types" && check?.kind !== "run") return null;
  return `${page}/block-${index}.${block.language}`;
}

function compile(
  root: string,
  folder: string,
  kind: "ts" | "js",
  places: ReadonlyMap<string, Block>,
): readonly string[] {
  const into = join(folder, kind);
  mkdirSync(into, { recursive: true });
  writeFileSync(join(into, "surroundings.d.ts"), SURROUNDINGS);
  if (kind === "ts") writeFileSync(join(into, "surroundings-ts.d.ts"), TYPED_SURROUNDINGS);
  // JavaScript has no type annotations.
  const loose = {
    allowJs: true,
    checkJs: true,
    strict: false,
    exactOptionalPropertyTypes: false,
    isolatedModules: false,
  };
  const compilerOptions = {
    moduleDetection: "force",
    jsx: "preserve",
    noUnusedLocals: false,
    noUnusedParameters: false,
    ...(kind === "js" ? loose : {}),
  };
  const config = { extends: join(root, "tsconfig.base.json"), compilerOptions, include: ["**/*"] };
  writeFileSync(join(into, "tsconfig.json"), JSON.stringify(config));
  const args = [join(root, "node_modules/typescript/bin/tsc"), "-p", into, "--pretty", "false", "--singleThreaded"];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8", cwd: into });
  if (status !== 0 && !stdout.includes("error TS")) throw new Error(`tsc exited with status ${status}: ${stderr}`);
  return stdout.split("\n").flatMap((line) => {
    const [, path = "", number = "", message = ""] = /^(\S+?)\((\d+),\d+\): (.*)$/.exec(line) ?? [];
    const block = places.get(`${kind}/${path}`);
    // The settings for JavaScript are not those of our own sources, which `check-types.ts` checks.
    if (line.trim() === "" || line.startsWith(" ") || (kind === "js" && path.startsWith(".."))) return [];
    return [block === undefined ? line : `${placeOf(block)}: line ${number}: ${message}`];
  });
}
