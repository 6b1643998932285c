/** The commands on the pages of docs/receiving work when pasted. */
import { execFile } from "node:child_process";
import { globSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { useWorld } from "../lib/world.ts";

const world = useWorld();
const FOLDER = new URL("../../docs/receiving/", import.meta.url).pathname;
const GENERATED = "Written by scripts/generate-receiving-docs.ts";
/** Pages whose request is a handshake, which is answered and is not an event. */
const HANDSHAKES = new Set(["discord", "slack", "zoom"]);

const pages = globSync(`${FOLDER}/*.md`)
  .filter((path) => basename(path) !== "README.md" && readFileSync(path, "utf8").includes(GENERATED))
  .map((path) => ({ provider: basename(path, ".md"), text: readFileSync(path, "utf8") }))
  .sort((one, other) => (one.provider < other.provider ? -1 : 1));

/** Runs all code blocks of a page in one shell, against the server and the receiver of the test. */
async function paste(text: string): Promise<string> {
  const blocks = [...text.matchAll(/^```sh\n([^]*?)^```/gm)].map(([, block = ""]) => block);
  const script = ["set -euo pipefail", ...blocks]
    .join("\n")
    .replaceAll("http://127.0.0.1:8071", world.server.url)
    .replaceAll("http://127.0.0.1:9000", world.receiver.url);
  const folder = mkdtempSync(join(tmpdir(), "posthorn-paste-"));
  try {
    const env = { ...process.env, TOKEN: world.server.token };
    return (await promisify(execFile)("bash", ["-c", script], { cwd: folder, env })).stdout;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

describe("the pages", () => {
  it("exist for every listed provider", () => {
    const named =
      "aws-sns discord github gitlab intercom meta microsoft-teams salesforce sendgrid shopify slack square standard-webhooks stripe twilio zendesk zoom";
    expect(pages.map(({ provider }) => provider).join(" ")).toBe(named);
  });
});

describe.each(pages)("the page of $provider", ({ provider, text }) => {
  it("works when pasted: the request is accepted and forwarded", async () => {
    const output = await paste(text);
    expect(output.trim()).toMatch(/ 200$/);
    if (HANDSHAKES.has(provider)) return;
    const received = await world.receiver.waitFor(({ path }) => path === `/${provider}`);
    expect(received.headers["x-posthorn-provider"]).toBe(provider);
  });
});
