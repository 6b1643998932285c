/** The first commands that an operator reads, in their order and as they are written: backup, restore, start and resume. */
import { execFile } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { eventually, programArguments } from "@posthorn/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { blocksOf } from "../../scripts/snippets/blocks.ts";
import { runCli } from "../lib/cli.ts";

const PAGE = "docs/operations/backup.md";
const REPOSITORY = new URL("../../", import.meta.url).pathname;

describe("the first steps of an operator", () => {
  let folder = "";
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "posthorn-operator-"));
    const args = programArguments().map((arg) => `'${arg}'`);
    const program = `#!/bin/sh\nexec '${process.execPath}' ${args.join(" ")} "$@"\n`;
    writeFileSync(join(folder, "posthorn"), program, { mode: 0o755 });
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** Types a line of the page into a shell of the machine. */
  async function type(line: string, env: Readonly<Record<string, string>>): Promise<string> {
    const { HOME = "", PATH = "" } = process.env;
    const command = line.replace("/backup/", `${folder}/`);
    const options = { env: { HOME, PATH: `${folder}:${PATH}`, ...env } };
    return (await promisify(execFile)("bash", ["-euo", "pipefail", "-c", command], options)).stdout;
  }

  it("backs up a running server, restores it elsewhere, and resumes deliveries", async () => {
    const [first] = blocksOf(PAGE, readFileSync(join(REPOSITORY, PAGE), "utf8"));
    const [backup = "", verify = "", restore = "", start = "", resume = "", ...others] = first!.code
      .trimEnd()
      .split("\n");
    expect(others).toEqual([]);
    const before = { POSTHORN_DATA_DIR: join(folder, "before"), POSTHORN_LISTEN: "127.0.0.1:0" };
    await using old = runCli(["start"], before);
    await old.url;
    expect(await type(backup, before)).toContain("Size");
    expect(await type(verify, before)).toContain("The backup is complete and unchanged.");
    old.child.kill("SIGTERM");
    await old.ended;

    const after = { POSTHORN_DATA_DIR: join(folder, "after"), POSTHORN_LISTEN: "127.0.0.1:0" };
    await expect(type(restore, after)).rejects.toThrow("encryption.key");
    mkdirSync(after.POSTHORN_DATA_DIR, { recursive: true });
    for (const key of ["encryption.key", "jwt.secret"]) {
      copyFileSync(join(before.POSTHORN_DATA_DIR, key), join(after.POSTHORN_DATA_DIR, key));
    }
    await type(restore, after);
    expect(start).toMatch(/^posthorn start +#/);
    await using restored = runCli(["start"], after);
    const url = await restored.url;
    const ready = async (): Promise<string> => (await fetch(`${url}/health/ready`)).text();
    await eventually(async () => expect(await ready()).toContain("paused"));
    await type(resume, { ...after, POSTHORN_URL: url });
    // The node reads the change after the command has ended.
    await eventually(async () => expect(await ready()).not.toContain("paused"));
  });
});
