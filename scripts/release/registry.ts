/**
 * Publishes the packed packages to a registry on this machine, and starts `npx posthorn` from it in an empty folder. The registry has no
 * upstream and npm has an empty cache, so a package with other dependencies would not start.
 */
import assert from "node:assert";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { installOracles, resolveOracle } from "../../packages/testkit/oracles/load.ts";
import { deliver, withServer } from "./first-delivery.ts";
import type { Packed } from "./packages.ts";

const START_MS = 60_000;

/**
 * Returns the completed checks, one line each. Throws with the reason if one fails.
 *
 * @param withinMs Maximum time from `npx posthorn` to the first delivery; `null`: no limit, because the machine is busy.
 */
export async function tryRegistry(
  packed: readonly Packed[],
  folder: string,
  withinMs: number | null,
): Promise<readonly string[]> {
  mkdirSync(folder, { recursive: true });
  await using registry = await startRegistry(folder);
  const env = npmEnvironment(folder, registry.url);
  for (const { tarball } of packed) {
    npm(["publish", tarball, "--dry-run"], folder, env);
    npm(["publish", tarball], folder, env);
  }
  const ms = await firstDelivery(join(folder, "empty"), env);
  if (withinMs !== null)
    assert(ms < withinMs, `npx posthorn took ${ms} ms until its first delivery, more than ${withinMs}.`);
  const { bytes } = packed.find(({ name }) => name === "posthorn")!;
  const size = (bytes / 1024 / 1024).toFixed(1);
  return [`npx posthorn from a registry: ${size} MiB fetched, first delivery after ${(ms / 1000).toFixed(1)} s`];
}

interface Registry extends AsyncDisposable {
  readonly url: string;
}

async function startRegistry(folder: string): Promise<Registry> {
  installOracles();
  const config = join(folder, "verdaccio.yaml");
  // YAML contains JSON.
  writeFileSync(
    config,
    JSON.stringify({
      storage: join(folder, "registry"),
      uplinks: {},
      packages: { "**": { access: "$all", publish: "$all" } },
      web: { enable: false },
      // The packages of the server have more than the default of 10 MB.
      max_body_size: "100mb",
      log: { type: "stdout", format: "json", level: "error" },
    }),
  );
  const url = `http://127.0.0.1:${await freePort()}/`;
  const args = [join(resolveOracle("verdaccio/package.json"), "../bin/verdaccio"), "--config", config, "--listen", url];
  const child = spawn(process.execPath, args, { cwd: folder, stdio: ["ignore", "inherit", "ignore"] });
  await until(`the registry at ${url}`, child, async () => (await fetch(`${url}-/ping`)).ok);
  return { url, [Symbol.asyncDispose]: () => end(child) };
}

/** Only this registry, and an empty cache. Anyone may publish there, but npm requires a credential. */
function npmEnvironment(folder: string, registry: string): NodeJS.ProcessEnv {
  const userconfig = join(folder, "npmrc");
  writeFileSync(userconfig, `registry=${registry}\n${registry.replace("http:", "")}:_authToken=anyone\n`);
  return {
    PATH: process.env["PATH"],
    HOME: folder,
    npm_config_userconfig: userconfig,
    npm_config_cache: join(folder, "cache"),
    npm_config_update_notifier: "false",
  };
}

function npm(args: readonly string[], cwd: string, env: NodeJS.ProcessEnv): void {
  const { status, stderr } = spawnSync("npm", args, { cwd, env, encoding: "utf8" });
  if (status !== 0) throw new Error(`npm ${args.join(" ")} failed: ${stderr}`);
}

/** Starts the server as a new user would. @returns Milliseconds until a receiver has a signed message. */
async function firstDelivery(folder: string, env: NodeJS.ProcessEnv): Promise<number> {
  mkdirSync(folder);
  const start = performance.now();
  return withServer("npx", ["--yes", "posthorn"], { cwd: folder, env }, async (server) => {
    const { headers, body } = await deliver(server);
    assert.strictEqual(body, '{"amount":12}');
    assert.match(String(headers["webhook-signature"]), /^v1,/);
    return Math.round(performance.now() - start);
  });
}

async function until(what: string, child: ChildProcess, check: () => Promise<boolean>): Promise<void> {
  const start = performance.now();
  while (!(await check().catch(() => false))) {
    if (child.exitCode !== null || performance.now() - start > START_MS) throw new Error(`${what} did not start.`);
    await delay(50);
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill("SIGTERM");
  await exited;
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address() as AddressInfo;
  probe.close();
  return port;
}
