/**
 * Builds the container image from an empty base: Node as npm ships it, the libraries and CA certificates of this Debian, and the published
 * package. Runs the result like the image: as user 10001, in its own read-only root.
 *
 *     npm run image                   builds and tries it; with buildah also makes the image `posthorn:latest`
 *     npm run image -- --staged       uses the package that `npm run release` staged last
 */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, chownSync, copyFileSync, cpSync, existsSync, mkdirSync, mkdtempSync } from "node:fs";
import { realpathSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { STAGED, stageServer } from "./release/stage.ts";

const FOLDER = "deploy/image";
/** In a folder that is ignored by linters, formatters and Git. */
const ROOT = join(FOLDER, "dist/rootfs");
const USER = 10_001;
const CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt";
const START_MS = 60_000;
/** Starts a command in its own root, in which only `/data` and `/tmp` are writable. */
const ISOLATED = `set -e
mount --bind "$1" "$1" && mount -o remount,bind,ro "$1"
mount --bind "$2" "$1/data" && mount -t tmpfs tmpfs "$1/tmp"
exec chroot --userspec=${USER}:${USER} "$1" /usr/local/bin/posthorn`;

const { values } = parseArgs({ options: { staged: { type: "boolean", default: false } } });
if (!values.staged || !existsSync(STAGED)) {
  run("node", ["scripts/build.ts", "--if-changed"]);
  stageServer();
}
writeRoot();
console.log(`Root file system: ${sizeOf(ROOT)}`);
await tryRoot();
if (has("buildah")) {
  run("buildah", ["build", "--isolation", "chroot", "--format", "docker", "--tag", "posthorn:latest", FOLDER]);
} else console.log("buildah is not installed, so no image was built from the root file system.");

function writeRoot(): void {
  rmSync(ROOT, { recursive: true, force: true });
  for (const folder of ["etc", "data", "tmp", "usr/local/bin", "opt"])
    mkdirSync(join(ROOT, folder), { recursive: true });
  put(process.execPath, "/usr/local/bin/node");
  for (const file of [...librariesOf(process.execPath), CERTIFICATES, ...notices()]) put(file, file);
  cpSync(STAGED, join(ROOT, "opt/posthorn"), { recursive: true });
  const command = join(ROOT, "usr/local/bin/posthorn");
  // With the flag that `boundYoungGeneration` sets, so that the server does not start Node twice.
  writeFileSync(
    command,
    '#!/usr/local/bin/node --max-semi-space-size=8\nvoid import("/opt/posthorn/dist/server/main.js");\n',
  );
  chmodSync(command, 0o755);
  writeFileSync(join(ROOT, "etc/passwd"), `posthorn:x:${USER}:${USER}::/data:/\n`);
  writeFileSync(join(ROOT, "etc/group"), `posthorn:x:${USER}:\n`);
  // Name resolution by /etc/hosts and DNS only: the library loads no modules for other sources.
  writeFileSync(join(ROOT, "etc/nsswitch.conf"), "hosts: files dns\n");
  chmodSync(join(ROOT, "tmp"), 0o1777);
  chownSync(join(ROOT, "data"), USER, USER);
}

/** Shared libraries of a program, with the loader, at the paths where the program looks for them. */
function librariesOf(program: string): readonly string[] {
  const listed = spawnSync("ldd", [program], { encoding: "utf8" }).stdout;
  const resolver = ["/lib/x86_64-linux-gnu/libresolv.so.2", "/lib/aarch64-linux-gnu/libresolv.so.2"].filter(existsSync);
  return [...[...listed.matchAll(/(?:=> )?(\/\S+) \(0x/g)].map(([, path]) => path!), ...resolver];
}

/** Debian's copyright files of the packages that the libraries and certificates come from. */
function notices(): readonly string[] {
  const packages = ["libc6", "libstdc++6", "libgcc-s1", "ca-certificates"];
  return packages.map((name) => `/usr/share/doc/${name}/copyright`).filter(existsSync);
}

function put(from: string, to: string): void {
  mkdirSync(dirname(join(ROOT, to)), { recursive: true });
  copyFileSync(realpathSync(from), join(ROOT, to));
}

/** Starts the server in the root, as user 10001 and read-only, waits until `posthorn health` succeeds, and stops it. */
async function tryRoot(): Promise<void> {
  const data = mkdtempSync(join(tmpdir(), "posthorn-image-"));
  chownSync(data, USER, USER);
  const env = {
    PATH: "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
    POSTHORN_LISTEN: `127.0.0.1:${await freePort()}`,
    POSTHORN_DATA_DIR: "/data",
  };
  const inRoot = (...args: readonly string[]): readonly string[] => [
    "--mount",
    "sh",
    "-c",
    `${ISOLATED} ${args.join(" ")}`,
    "sh",
    realpathSync(ROOT),
    data,
  ];
  const server = spawn("unshare", [...inRoot("start")], { env, stdio: ["ignore", "inherit", "inherit"] });
  const exited = once(server, "exit");
  try {
    const start = performance.now();
    while (spawnSync("unshare", [...inRoot("health")], { env }).status !== 0) {
      if (performance.now() - start > START_MS || server.exitCode !== null)
        throw new Error("The image does not start.");
      await delay(100);
    }
    console.log(`Healthy as user ${USER} on a read-only root after ${Math.round(performance.now() - start)} ms`);
    if (!existsSync(join(data, "posthorn.db"))) throw new Error("The server stores its data in another folder.");
  } finally {
    server.kill("SIGTERM");
    await exited;
    rmSync(data, { recursive: true, force: true });
  }
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address() as AddressInfo;
  probe.close();
  return port;
}

function sizeOf(folder: string): string {
  return `${spawnSync("du", ["-sm", folder], { encoding: "utf8" }).stdout.split("\t")[0]} MB`;
}

function has(command: string): boolean {
  return spawnSync(command, ["--version"], { stdio: "ignore" }).status === 0;
}

function run(command: string, args: readonly string[]): void {
  const { status } = spawnSync(command, args, { stdio: "inherit" });
  if (status !== 0) throw new Error(`${command} ${args.join(" ")} failed.`);
}
