/** The code that the dashboard and the portal offer to copy: it publishes and verifies as it is, in each language that this machine runs. */
import { execFile, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { eventually, php, ruby } from "@posthorn/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { publishSnippets } from "../../packages/dashboard/src/lib/publish-snippets.ts";
import { customerSnippets, SNIPPETS } from "../../packages/dashboard/src/lib/verify-snippets.ts";
import { useWorld } from "../lib/world.ts";

const world = useWorld();
const NODE_MODULES = new URL("../../node_modules", import.meta.url).pathname;
const folder = mkdtempSync(join(tmpdir(), "posthorn-snippets-"));
let secret: string;

/** Characters with a meaning in the source code of one of the languages. */
const PAYLOAD = `{"text":"it's \\"5\\" $HOME \\\\n #{x} ünï","n":1.0}`;

interface Runner {
  readonly file: string;
  /** The program with its arguments; `null` if this machine has none. */
  readonly command: () => readonly string[] | null;
}

const RUNNERS: Readonly<Record<string, Runner>> = {
  curl: { file: "publish.sh", command: () => ["bash", "-euo", "pipefail"] },
  javascript: { file: "publish.mjs", command: () => [process.execPath] },
  python: { file: "publish.py", command: () => onPath("python3", "--version") },
  go: { file: "publish.go", command: () => onPath("go", "version", "run") },
  ruby: { file: "publish.rb", command: () => ofPath(ruby()) },
  php: { file: "publish.php", command: () => ofPath(php()) },
  java: { file: "Publish.java", command: () => onPath("java", "--version") },
};

function ofPath(program: string | null): readonly string[] | null {
  return program === null ? null : [program];
}

function onPath(program: string, question: string, ...args: readonly string[]): readonly string[] | null {
  return spawnSync(program, [question]).status === 0 ? [program, ...args] : null;
}

beforeAll(async () => {
  symlinkSync(NODE_MODULES, join(folder, "node_modules"));
  await world.api.post("/api/v1/app", { name: "Acme", uid: "acme" });
  const { json } = await world.api.post("/api/v1/app/acme/endpoint", { url: `${world.receiver.url}/hook` });
  secret = (await world.api.get(`/api/v1/app/acme/endpoint/${String(json["id"])}/secret`)).json["key"] as string;
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("code that publishes", () => {
  it.each(Object.keys(RUNNERS))(
    "in %s sends the payload as it was entered, once for an idempotency key",
    async (id) => {
      const { file, command } = RUNNERS[id]!;
      const [program, ...args] = command() ?? [];
      if (program === undefined && process.env["CI"] === undefined) return;
      expect(program, `this machine has nothing that runs ${id}`).toBeDefined();
      const target = { url: world.server.url, app: "acme", payload: PAYLOAD, idempotencyKey: `key's "${id}"` };
      const { code } = publishSnippets({ ...target, eventType: `from.${id}` }).find((snippet) => snippet.id === id)!;
      writeFileSync(join(folder, file), code);
      const env = { ...process.env, POSTHORN_TOKEN: world.server.token };
      for (let run = 0; run < 2; run++) await promisify(execFile)(program!, [...args, file], { cwd: folder, env });
      const { json } = await world.api.get(`/api/v1/app/acme/msg?event_types=from.${id}`);
      expect(json["data"]).toMatchObject([{ payload: JSON.parse(PAYLOAD) }]);
      await eventually(() => {
        const bodies = world.receiver.requests.map(({ body }) => body.toString());
        expect(bodies).toContain(PAYLOAD);
      });
    },
  );

  it("exists in the same nine languages for publishing and verifying, with curl for publishing and Kotlin for verifying", () => {
    const publishing = publishSnippets({ url: "https://a.example", app: "a", eventType: "a", payload: "{}" });
    expect(publishing).toHaveLength(9);
    expect(SNIPPETS).toHaveLength(9);
    const names = SNIPPETS.map(({ id }) => id).filter((id) => id !== "kotlin");
    expect(publishing.map(({ id }) => id).filter((id) => id !== "curl")).toEqual(expect.arrayContaining(names));
  });
});

describe("code that verifies", () => {
  it.each([
    ["operators", SNIPPETS],
    ["customers", customerSnippets()],
  ] as const)("in JavaScript for %s accepts a delivery, and refuses a changed one", async (name, snippets) => {
    await world.api.post("/api/v1/app/acme/msg", { eventType: `verify.${name}`, payload: { name } });
    const delivery = await eventually(() => {
      const found = world.receiver.requests.find(({ body }) => body.toString() === JSON.stringify({ name }));
      if (found === undefined) throw new Error("not delivered yet");
      return found;
    });
    const { code } = snippets.find(({ id }) => id === "javascript")!;
    const headers = JSON.stringify(delivery.headers);
    const use = `const headers = ${headers};
      for (const body of [${JSON.stringify(delivery.body.toString())}, "{}"]) {
        console.log((await POST(new Request("https://a.example", { method: "POST", headers, body }))).status);
      }`;
    writeFileSync(join(folder, `${name}.mjs`), `${code}\n${use}`);
    const env = { ...process.env, WEBHOOK_SECRET: secret };
    const args = ["--conditions=@posthorn/source", `${name}.mjs`];
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: folder, env });
    expect(stdout.trim().split("\n")).toEqual(["204", "400"]);
  });
});
