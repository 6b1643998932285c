/** Programs that tests run but do not install: those of the system, or unpacked from Debian packages into the temporary folder. */
import { chmodSync, existsSync, globSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { pathFolders, run } from "./system.ts";

/** Path of `promtool` of Prometheus; `null` if the system has neither the program nor Debian packages. */
export function promtool(): string | null {
  return unpackedProgram({ packages: ["prometheus"], path: "usr/bin/promtool" });
}

/** Path of the web server Caddy; `null` if the system has neither the program nor Debian packages. */
export function caddy(): string | null {
  return unpackedProgram({ packages: ["caddy"], path: "usr/bin/caddy" });
}

/** Path of the web server nginx; `null` if the system has neither the program nor Debian packages. */
export function nginx(): string | null {
  return unpackedProgram({ packages: ["nginx"], path: "usr/sbin/nginx" });
}

/** Path of Ruby with its standard library; `null` if the system has neither the program nor Debian packages. */
export function ruby(): string | null {
  return unpackedProgram({
    packages: ["ruby", "libyaml-0-2"],
    path: "usr/bin/ruby",
    environment: { RUBYLIB: ["usr/lib/ruby/[0-9]*", "usr/lib/*/ruby/[0-9]*"] },
  });
}

/** Path of PHP for the command line; `null` if the system has neither the program nor Debian packages. */
export function php(): string | null {
  return unpackedProgram({
    packages: ["php-cli", "libargon2-1", "libsodium23", "libedit2"],
    path: "usr/bin/php[0-9]*",
    name: "php",
  });
}

interface Unpacked {
  /** Debian packages. Versioned packages that the first one depends on are added automatically. */
  readonly packages: readonly string[];
  /** Of the program in a package, which may be a pattern. */
  readonly path: string;
  readonly name?: string;
  /** Variables with folders of the packages, as patterns. The folder of libraries is always set. */
  readonly environment?: Readonly<Record<string, readonly string[]>>;
}

function unpackedProgram({ packages, path, name = basename(path), environment = {} }: Unpacked): string | null {
  const kept = join(tmpdir(), `posthorn-${name}`);
  const found = [...pathFolders(), kept].map((folder) => join(folder, name)).find((file) => existsSync(file));
  if (found !== undefined) return found;
  if (!existsSync("/usr/bin/apt-get") || !existsSync("/usr/bin/dpkg")) return null;
  const folder = `${kept}-${process.pid}`;
  mkdirSync(folder, { recursive: true });
  try {
    download(packages, folder);
    for (const file of globSync("*.deb", { cwd: folder })) run("dpkg", ["-x", file, "tree"], null, folder);
    const program = globSync(`tree/${path}`, { cwd: folder })[0]!;
    writeFileSync(join(folder, name), launcher(program, environment, folder));
    chmodSync(join(folder, name), 0o755);
    // Another process may have unpacked it in the meantime.
    if (!existsSync(kept)) renameSync(folder, kept);
    return join(kept, name);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A script that starts the program with the libraries that were unpacked beside it. */
function launcher(program: string, environment: Unpacked["environment"] & object, folder: string): string {
  const variables = { LD_LIBRARY_PATH: ["usr/lib/*-linux-gnu"], ...environment };
  const lines = Object.entries(variables).map(([variable, patterns]) => {
    const folders = globSync(
      patterns.map((pattern) => `tree/${pattern}`),
      { cwd: folder },
    );
    return `export ${variable}="${folders.map((one) => `$here/${one}`).join(":")}"`;
  });
  return ["#!/bin/sh", 'here="$(dirname "$0")"', ...lines, `exec "$here/${program}" "$@"`, ""].join("\n");
}

/** On a new machine, package lists are missing or outdated. */
function download(packages: readonly string[], folder: string): void {
  const get = (): string => run("apt-get", ["-q", "download", ...withVersions(packages)], null, folder);
  try {
    get();
  } catch (error) {
    if (process.getuid?.() !== 0) throw error;
    run("flock", [join(tmpdir(), "posthorn-apt.lock"), "apt-get", "update", "-qq"], null);
    get();
  }
}

/** The packages, and the versioned packages that the first one depends on: `ruby` contains only links to files of `ruby3.1`. */
function withVersions(packages: readonly string[]): readonly string[] {
  const [first = ""] = packages;
  const family = first.replace("-cli", "");
  const listed = run(
    "apt-cache",
    [
      "depends",
      "--recurse",
      "--no-recommends",
      "--no-suggests",
      "--no-conflicts",
      "--no-breaks",
      "--no-replaces",
      "--no-enhances",
      first,
    ],
    null,
  );
  const versioned = new RegExp(`^(?:lib)?${family}\\d[\\w.]*(?:-cli|-common)?$`);
  return [...new Set([...packages, ...listed.split("\n").filter((line) => versioned.test(line))])];
}
