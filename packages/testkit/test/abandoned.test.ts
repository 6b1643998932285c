import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { removeAbandoned } from "../src/abandoned.ts";

const POSTGRES = fileURLToPath(new URL("../src/postgres.ts", import.meta.url));

test.each(["EACCES", "EPERM"])("a folder of another account that must not be removed (%s) is kept", async (code) => {
  const parent = mkdtempSync(join(tmpdir(), "posthorn-test-abandoned-"));
  onTestFinished(() => rmSync(parent, { recursive: true, force: true }));
  const ended = spawn(process.execPath, ["--version"]);
  await once(ended, "exit");
  const folders = ["aB3dE6", "aB3dE7"].map((suffix) => join(parent, `posthorn-postgres-${ended.pid}-${suffix}`));
  for (const folder of folders) mkdirSync(folder);
  const failing = (folder: string, failure: string) => (path: string) => {
    if (path === folder) throw Object.assign(new Error(failure), { code: failure });
    rmSync(path, { recursive: true });
  };
  await removeAbandoned(parent, failing(folders[0]!, code));
  expect(readdirSync(parent)).toEqual([basename(folders[0]!)]);
  await expect(removeAbandoned(parent, failing(folders[0]!, "EIO"))).rejects.toThrow("EIO");
  await removeAbandoned(parent);
  expect(readdirSync(parent)).toEqual([]);
});

test("the PostgreSQL of a killed run is stopped and its data removed, but not those of an active run", async () => {
  const parent = mkdtempSync(join(tmpdir(), "posthorn-test-abandoned-"));
  // The account of PostgreSQL must be able to read it.
  chmodSync(parent, 0o755);
  onTestFinished(() => rmSync(parent, { recursive: true, force: true }));
  const program = `const { startPostgres } = await import(${JSON.stringify(POSTGRES)});
    await startPostgres({ parent: ${JSON.stringify(parent)} });
    console.log("started");`;
  const run = spawn(process.execPath, [...process.execArgv, "--input-type=module", "--eval", program], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  // Waits for its first output, or its exit.
  for await (const _ of run.stdout) break;
  const [folder] = readdirSync(parent);
  const data = join(parent, folder!, "data");
  const pid = Number(readFileSync(join(data, "postmaster.pid"), "utf8").split("\n", 1)[0]);
  const others = [`posthorn-postgres-${process.pid}-aB3dE6`, "posthorn-test-aB3dE6"];
  for (const other of others) mkdirSync(join(parent, other));

  await removeAbandoned(parent);
  expect(existsSync(data)).toBe(true);
  run.kill("SIGKILL");
  await once(run, "exit");
  expect(process.kill(pid, 0)).toBe(true);

  await removeAbandoned(parent);
  expect(readdirSync(parent).toSorted()).toEqual(others.toSorted());
  expect(existsSync(`/proc/${pid}/cmdline`) && readFileSync(`/proc/${pid}/cmdline`, "utf8")).toBeFalsy();
});
