/**
 * The first minutes of a new user: `npm ci`, the build at the start of `npm start`, and every command of the README. `npm ci` takes a
 * minute of CPU time: CI has run it in its clean clone before this test, which copies its result. The test runs it itself every night.
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { eventually, freePort, isNightly } from "@posthorn/testkit";
import { afterEach, describe, expect, it } from "vitest";

const REPOSITORY = fileURLToPath(new URL("../../", import.meta.url));
const README_MS = 900_000;
/** A server from source that is compiled for the first time, beside other tests. */
const START = { timeoutMs: 170_000 };

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "posthorn-first-run-"));
  folders.push(folder);
  return folder;
}

/** The working tree as in a fresh clone: without dependencies, data or builds. */
function cloneOfWorkingTree(): string {
  const folder = newFolder();
  const listed = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], {
    cwd: REPOSITORY,
    encoding: "utf8",
    maxBuffer: 1 << 26,
  });
  for (const path of listed.split("\0").filter((name) => name !== "" && existsSync(join(REPOSITORY, name)))) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    cpSync(join(REPOSITORY, path), join(folder, path));
  }
  return folder;
}

/** Where `npm ci` installs packages of the workspace. */
const PACKAGES = "{.,packages/*,e2e,bench,examples}/node_modules";

/** Installs the packages of the workspace as `npm ci` has done here, without the caches that tests and builds keep beside them. */
function copyPackages(folder: string): void {
  for (const path of globSync(PACKAGES, { cwd: REPOSITORY })) {
    execFileSync("cp", ["-a", path, join(folder, dirname(path))], { cwd: REPOSITORY });
  }
  for (const cache of globSync(`${PACKAGES}/.{cache,vite*}`, { cwd: folder })) {
    rmSync(join(folder, cache), { recursive: true });
  }
}

/** The environment of a terminal: no variables of npm, the test runner or Posthorn, and the Node of the machine. */
function terminalEnvironment(extra: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const foreign = /^(POSTHORN_|NODE_|VITEST|npm_)/;
  const path = process.env["PATH"]!.split(delimiter).filter((folder) => !folder.includes("node_modules"));
  const rest = Object.entries(process.env).filter(([name]) => !foreign.test(name));
  return { ...Object.fromEntries(rest), PATH: path.join(delimiter), ...extra };
}

/** A shell that runs blocks of commands, and keeps everything printed since. */
class Terminal implements AsyncDisposable {
  readonly #shell: ChildProcess;
  output = "";
  #blocks = 0;

