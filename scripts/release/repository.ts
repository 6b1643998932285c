/** The repository that published packages name. npm compares it with the repository whose CI publishes, and issues no provenance without it. */
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Packed } from "./packages.ts";

/** Overrides the remote of the clone, for example if that is a mirror. */
export const REPOSITORY_VARIABLE = "POSTHORN_RELEASE_REPOSITORY";

/**
 * The URL of the repository for `package.json`; `null` if neither the variable nor the remote `origin` is the address of a Git host.
 *
 * @param remote URL of the remote, or an empty text.
 */
export function repositoryOf(variable: string | undefined, remote: string): string | null {
  const given = variable === undefined || variable === "" ? remote : variable;
  // With SSH, Git also accepts `user@host:path`.
  const address = /^[\w.-]+@([\w.-]+):(?!\/)(.+)$/.exec(given);
  const url = URL.parse(address === null ? given.replace(/^git\+/, "") : `https://${address[1]}/${address[2]}`);
  if (url === null || !/^(?:https|ssh|git):$/.test(url.protocol)) return null;
  const path = url.pathname.replace(/\/+$/, "").replace(/\.git$/, "");
  const isHosted = url.hostname.includes(".") && path.split("/").length > 2;
  return isHosted ? `git+https://${url.hostname}${path}.git` : null;
}

/** The URL of the remote `origin` of this clone, or an empty text. */
export function originOf(folder: string): string {
  const { stdout } = spawnSync("git", ["remote", "get-url", "origin"], { cwd: folder, encoding: "utf8" });
  return stdout.trim();
}

/** Packs a package again with the repository in its `package.json`. The file in the workspace is not changed. */
export function withRepository(packed: Packed, url: string, directory: string, folder: string): Packed {
  mkdirSync(folder, { recursive: true });
  run("tar", ["-xf", packed.tarball, "-C", folder]);
  const file = join(folder, "package/package.json");
  const manifest = JSON.parse(readFileSync(file, "utf8")) as Readonly<Record<string, unknown>>;
  const repository = { type: "git", url, directory };
  writeFileSync(file, `${JSON.stringify({ ...manifest, repository }, null, 2)}\n`);
  const report = run(
    "npm",
    ["pack", "--json", "--ignore-scripts", "--pack-destination", folder],
    join(folder, "package"),
  );
  const [{ filename, size }] = Object.values(JSON.parse(report) as object) as [{ filename: string; size: number }];
  return { ...packed, tarball: join(folder, filename), bytes: size };
}

function run(command: string, args: readonly string[], cwd?: string): string {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: "utf8" });
  if (status !== 0) throw new Error(`${command} ${args.join(" ")} failed: ${stderr}`);
  return stdout;
}
