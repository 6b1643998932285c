/** Finds a Chromium for the tests: an installed one, else Debian's package, else Playwright's. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

const PLACES = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** Path of the program; installs it if there is none, which takes a minute. */
export function findChromium(): string {
  const found = process.env["POSTHORN_TEST_CHROMIUM"] ?? installed();
  if (found !== undefined) return found;
  if (process.getuid?.() === 0 && existsSync("/usr/bin/apt-get")) {
    run("apt-get", ["update"]);
    run("apt-get", ["install", "-y", "--no-install-recommends", "chromium"]);
    const packaged = installed();
    if (packaged !== undefined) return packaged;
  }
  const require = createRequire(import.meta.url);
  run(process.execPath, [require.resolve("playwright-core/cli.js"), "install", "chromium"]);
  return chromium.executablePath();
}

function installed(): string | undefined {
  return PLACES.find((path) => existsSync(path));
}

function run(command: string, args: readonly string[]): void {
  const { status } = spawnSync(command, args, {
    stdio: ["ignore", "ignore", "inherit"],
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
  });
  if (status !== 0) {
    throw new Error(`There is no Chromium, and \`${command} ${args.join(" ")}\` failed: install it manually.`);
  }
}
