/** Finds a Chromium for the tests: an installed one, or Debian's package, or Playwright's. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { installPackage } from "@posthorn/testkit";
import { chromium } from "playwright-core";

/** The headless shell is first, because it renders the same page with half the CPU time. */
const PLACES = [
  "/usr/bin/chromium-headless-shell",
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
];
/** Packages of Debian. Older releases have only the second one. */
const PACKAGES = ["chromium-headless-shell", "chromium"];

/** Returns the path of the program. Installs one if there is none, which takes a minute. */
export function findChromium(): string {
  const found = process.env["POSTHORN_TEST_CHROMIUM"] ?? installed();
  if (found !== undefined) return found;
  for (const name of PACKAGES) {
    try {
      installPackage(name);
    } catch {
      // The release of the system does not have this package.
      continue;
    }
    const packaged = installed();
    if (packaged !== undefined) return packaged;
  }
  const require = createRequire(import.meta.url);
  const command = [require.resolve("playwright-core/cli.js"), "install", "chromium"];
  if (!succeeds(process.execPath, command)) {
    throw new Error(`No Chromium is installed, and \`node ${command.join(" ")}\` failed: install it manually.`);
  }
  return chromium.executablePath();
}

function installed(): string | undefined {
  return PLACES.find((path) => existsSync(path));
}

function succeeds(command: string, args: readonly string[]): boolean {
  const { status } = spawnSync(command, args, {
    stdio: ["ignore", "ignore", "inherit"],
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
  });
  return status === 0;
}
