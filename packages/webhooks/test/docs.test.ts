import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { WEBHOOK_ERROR_CODES } from "../src/errors.ts";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const PAGES = `${ROOT}docs/webhooks/`;
const README = `${ROOT}packages/webhooks/README.md`;
// Inside the package, so that its name and its test dependencies resolve. Ignored by Git like build output.
const FOLDER = fileURLToPath(new URL("./dist/docs/", import.meta.url));

const read = (path: string): string => readFileSync(path, "utf8");

function codeBlocks(path: string): string[] {
  return [...read(path).matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code = ""]) => code);
}

describe("the documents", () => {
  it("describe every error code, and no other", () => {
    const documented = [...read(`${PAGES}errors.md`).matchAll(/^\| `(\w+)` /gm)].map(([, code]) => code);
    expect(documented).toEqual([...WEBHOOK_ERROR_CODES]);
  });

  it("name only codes that are thrown", () => {
    const sources = readdirSync(`${ROOT}packages/webhooks/src`, { recursive: true, encoding: "utf8" })
      .filter((path) => path.endsWith(".ts") && !path.endsWith(".test.ts") && !/errors\.ts|reply\.ts/.test(path))
      .map((path) => read(`${ROOT}packages/webhooks/src/${path}`))
      .join("");
    const unused = WEBHOOK_ERROR_CODES.filter((code) => !sources.includes(`"${code}"`));
    expect(unused).toEqual([]);
  });

  it("describe every finding of the doctor", () => {
    const union =
      /export type FindingCode =(.*?);/s.exec(read(`${ROOT}packages/webhooks/src/doctor/attempt.ts`))?.[1] ?? "";
    const page = read(`${PAGES}doctor.md`);
    const codes = [...union.matchAll(/"(\w+)"/g)].map(([, code = ""]) => code);
    expect(codes.length).toBeGreaterThan(25);
    expect(codes.filter((code) => !page.includes(`\`${code}\``))).toEqual([]);
  });

  it("contain code that compiles", () => {
    rmSync(FOLDER, { recursive: true, force: true });
    mkdirSync(FOLDER, { recursive: true });
    // The examples of the API reference are compiled and run by api-docs.test.ts.
    const pages = readdirSync(PAGES).filter((name) => name.endsWith(".md") && name !== "reference.md");
    let count = 0;
    const documents = [{ name: "readme", path: README }, ...pages.map((name) => ({ name, path: PAGES + name }))];
    for (const { name, path } of documents) {
      for (const [index, code] of codeBlocks(path).entries()) {
        writeFileSync(`${FOLDER}${name}-${index}.ts`, code);
        count += 1;
      }
    }
    writeFileSync(
      `${FOLDER}globals.d.ts`,
      `type Serve = (request: Request) => Response | Promise<Response>;
declare const Deno: { serve(handler: Serve): unknown };
declare const Bun: { serve(options: { routes: Record<string, Serve> }): unknown };
declare const request: import("@posthorn/webhooks").WebhookRequest;
`,
    );
    // The examples in the provider table end with an unused result.
    const compilerOptions = {
      noUnusedLocals: false,
      lib: ["ES2024", "ESNext.Disposable", "DOM", "DOM.Iterable"],
      moduleDetection: "force",
    };
    const tsconfig = { extends: `${ROOT}tsconfig.base.json`, compilerOptions, include: ["*.ts"] };
    writeFileSync(`${FOLDER}tsconfig.json`, JSON.stringify(tsconfig));
    const { stdout } = spawnSync(process.execPath, [`${ROOT}node_modules/typescript/bin/tsc`, "-p", FOLDER], {
      encoding: "utf8",
    });
    expect(stdout).toBe("");
    expect(count).toBeGreaterThan(15);
  });

  it("start with an example that runs: the first one in the README responds to requests", async () => {
    mkdirSync(FOLDER, { recursive: true });
    const [example = ""] = codeBlocks(README);
    const file = `${FOLDER}readme-runs.ts`;
    writeFileSync(
      file,
      `${example.replace(".listen(3000)", ".listen(0, report)")}
async function report(this: import("node:net").Server) {
  const { port } = this.address() as import("node:net").AddressInfo;
  const { createHmac } = await import("node:crypto");
  const body = '{"action":"opened"}';
  const signature = createHmac("sha256", "the secret of the webhook").update(body).digest("hex");
  const headers = { "x-github-event": "issues", "x-github-delivery": "d1", "x-hub-signature-256": "sha256=" + signature };
  const response = await fetch("http://127.0.0.1:" + port, { method: "POST", headers, body });
  console.log(response.status);
  process.exit();
}
`,
    );
    const { stdout, stderr } = spawnSync(process.execPath, ["--conditions=@posthorn/source", file], {
      encoding: "utf8",
    });
    expect([stdout, stderr]).toEqual(["issues.opened d1 { action: 'opened' }\n200\n", ""]);
  });
});
