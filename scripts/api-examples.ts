/** Compiles and runs the examples in the doc comments of a published package. */
import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ApiExport } from "./public-api.ts";

/** One `@example` of an export. */
export interface Example {
  /** The export it belongs to, such as `@posthorn/webhooks verify`. */
  readonly title: string;
  readonly code: string;
  /** The documented output: one line per comment after `console.log(…);`. */
  readonly promised: readonly string[];
}

/** The output of one example, and the error that ended it. */
export interface ExampleRun {
  readonly printed: readonly string[];
  readonly error: string | null;
}

/** The examples of all exports. An example without a `ts` code block has no code. */
export function examplesOf(exports: readonly ApiExport[]): readonly Example[] {
  return exports.flatMap(({ entry, name, doc, members }) =>
    [{ name, doc }, ...members.map((member) => ({ name: `${name}.${member.name}`, doc: member.doc }))].flatMap((one) =>
      one.doc.tags
        .filter((tag) => tag.name === "example")
        .map(({ text }) => {
          const code = /```ts\n([^]*?)```/.exec(text)?.[1] ?? "";
          const promised = [...code.matchAll(/\bconsole\.log\(.*\)[;,] \/\/ (.*)$/gm)].map(([, output = ""]) => output);
          return { title: `${entry} ${one.name}`, code, promised };
        }),
    ),
  );
}

/** Writes each example as a file of `folder` and type-checks all of them as one program. Returns the output of the compiler. */
export function compileExamples(folder: string, root: string, examples: readonly Example[]): string {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const [index, { title, code }] of examples.entries()) {
    writeFileSync(fileOf(folder, index), `// ${title}\n${code}`);
  }
  const compilerOptions = { moduleDetection: "force", noUnusedLocals: false };
  writeFileSync(
    join(folder, "tsconfig.json"),
    JSON.stringify({ extends: join(root, "tsconfig.base.json"), compilerOptions, include: ["*.ts"] }),
  );
  return spawnSync(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "-p", folder], {
    encoding: "utf8",
  }).stdout;
}

/** Runs the compiled examples in one process, one after the other. */
export function runExamples(folder: string, examples: readonly Example[]): readonly ExampleRun[] {
  const runner = join(folder, "run.mjs");
  writeFileSync(runner, RUNNER);
  const files = examples.map((_, index) => fileOf(folder, index));
  const { stdout, stderr } = spawnSync(process.execPath, ["--conditions=@posthorn/source", runner, ...files], {
    encoding: "utf8",
    timeout: 120_000,
  });
  if (stdout === "") throw new Error(`The examples did not finish:\n${stderr}`);
  return JSON.parse(stdout) as readonly ExampleRun[];
}

function fileOf(folder: string, index: number): string {
  return join(folder, `example-${String(index).padStart(3, "0")}.ts`);
}

// Examples may leave servers and sockets open, so the process exits after the last one.
const RUNNER = `import { format } from "node:util";
import { pathToFileURL } from "node:url";

const runs = [];
let printed = [];
console.log = (...values) => void printed.push(format(...values));
for (const file of process.argv.slice(2)) {
  printed = [];
  let error = null;
  try {
    await import(pathToFileURL(file).href);
  } catch (thrown) {
    error = thrown instanceof Error ? String(thrown.stack) : String(thrown);
  }
  runs.push({ printed, error });
}
process.stdout.write(JSON.stringify(runs), () => process.exit());
`;
