import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FOLDER, OUT } from "./build.ts";
import type { Report } from "./shims/test.ts";

const SYSTEM = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
const PAGE = '<!doctype html><meta charset="utf-8"><script type="module" src="/suite.mjs"></script>';

/** Finds Chromium: that of the system, else Debian's package if it can be installed, else Playwright's download. */
export function findChromium(): string {
  const installed = SYSTEM.find((path) => existsSync(path));
  if (installed !== undefined) return installed;
  if (process.getuid?.() === 0 && existsSync("/usr/bin/apt-get")) {
    // Other test processes may install packages too.
    const lock = join(tmpdir(), "posthorn-apt.lock");
    const apt = (...parameters: string[]) =>
      execFileSync("flock", [lock, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", ...parameters], {
        stdio: "pipe",
      });
    apt("update");
    apt("install", "-o", "DPkg::Lock::Timeout=600", "-y", "--no-install-recommends", "chromium");
    return "/usr/bin/chromium";
  }
  execFileSync(process.execPath, [`${FOLDER}node_modules/playwright-core/cli.js`, "install", "chromium"], {
    stdio: "pipe",
  });
  const playwright = createRequire(`${FOLDER}package.json`)("playwright-core") as {
    readonly chromium: { executablePath(): string };
  };
  return playwright.chromium.executablePath();
}

/**
 * Runs the suite in a page and returns its report. The page is served from 127.0.0.1, which is a secure context, because `crypto.subtle`
 * exists only there.
 */
export async function runInChromium(executable: string): Promise<Report> {
  const profile = mkdtempSync(join(tmpdir(), "posthorn-chromium-"));
  const { promise: report, resolve, reject } = Promise.withResolvers<Report>();
  const server = createServer((request, response) => {
    if (request.url === "/report") {
      let text = "";
      request.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
      request.on("end", () => {
        response.end();
        resolve(JSON.parse(text) as Report);
      });
      return;
    }
    const script = request.url === "/suite.mjs";
    response.setHeader("content-type", script ? "text/javascript" : "text/html");
    response.end(script ? readFileSync(`${OUT}browser.mjs`) : PAGE);
  });
  await new Promise<void>((listening) => void server.listen(0, "127.0.0.1", listening));
  const { port } = server.address() as AddressInfo;
  const flags = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"];
  const browser = spawn(executable, [...flags, `--user-data-dir=${profile}`, `http://127.0.0.1:${port}/`], {
    stdio: "ignore",
  });
  const exited = new Promise<void>((done) => void browser.once("exit", () => done()));
  void exited.then(() => reject(new Error("Chromium ended before the suite did.")));
  try {
    return await report;
  } finally {
    browser.kill("SIGKILL");
    await exited;
    server.closeAllConnections();
    server.close();
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  }
}