  constructor(folder: string, env: Readonly<Record<string, string>> = {}) {
    this.#shell = spawn("bash", [], { cwd: folder, env: terminalEnvironment(env), detached: true });
    for (const stream of [this.#shell.stdout!, this.#shell.stderr!])
      stream.setEncoding("utf8").on("data", (text: string) => (this.output += text));
  }

  /** Types a block without waiting until it has finished. */
  type(block: string): void {
    this.#shell.stdin!.write(`${block}\n`);
  }

  /** Types a block and waits until it has finished. @returns The output of the block. */
  async run(block: string): Promise<string> {
    const start = this.output.length;
    const mark = `end-of-block-${++this.#blocks}`;
    this.type(`${block}\nprintf '\\n%s %s\\n' ${mark} $?`);
    const end = new RegExp(`\\n${mark} (\\d+)\\n`);
    await this.waitFor(end, start);
    const printed = this.output.slice(start);
    if (end.exec(printed)![1] !== "0") throw new Error(`This failed:\n${block}\n${printed}`);
    return printed.slice(0, end.exec(printed)!.index);
  }

  /** Waits for output after `from` that matches, and fails when the shell exits before. */
  waitFor(pattern: RegExp, from = 0): Promise<RegExpExecArray> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const found = pattern.exec(this.output.slice(from));
        if (found === null && this.#shell.exitCode === null) return;
        this.#shell.stdout!.off("data", look);
        if (found === null) reject(new Error(`The shell ended without ${pattern.source}:\n${this.output}`));
        else resolve(found);
      };
      this.#shell.stdout!.on("data", look);
      this.#shell.once("exit", look);
      look();
    });
  }

  /** Presses Ctrl-C, and waits until the running command has ended. */
  async interrupt(): Promise<void> {
    const ended = once(this.#shell, "close");
    this.#shell.stdin!.end();
    process.kill(-this.#shell.pid!, "SIGINT");
    await ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#shell.exitCode !== null || this.#shell.signalCode !== null) return;
    const ended = once(this.#shell, "close");
    process.kill(-this.#shell.pid!, "SIGKILL");
    await ended;
  }
}

/** The JSON objects in the output of commands, without the lines that the receiver in the background printed between. */
function objectsIn(output: string): readonly Json[] {
  return output
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as Json);
}

const readme = readFileSync(join(REPOSITORY, "README.md"), "utf8");

/** Commands of the README in their order: its shell blocks, and `npm run …` within sentences. */
const commands = [...readme.matchAll(/^```sh\n([^]*?)^```|`(npm run [^`]+|kill %1)`/gm)].map(
  ([, block, inline]) => block ?? inline!,
);

/** A page of each build, and a part of its text. */
const PAGES = [
  ["/", 'id="root"'],
  ["/docs/", "Posthorn"],
] as const;

describe("the README", () => {
  it(
    "contains only commands that work: in their order, each prints what the surrounding text says",
    async () => {
      const [port, receiverPort, seedPort] = [await freePort(), await freePort(), await freePort()];
      const folder = cloneOfWorkingTree();
      // Other ports, because those of the README may be in use here.
      const moved = (text: string): string =>
        text.replaceAll("127.0.0.1:8071", `127.0.0.1:${port}`).replaceAll("9000", String(receiverPort));
      const receiver = join(folder, "examples/receiver.mjs");
      writeFileSync(receiver, moved(readFileSync(receiver, "utf8")));
      const [seed, start, startReceiver, publish, listAttempts, source, signedRequest, stop, ...others] =
        commands.map(moved);
      expect([seed, start, stop, others]).toEqual(["npm run seed", "npm ci && npm start\n", "kill %1", []]);

      await using server = new Terminal(folder, {
        POSTHORN_LISTEN: `127.0.0.1:${port}`,
        npm_config_prefer_offline: "true",
      });
      if (!isNightly) copyPackages(folder);
      server.type(isNightly ? start! : start!.replace("npm ci && ", ""));
      const [, token] = await server.waitFor(/Token {4}(\S+)/);
      // Only the nightly run installs packages, which could require another version of Node.js.
      expect(isNightly ? server.output : "").not.toContain("EBADENGINE");
      expect(server.output).toMatch(
        /Starting the server, and building the dashboard and the documentation at the same time\./,
      );
      await server.waitFor(/ s {2}Dashboard 1\/3: [^]+ s {2}Dashboard 3\/3: done/);
      await server.waitFor(/ s {2}Documentation 2\/2: done/);
      for (const [path, text] of PAGES) {
        // The terminal shows the end of a build slightly before the server is notified of it.
        await eventually(async () => {
          const page = await fetch(`http://127.0.0.1:${port}${path}`, { headers: { accept: "text/html" } });
          expect([page.status, await page.text()]).toEqual([200, expect.stringContaining(text)]);
        });
      }

      await using terminal = new Terminal(folder);
      await terminal.run(startReceiver!);
      // Unlike a person, this test must wait until the receiver listens before it publishes.
      await eventually(() => fetch(`http://127.0.0.1:${receiverPort}`));
      const [application, endpoint, message] = objectsIn(await terminal.run(publish!.replace("…", token!)));
      expect([application, endpoint, message]).toMatchObject([{ uid: "demo" }, { uid: "receiver" }, {}]);
      await terminal.waitFor(new RegExp(`${message!["id"] as string} \\{ amount: 12\\.5 \\}`));

      await eventually(async () => {
        const { data } = JSON.parse(await terminal.run(listAttempts!)) as Page;
        expect(data).toMatchObject([{ msgId: message!["id"], status: 0, responseStatusCode: 204 }]);
      });

      const made = objectsIn(await terminal.run(source!));
      expect(made).toMatchObject([{ uid: "github", ingestUrl: expect.stringMatching(/^http/) as unknown }, {}]);
      const before = terminal.output.length;
      expect(await terminal.run(signedRequest!)).toContain("200");
      const [, id] = await terminal.waitFor(/(msg_\w+) \{ ref: 'refs\/heads\/main' \}/, before);
      const forwarded = async (): Promise<readonly Json[]> => {
        const path = `http://127.0.0.1:${port}/api/v1/app/${made[0]!["id"] as string}/attempt/msg/${id}`;
        return ((await (await fetch(path, { headers: { authorization: `Bearer ${token}` } })).json()) as Page).data;
      };
      await eventually(async () => expect(await forwarded()).toMatchObject([{ status: 0, responseStatusCode: 204 }]));
      const forged = await terminal.run(signedRequest!.replace("sha256=$SIGNATURE", "sha256=00"));
      expect(forged).toContain("401");

      await terminal.run(`${stop!}; wait`);
      await expect(fetch(`http://127.0.0.1:${receiverPort}`)).rejects.toThrow("fetch failed");
      await server.interrupt();
      await eventually(() => expect(fetch(`http://127.0.0.1:${port}/health`)).rejects.toThrow("fetch failed"));

      await using again = new Terminal(folder);
      again.type(`${seed!} -- --listen 127.0.0.1:${seedPort}`);
      await again.waitFor(/sample traffic[^]+ \d+ %[^]+Dashboard http\S+#key=\S+/);
      expect(again.output).toContain("The dashboard is up to date.");
      await again.interrupt();
    },
    README_MS,
  );
});

