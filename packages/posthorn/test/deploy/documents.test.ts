/**
 * Fenced blocks of the documents that need a compiler or the program that reads them: TypeScript and JavaScript as one program, and the
 * configurations of proxies, Prometheus, Compose and the chart. `e2e/test/guides.test.ts` runs those that need only a server.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { caddy, nginx, promtool } from "@posthorn/testkit";
import { Ajv } from "ajv";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { allBlocks, type Block, blocksOf, placeOf } from "../../../../scripts/snippets/blocks.ts";
import { commandsOf } from "../../../../scripts/snippets/shell.ts";
import { faultOfData } from "../../../../scripts/snippets/parse.ts";
import { checkOf } from "../../../../scripts/snippets/rule.ts";
import { compileBlocks } from "../../../../scripts/snippets/compile.ts";

const ROOT = fileURLToPath(new URL("../../../../", import.meta.url));
const blocks = allBlocks(ROOT);

describe("the rule for blocks of documents", () => {
  const check = (first: string, file = "docs/some.md"): string | null => {
    const [block] = blocksOf(file, `\`\`\`${first}\nx\n\`\`\`\n`);
    return checkOf(block!)?.kind ?? null;
  };

  it("rejects programs without a mark, marks without a reason, and blocks without a language", () => {
    for (const first of ["go", "ruby", "php", "python", "java", "sh run=later", "sh skip", "json run", "", "kotlin"]) {
      expect(check(first)).toBeNull();
    }
  });

  it("specifies how each other block is checked", () => {
    expect(check("go run")).toBe("run");
    expect(check("ts file=lib/posthorn.ts")).toBe("file");
    expect(check("hcl skip=needs-vault")).toBe("skip");
    expect(check("tsx")).toBe("types");
    expect(check("yaml")).toBe("parse");
    expect(check("ts", "docs/webhooks/node.md")).toBe("suite");
    expect(check("text")).toBe("output");
  });

  it("reads data with the parser of its language", () => {
    expect(faultOfData("json", '{"a": 1,}')).toContain("json");
    expect(faultOfData("yaml", "a: b: c")).toContain("yaml");
    expect(faultOfData("xml", "<a><b></a>")).toContain("xml");
    expect(faultOfData("ini", "[Service]\nUser posthorn\n")).toContain("ini");
    expect(faultOfData("json", '{"a": 1}')).toBeNull();
  });

  it("finds the commands of a script, including those in substitutions and after pipes", () => {
    const script = `export A=1 # b\nX=y posthorn start \\\n  --log-level "warn $B" | tee log >out 2>&1\ncall POST app "$(posthorn token)" '{"a": "'$(date)'"}' &\ncat <<EOF\nposthorn no-command\nEOF\n`;
    expect(commandsOf(script)).toEqual([
      ["export", "A=1"],
      ["posthorn", "start", "--log-level", "warn EXPANDED"],
      ["tee", "log"],
      ["posthorn", "token"],
      ["date"],
      ["call", "POST", "app", "EXPANDED", '{"a": "EXPANDED"}'],
      ["cat"],
    ]);
  });
});

describe("TypeScript and JavaScript in documents", () => {
  it("compile as parts of a program, and fail with a property that does not exist", () => {
    const code =
      'import { Posthorn } from "posthorn";\nawait (await Posthorn.start()).applications.create({ name: "Acme" });\n';
    const wrong: Block = { file: "docs/wrong.md", line: 7, language: "ts", mark: "", code };
    expect(compileBlocks(ROOT, [...blocks, wrong])).toEqual([
      expect.stringMatching(/^docs\/wrong\.md:7: line 2: .*'applications' does not exist/),
    ]);
  });
});

const inLanguage = (language: string): readonly (readonly [string, Block])[] =>
  blocks.filter((block) => block.language === language).map((block) => [placeOf(block), block] as const);

describe("configurations in documents", () => {
  let folder = "";
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "posthorn-documents-"));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  function write(path: string, text: string): string {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
    return join(folder, path);
  }

  /** Exit code and output of a program. */
  function run(program: string, ...args: readonly string[]): string {
    const { status, stdout, stderr } = spawnSync(program, args, { encoding: "utf8" });
    return `${status} ${stdout}${stderr}`;
  }

  function testNginx(code: string): string {
    const certificate = [
      "req",
      "-x509",
      "-newkey",
      "rsa:2048",
      "-nodes",
      "-days",
      "1",
      "-subj",
      "/CN=hooks.example.com",
    ];
    const pem = join(folder, "certificate.pem");
    const key = join(folder, "certificate.key");
    expect(run("openssl", ...certificate, "-out", pem, "-keyout", key)).toMatch(/^0 /);
    const withCertificate = code
      .replaceAll(/^ *ssl_certificate(?:_key)? .*$/gm, "")
      .replaceAll(/^server \{$/gm, `server {\n  ssl_certificate ${pem};\n  ssl_certificate_key ${key};`);
    const paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
      (name) => `${name}_temp_path ${folder}/${name};`,
    );
    const config = `pid ${folder}/nginx.pid;\nerror_log stderr;\nevents {}\nhttp {\naccess_log off;\n${paths.join("\n")}\n${withCertificate}}\n`;
    return run(nginx()!, "-t", "-p", folder, "-c", write("nginx.conf", config));
  }

  it.skipIf(nginx() === null).each(inLanguage("nginx"))("of nginx are accepted by it: %s", (_, { code }) => {
    expect(testNginx(code)).toMatch(/^0 [^]*test is successful/);
    expect(testNginx(code.replace("proxy_pass", "proxy_pas"))).toContain('unknown directive "proxy_pas"');
  });

  it.skipIf(caddy() === null).each(inLanguage("caddyfile"))("of Caddy are accepted by it: %s", (_, { code }) => {
    const validate = ["validate", "--adapter", "caddyfile", "--config"];
    expect(run(caddy()!, ...validate, write("Caddyfile", code))).toMatch(/^0 [^]*Valid configuration/);
  });

  const prometheus = inLanguage("yaml").filter(([, { code }]) => code.includes("scrape_configs:"));
  it.skipIf(promtool() === null).each(prometheus)("of Prometheus are accepted by promtool: %s", (_, { code }) => {
    // The files of rules are those of the repository.
    write("posthorn-alerts.yml", readFileSync(join(ROOT, "deploy/prometheus/posthorn-alerts.yml"), "utf8"));
    expect(run(promtool()!, "check", "config", write("prometheus.yml", code))).toMatch(/^0 /);
  });

  it("of the chart satisfy the schema of its values", () => {
    const chart = join(ROOT, "deploy/helm/posthorn");
    const defaults = parse(readFileSync(join(chart, "values.yaml"), "utf8")) as Readonly<Record<string, unknown>>;
    const schema = JSON.parse(readFileSync(join(chart, "values.schema.json"), "utf8")) as object;
    const validate = new Ajv({ allErrors: true, strict: false }).compile(schema);
    const values = inLanguage("yaml").filter(([, { file }]) => file === "docs/guides/kubernetes.md");
    expect(values.length).toBeGreaterThan(2);
    const faults = values.flatMap(([place, { code }]) =>
      validate(merge(defaults, parse(code)))
        ? []
        : validate.errors!.map((error) => `${place}: ${error.instancePath} ${error.message}`),
    );
    expect(faults).toEqual([]);
  });
});

/** Merges values as Helm does: objects field by field, everything else is replaced. */
function merge(base: unknown, over: unknown): unknown {
  if (!isObject(base) || !isObject(over)) return over;
  const merged = Object.entries(over).map(([name, value]) => [name, merge(base[name], value)] as const);
  return { ...base, ...Object.fromEntries(merged) };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
