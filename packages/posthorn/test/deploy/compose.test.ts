/** The compose files in `deploy/compose`, and the files that they mount: checked against the schema, the settings, and the tools that read them. */
import { spawnSync } from "node:child_process";
import { existsSync, globSync, readFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { caddy, goModule, promtool } from "@posthorn/testkit";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { envToConfig } from "../../src/config/config.ts";
import { readEnv } from "../../src/config/env.ts";
import { STOP_SECONDS } from "./stop-seconds.ts";

const DEPLOY = fileURLToPath(new URL("../../../../deploy/", import.meta.url));
const FOLDER = join(DEPLOY, "compose");
const SCHEMA_MODULE = ["github.com/compose-spec/compose-go/v2", "v2.16.2"] as const;
/** Content of a reader's `.env` file. */
const VALUES: Readonly<Record<string, string>> = {
  POSTGRES_PASSWORD: "secret1",
  POSTHORN_JWT_SECRET: "x".repeat(32),
  POSTHORN_ENCRYPTION_KEY: Buffer.alloc(32).toString("base64"),
  GRAFANA_PASSWORD: "secret2",
};

interface Service {
  readonly image: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly volumes?: readonly string[];
  readonly ports?: readonly string[];
  readonly networks?: readonly string[];
  readonly read_only?: boolean;
  readonly tmpfs?: readonly string[];
  readonly cap_drop?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly stop_grace_period?: string;
}

interface ComposeFile {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes?: Readonly<Record<string, unknown>>;
  readonly networks?: Readonly<Record<string, { readonly ipam: { readonly config: readonly { subnet: string }[] } }>>;
}

const files = globSync("*.yml", { cwd: FOLDER })
  .toSorted()
  .map((name) => {
    const text = readFileSync(join(FOLDER, name), "utf8");
    return { name, text, content: parse(text, { merge: true }) as ComposeFile };
  });

/** Replaces `${NAME:?}` and `${NAME:-default}` as Compose does. Throws for a required variable without a value. */
function interpolate(text: string, values = VALUES): string {
  return text.replaceAll(/\$\{(\w+)(?::(\?|-)([^}]*))?\}/g, (_, name: string, kind: string, fallback: string) => {
    const value = values[name] || (kind === "-" ? fallback : undefined);
    if (value === undefined) throw new Error(`${name} has no value`);
    return value;
  });
}

function nodesOf({ services }: ComposeFile): readonly Service[] {
  return Object.values(services).filter(({ image }) => image === "posthorn:latest");
}

function environmentOf({ environment = {} }: Service): Record<string, string> {
  return Object.fromEntries(Object.entries(environment).map(([name, value]) => [name, interpolate(value)]));
}

function run(program: string, ...args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: "utf8" });
  return `${status} ${stdout}${stderr}`;
}

const moduleFolder = goModule(...SCHEMA_MODULE);

function compileSchema(folder: string): ValidateFunction {
  const ajv = new Ajv2020({ allErrors: true, allowUnionTypes: true, strict: false });
  addFormats.default(ajv);
  ajv.addFormat("duration", /^(?:\d+(?:\.\d+)?(?:ns|us|ms|s|m|h))+$/);
  return ajv.compile(JSON.parse(readFileSync(join(folder, "schema/compose-spec.json"), "utf8")) as object);
}

describe.skipIf(moduleFolder === null)("the Compose specification", () => {
  let validate: ValidateFunction;
  beforeAll(() => {
    validate = compileSchema(moduleFolder!);
  });

  it.each(files)("allows $name", ({ content }) => {
    expect(validate(content) ? [] : validate.errors).toEqual([]);
  });

  it.each([
    ["a service with a misspelled key", { services: { posthorn: { image: "a", enviroment: {} } } }],
    ["an invalid port", { services: { posthorn: { image: "a", ports: [true] } } }],
    ["a health check without a list or text", { services: { posthorn: { image: "a", healthcheck: { test: 1 } } } }],
  ])("rejects %s", (_, content) => {
    expect(validate(content)).toBe(false);
  });
});

