/** Runs the programs in `clients/`, which drive a server with official clients in other languages. */
import { spawn, spawnSync } from "node:child_process";
import { mkdir, readFile } from "node:fs/promises";
import { createHash } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";

const CLIENTS = join(import.meta.dirname, "..", "clients");

/** The result of one check of a program. */
export interface ClientCheck {
  readonly check: string;
  readonly ok: boolean;
  readonly detail?: string;
}

export interface ServerAccess {
  readonly url: string;
  readonly token: string;
}

/** Drives the server with the Python client. Installs it, pinned by `requirements.txt`, on first use. Needs `python3` with `venv` and `pip`. */
export async function runPythonClient(server: ServerAccess): Promise<readonly ClientCheck[]> {
  const requirements = join(CLIENTS, "python", "requirements.txt");
  const venv = await cacheFolder("python", await readFile(requirements));
  const python = join(venv, "bin", "python");
  // Without a second pip, and without compiling modules that are not loaded: both take longer than the rest.
  await run("python3", ["-m", "venv", "--without-pip", venv]);
  const pip = ["-m", "pip", "--quiet", "--disable-pip-version-check", "--python", python];
  await run("python3", [...pip, "install", "--no-compile", "-r", requirements]);
  return checksOf(await run(python, [join(CLIENTS, "python", "drive.py")], accessVariables(server)));
}

/**
 * Drives the server with the Rust client. Builds the program on first use, with OpenSSL where its headers are installed, because compiling
 * another TLS library takes a third of the build. Needs `cargo` 1.88 or later.
 */
export async function runRustClient(server: ServerAccess): Promise<readonly ClientCheck[]> {
  const manifest = join(CLIENTS, "rust", "Cargo.toml");
  const target = await cacheFolder("rust", await readFile(manifest));
  const hasOpenSsl = spawnSync("pkg-config", ["--exists", "openssl"]).status === 0;
  const features = hasOpenSsl ? ["--no-default-features", "--features", "system-tls"] : [];
  await run("cargo", ["build", "--quiet", "--manifest-path", manifest, ...features], { CARGO_TARGET_DIR: target });
  return checksOf(await run(join(target, "debug", "posthorn-e2e-client"), [], accessVariables(server)));
}

/** A folder that later runs on this machine reuse, as long as the client stays at the same version. */
async function cacheFolder(language: string, pinned: Buffer): Promise<string> {
  const version = createHash("sha256").update(pinned).digest("hex").slice(0, 16);
  const folder = join(tmpdir(), "posthorn-e2e-clients", `${language}-${version}`);
  await mkdir(folder, { recursive: true });
  return folder;
}

function accessVariables({ url, token }: ServerAccess): Readonly<Record<string, string>> {
  return { SERVER_URL: url, TOKEN: token };
}

function checksOf(output: string): readonly ClientCheck[] {
  return output
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as ClientCheck);
}

/** Standard output of a program. Rejects with both of its outputs when it fails, or with what to install when it is missing. */
function run(program: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const child = spawn(program, args, { env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"] });
  let [output, errors] = ["", ""];
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (errors += chunk.toString()));
  child.on("error", (cause) => reject(new Error(`Install ${program} to run this test.`, { cause })));
  child.on("close", (code) => {
    if (code === 0) resolve(output);
    else reject(new Error(`${program} ${args.join(" ")} ended with ${code}:\n${output}\n${errors}`));
  });
  return promise;
}