type Json = Readonly<Record<string, unknown>>;
interface Page {
  readonly data: readonly Json[];
}

describe("npm ci", () => {
  it("prints no engine warning with the oldest Node that the README allows", () => {
    // npm reads the version from the process, so the oldest one need not be installed.
    const shim = join(newFolder(), "oldest.cjs");
    writeFileSync(shim, 'Object.defineProperty(process, "version", { value: "v20.0.0" });');
    const output = execFileSync("bash", ["-c", "npm ci --dry-run --offline 2>&1"], {
      cwd: REPOSITORY,
      env: terminalEnvironment({ NODE_OPTIONS: `--require ${shim}` }),
      encoding: "utf8",
    });
    expect(output.split("\n").filter((line) => line.includes("EBADENGINE"))).toEqual([]);
    // The run did compare versions: with warnings enabled there are many.
    const verbose = execFileSync("bash", ["-c", "npm ci --dry-run --offline --loglevel=warn 2>&1"], {
      cwd: REPOSITORY,
      env: terminalEnvironment({ NODE_OPTIONS: `--require ${shim}` }),
      encoding: "utf8",
    });
    expect(verbose).toContain("EBADENGINE");
  });
});

/** An environment with another program instead of Vite. */
function withVite(vite: string, folder: string): NodeJS.ProcessEnv {
  writeFileSync(join(folder, "vite"), `#!/bin/sh\n${vite}\n`);
  chmodSync(join(folder, "vite"), 0o755);
  return terminalEnvironment({ PATH: [folder, process.env["PATH"]].join(delimiter) });
}

/** Runs the build script in its own folder, with another program instead of Vite. */
async function buildWith(vite: string, args: readonly string[] = [], folder = newFolder()) {
  const child = spawn(process.execPath, [join(REPOSITORY, "scripts/build-dashboard.ts"), ...args], {
    cwd: folder,
    env: withVite(vite, folder),
  });
  let output = "";
  let first = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    if (first === "") first = text;
    output += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => (output += text));
  const [code] = (await once(child, "close")) as [number];
  return { code, output, first, folder };
}