describe.each(files)("$name", ({ text, content }) => {
  it("gives each node settings that exist, with values that a server accepts", () => {
    expect(nodesOf(content).length).toBeGreaterThan(0);
    for (const node of nodesOf(content)) {
      expect(envToConfig(readEnv({ environment: environmentOf(node) }))).toBeDefined();
    }
  });

  it("does not start without the required secrets, which its first lines list", () => {
    const required = [...text.matchAll(/\$\{(\w+):\?\}/g)].map(([, name]) => name!);
    const head = text.slice(0, text.indexOf("\nservices:"));
    for (const name of required) {
      expect(head).toContain(name);
      expect(() => interpolate(text, { ...VALUES, [name]: "" })).toThrow(`${name} has no value`);
    }
  });

  it("runs each node read-only, without privileges, and with time to finish attempts", () => {
    for (const node of nodesOf(content)) {
      expect(node).toMatchObject({ read_only: true, cap_drop: ["ALL"], security_opt: ["no-new-privileges:true"] });
      expect(node.tmpfs).toContain("/tmp");
      const data = [...(node.volumes ?? []), ...(node.tmpfs ?? [])].some((mount) => /^(?:\w+:)?\/data\b/.test(mount));
      expect(data).toBe(true);
      expect(Number.parseInt(node.stop_grace_period!, 10)).toBeGreaterThanOrEqual(STOP_SECONDS);
    }
  });

  it("mounts only existing files and declared volumes", () => {
    const sources = Object.values(content.services)
      .flatMap(({ volumes = [] }) => volumes)
      .map((mount) => mount.split(":")[0]!);
    const declared = Object.keys(content.volumes ?? {});
    const missing = sources.filter((source) =>
      source.startsWith(".") ? !existsSync(resolve(FOLDER, source)) : !declared.includes(source),
    );
    expect(missing).toEqual([]);
  });

  it("exposes nothing but the proxy to other machines", () => {
    for (const { image, ports = [] } of Object.values(content.services)) {
      if (image.startsWith("caddy")) continue;
      expect(ports.filter((port) => !port.startsWith("127.0.0.1:"))).toEqual([]);
    }
  });
});

describe("cluster.yml", () => {
  const { content } = files.find(({ name }) => name === "cluster.yml")!;
  const names = Object.keys(content.services).filter((name) => content.services[name]!.image === "posthorn:latest");

  it("has three nodes with the same settings, which the proxy and Prometheus know", () => {
    expect(new Set(nodesOf(content).map((node) => JSON.stringify(node))).size).toBe(1);
    expect(names).toHaveLength(3);
    const [, proxied = ""] =
      /\{\$POSTHORN_NODES:([^}]+)\}/.exec(readFileSync(join(DEPLOY, "caddy/Caddyfile"), "utf8")) ?? [];
    expect(proxied.split(" ")).toEqual(names.map((name) => `${name}:8071`));
    const { scrape_configs: jobs } = parse(readFileSync(join(DEPLOY, "prometheus/prometheus.yml"), "utf8")) as {
      readonly scrape_configs: readonly {
        readonly static_configs: readonly { readonly targets: readonly string[] }[];
      }[];
    };
    expect(jobs[0]!.static_configs[0]!.targets).toEqual(names.map((name) => `${name}:9464`));
  });

  it("lets nodes trust the addresses of the network that only they share with the proxy", () => {
    const members = Object.keys(content.services).filter((name) => content.services[name]!.networks!.includes("edge"));
    expect(members).toEqual([...names, "proxy"]);
    const { subnet } = content.networks!["edge"]!.ipam.config[0]!;
    expect(nodesOf(content)[0]!.environment).toMatchObject({ POSTHORN_TRUSTED_PROXIES: subnet });
  });

  it("provisions Grafana with the dashboard and a default data source", () => {
    const provisioning = join(DEPLOY, "grafana/provisioning");
    const { datasources } = parse(readFileSync(join(provisioning, "datasources/prometheus.yml"), "utf8")) as {
      readonly datasources: readonly Readonly<Record<string, unknown>>[];
    };
    expect(datasources).toMatchObject([{ type: "prometheus", url: "http://prometheus:9090", isDefault: true }]);
    const { providers } = parse(readFileSync(join(provisioning, "dashboards/posthorn.yml"), "utf8")) as {
      readonly providers: readonly { readonly options: { readonly path: string } }[];
    };
    const mounted = content.services["grafana"]!.volumes!.map((mount) => mount.split(":")[1]);
    expect(mounted).toContain(`${providers[0]!.options.path}/${basename("grafana/posthorn.json")}`);
  });

  it.skipIf(promtool() === null)("has a configuration of Prometheus that promtool accepts", () => {
    const output = run(promtool()!, "check", "config", join(DEPLOY, "prometheus/prometheus.yml"));
    expect(output).toMatch(/^0 /);
    expect(output).toContain("rules found");
  });

  it.skipIf(caddy() === null)("has a configuration of Caddy that Caddy accepts", () => {
    const args = ["--config", join(DEPLOY, "caddy/Caddyfile"), "--adapter", "caddyfile"];
    expect(run(caddy()!, "validate", ...args)).toMatch(/^0 [^]*Valid configuration/);
    // Warns if it is not formatted.
    expect(run(caddy()!, "fmt", join(DEPLOY, "caddy/Caddyfile"))).toBe(
      `0 ${readFileSync(join(DEPLOY, "caddy/Caddyfile"), "utf8")}`,
    );
  });
});
