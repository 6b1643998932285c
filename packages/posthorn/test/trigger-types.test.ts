/** Prepared events against the types that providers publish: every field exists there, with a value of its type. */
import { spawnSync } from "node:child_process";
import { symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { resolveOracle } from "@posthorn/testkit/oracles";
import { expect, it } from "vitest";
import { allEvents } from "../src/ingest/prepared-events/index.ts";
import { Values } from "../src/ingest/prepared-events/values.ts";
import { temporaryFolder } from "./support/store.ts";

type Body = Readonly<Record<string, unknown>>;

interface Checked {
  readonly provider: string;
  /** Module with the types. */
  readonly module: string;
  /** Type of an event, in which `Types` is the module; `null`: the module has none. */
  readonly typeOf: (event: string, body: Body) => string | null;
  /** The part of the body that has the type. Default: all of it. */
  readonly part?: (body: Body) => unknown;
}

const CHECKED: readonly Checked[] = [
  {
    provider: "github",
    module: "@octokit/openapi-webhooks-types",
    typeOf: (event) => `Types.components["schemas"]["webhook-${event.replace(".", "-").replaceAll("_", "-")}"]`,
  },
  { provider: "stripe", module: "stripe", typeOf: (event) => `Extract<Types.Stripe.Event, { type: "${event}" }>` },
  {
    provider: "slack",
    module: "@slack/types",
    typeOf: (event) => `Extract<Types.SlackEvent, { type: "${event}" }>`,
    part: ({ event }) => event,
  },
  {
    provider: "paddle",
    module: "@paddle/paddle-node-sdk",
    typeOf: () => "Types.ITransactionNotificationResponse",
    part: ({ data }) => data,
  },
  {
    provider: "linear",
    module: "@linear/sdk/webhooks",
    typeOf: () => "Types.EntityWebhookPayloadWithIssueData",
  },
];

/** Optional at every depth: a prepared event has the fields that receivers use, and no others than real ones. */
const PART = `type Part<T> = T extends readonly (infer I)[] ? Part<I>[] : T extends object ? { [K in keyof T]?: Part<T[K]> } : T;`;

it("has only fields that exist in the types of the provider", async () => {
  using folder = temporaryFolder();
  // The folder in which imports of packages are looked up.
  const stripe = resolveOracle("stripe");
  const packages = stripe.slice(0, stripe.lastIndexOf("node_modules") + "node_modules".length);
  symlinkSync(packages, join(folder.path, "node_modules"));
  const all = await allEvents();
  const files: string[] = [];
  for (const { provider, module, typeOf, part = (body: Body): unknown => body } of CHECKED) {
    const lines = [`import type * as Types from "${module}";`, PART];
    for (const [event, make] of Object.entries(all[provider]!)) {
      const body = make(new Values(new Date("2026-02-03T04:05:06Z"))).body as Body;
      const type = typeOf(event, body);
      lines.push(`export const event${lines.length}: Part<${type}> = ${JSON.stringify(part(body), null, 1)};`);
    }
    const file = join(folder.path, `${provider.replaceAll(".", "-")}.ts`);
    writeFileSync(file, lines.join("\n"));
    files.push(file);
  }
  writeFileSync(join(folder.path, "package.json"), '{ "type": "module" }');
  const flags = ["--noEmit", "--strict", "--skipLibCheck", "--module", "nodenext", "--target", "es2022", "--types", ""];
  const { stdout, status } = spawnSync("tsc", [...flags, ...files], { cwd: folder.path, encoding: "utf8" });
  expect({ status, stdout }).toMatchObject({ status: 0, stdout: "" });
});
