/**
 * Releases the packages: builds and packs them, checks their contents, installs them in an empty folder, starts the server there and
 * delivers a message; then does the same with `npx` from a registry on this machine. Publishes only with `--publish`. Without it, it is
 * the dry run that the tests execute.
 *
 * `--into FOLDER` keeps the tarballs and the bill of materials there. `--within SECONDS` limits the time from `npx posthorn` to the first
 * delivery.
 *
 * Published packages name their repository, from the variable `POSTHORN_RELEASE_REPOSITORY` or the remote `origin`; it is stored nowhere
 * else.
 */
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { parseArgs } from "node:util";
import { faultsOf, manifestOf, pack, type Packed, PUBLISHED } from "./release/packages.ts";
import { billOf } from "./release/sbom.ts";
import { originOf, REPOSITORY_VARIABLE, repositoryOf, withRepository } from "./release/repository.ts";
import { tryRegistry } from "./release/registry.ts";
import { stageServer } from "./release/stage.ts";
import { tryPackages } from "./release/try.ts";

const { values } = parseArgs({
  options: { publish: { type: "boolean", default: false }, into: { type: "string" }, within: { type: "string" } },
});
const withinMs = values.within === undefined ? null : Number(values.within) * 1000;

const repository = repositoryOf(process.env[REPOSITORY_VARIABLE], originOf("."));
const NO_REPOSITORY = `Set ${REPOSITORY_VARIABLE} to the URL of the repository, or the remote "origin" to it: npm issues no provenance for packages without one.`;

/** Release steps that are still open. Publishing requires an empty list. */
function openTasks(): readonly string[] {
  const { version } = manifestOf("posthorn");
  const tasks: string[] = [];
  if (git("status", "--porcelain") !== "") tasks.push("Commit or remove the uncommitted changes.");
  if (!git("tag", "--points-at", "HEAD").split("\n").includes(`v${version}`))
    tasks.push(`Tag this commit v${version}.`);
  if (!readFileSync("CHANGELOG.md", "utf8").includes(`\n## ${version} (`)) {
    tasks.push(`Give CHANGELOG.md a heading "## ${version} (date)".`);
  }
  const pending = readdirSync(".changeset").filter((file) => file.endsWith(".md") && file !== "README.md");
  if (pending.length > 0) tasks.push(`Run npx changeset version: ${pending.length} changesets are pending.`);
  for (const name of PUBLISHED) {
    if (manifestOf(name).version !== version) tasks.push(`Give ${name} the version ${version}.`);
  }
  if (repository === null) tasks.push(NO_REPOSITORY);
  return tasks;
}

function git(...args: readonly string[]): string {
  return spawnSync("git", args, { encoding: "utf8" }).stdout.trim();
}

function must(command: string, args: readonly string[]): void {
  if (spawnSync(command, args, { stdio: "inherit" }).status !== 0)
    throw new Error(`${command} ${args.join(" ")} failed.`);
}

async function dryRun(folder: string): Promise<readonly Packed[]> {
  must("node", ["scripts/build.ts", "--if-changed"]);
  const staged = stageServer();
  const packed = PUBLISHED.map((name) => {
    const one = pack(name, folder);
    const directory = `packages/${name}`;
    return repository === null ? one : withRepository(one, repository, directory, join(folder, "named", name));
  });
  const faults = packed.flatMap((each, index) => faultsOf(PUBLISHED[index]!, each));
  if (faults.length > 0) throw new Error(`The packages cannot be published:\n${faults.join("\n")}`);
  for (const { name, version, bytes, files } of packed) {
    console.log(`${name}@${version}: ${files.length} files, ${Math.ceil(bytes / 1024)} KiB`);
  }
  console.log(`Repository: ${repository ?? "none; publishing needs one"}`);
  const bill = await billOf(staged);
  const { components } = JSON.parse(bill) as { readonly components: readonly unknown[] };
  console.log(`Bill of materials: CycloneDX, ${components.length} components`);
  if (values.into !== undefined) keep(packed, bill, values.into);
  for (const line of await tryPackages(packed, join(folder, "consumer"))) console.log(line);
  for (const line of await tryRegistry(packed, join(folder, "registry"), withinMs)) console.log(line);
  return packed;
}

function keep(packed: readonly Packed[], bill: string, into: string): void {
  mkdirSync(into, { recursive: true });
  for (const { tarball } of packed) copyFileSync(tarball, join(into, basename(tarball)));
  writeFileSync(join(into, "posthorn.cdx.json"), bill);
}

const folder = mkdtempSync(join(tmpdir(), "posthorn-release-"));
try {
  const tasks = values.publish ? openTasks() : [];
  if (tasks.length > 0) throw new Error(`Not ready to publish:\n${tasks.join("\n")}`);
  if (values.publish) must("npm", ["run", "-s", "types"]);
  const packed = await dryRun(folder);
  if (values.publish) {
    for (const { tarball } of packed) must("npm", ["publish", tarball, "--access", "public", "--provenance"]);
  } else console.log("Dry run complete. Nothing was published.");
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