/** Writes a page, and an empty list of bundled packages. */
const WRITE_PAGE = [
  "mkdir -p packages/posthorn/web/assets packages/posthorn/web/.vite",
  "touch packages/posthorn/web/index.html",
  "echo '[]' > packages/posthorn/web/.vite/licenses.json",
  "echo '{}' > packages/posthorn/web/.vite/manifest.json",
].join(" && ");

describe("the build of the dashboard", () => {
  it("prints each step before it begins, and reports if there is nothing to do", async () => {
    const built = await buildWith(`${WRITE_PAGE} && echo x > packages/posthorn/web/assets/a.js`);
    expect(built.first).toMatch(/ s {2}Dashboard 1\/3: bundle the pages\n/);
    expect(built.output.replaceAll(/^ *[\d.]+ s {2}/gm, "")).toBe(
      "Dashboard 1/3: bundle the pages\nDashboard 2/3: write the third-party notices\nDashboard 3/3: compress the files\nDashboard 3/3: done\n",
    );
    expect(existsSync(join(built.folder, "packages/posthorn/web/assets/a.js.br"))).toBe(true);
    const again = await buildWith("exit 1", ["--if-changed"], built.folder);
    expect(again).toMatchObject({ code: 0, output: "The dashboard is up to date.\n" });
  });

  it.each([
    ["a bundle that fails", "echo 'main.tsx: unexpected token' >&2; exit 3", "exit code 3"],
    ["a bundle that is killed", "kill -9 $$", "SIGKILL"],
    ["files that cannot be compressed", `${WRITE_PAGE} && mkdir packages/posthorn/web/assets/a.js`, "EISDIR"],
  ])("reports the failure with %s, and builds again at the next start", async (_title, vite, cause) => {
    const failed = await buildWith(vite, ["--if-changed"]);
    expect(failed.code).toBe(1);
    expect(failed.output).toMatch(/\nposthorn: the dashboard was not built\. Step \d of 3 [^\n]+ failed: /);
    expect(failed.output).toContain(cause);
    const again = await buildWith(WRITE_PAGE, ["--if-changed"], failed.folder);
    expect(again.output).toContain("Dashboard 1/3: bundle the pages\n");
  });

  it("builds again when it was interrupted before all files were compressed", async () => {
    const { folder } = await buildWith(`${WRITE_PAGE} && echo x > packages/posthorn/web/assets/a.js`);
    rmSync(join(folder, "packages/posthorn/web/assets/a.js.br"));
    const again = await buildWith(WRITE_PAGE, ["--if-changed"], folder);
    expect(again.output).toContain("Dashboard 3/3: done\n");
  });

  it("does not stop the server of npm start when it fails, and its page says why", async () => {
    const folder = newFolder();
    const port = await freePort();
    const args = ["--conditions=@posthorn/source", join(REPOSITORY, "scripts/start.ts"), "start", "--dev"];
    const env = withVite("echo 'main.tsx: unexpected token' >&2; exit 3", folder);
    const child = spawn(process.execPath, args, {
      cwd: folder,
      env: { ...env, POSTHORN_LISTEN: `127.0.0.1:${port}`, POSTHORN_DATA_DIR: join(folder, "data") },
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("utf8").on("data", (text: string) => (output += text));
    const closed = once(child, "close");
    try {
      await eventually(async () => {
        const page = await fetch(`http://127.0.0.1:${port}/`, { headers: { accept: "text/html" } });
        expect(await page.text()).toMatch(/The dashboard could not be built[^]+ended with exit code 1/);
      }, START);
      expect((await fetch(`http://127.0.0.1:${port}/health`)).status).toBe(204);
      expect(output).toContain("main.tsx: unexpected token");
      expect(output).toMatch(/posthorn: the dashboard could not be built; the server runs without it\./);
    } finally {
      child.kill("SIGTERM");
      await closed;
    }
    expect(child.exitCode).toBe(0);
  });
});
