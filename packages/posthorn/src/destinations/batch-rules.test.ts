import { describe, expect, it } from "vitest";
import { checkConfig } from "../fields/config.ts";
import { batchRules, guaranteesOf } from "./batch-rules.ts";
import type { KindConfig } from "./kind.ts";
import { DESTINATION_KINDS } from "./kinds.ts";

const KEYS = { region: "eu-central-1", accessKeyId: "AKIDOFATEST", secretAccessKey: "secret" };

function configOf(kind: string, values: Readonly<Record<string, unknown>>): KindConfig {
  const checked = checkConfig(DESTINATION_KINDS[kind]!, values, null);
  if (checked.kind === "invalid") throw new Error(JSON.stringify(checked.problems));
  return checked.config;
}

describe.each([
  ["sqs", (name: string) => ({ queueUrl: `https://sqs.eu-central-1.amazonaws.com/123456789012/${name}` })],
  ["sns", (name: string) => ({ topicArn: `arn:aws:sns:eu-central-1:123456789012:${name}` })],
] as const)("the kind %s", (name, valuesOf) => {
  const kind = DESTINATION_KINDS[name]!;
  const [standard, fifo] = ["events", "events.fifo"].map((target) => configOf(name, { ...KEYS, ...valuesOf(target) }));

  it("recognises IDs and keeps the order of a key only if its target is FIFO", () => {
    expect(kind).toMatchObject({ idempotency: "none", ordering: "none" });
    expect(guaranteesOf(kind, standard!)).toEqual({ idempotency: "none", ordering: "none" });
    expect(guaranteesOf(kind, fifo!)).toEqual({ idempotency: "key", ordering: "key" });
  });

  it("contains only one message per key if its target is FIFO, because that may accept a later one without an earlier one", () => {
    expect(batchRules(kind, standard!)?.sharesKeys).toBe(true);
    expect(batchRules(kind, fifo!)?.sharesKeys).toBe(false);
  });
});

describe("batches", () => {
  it("do not exist for a kind that accepts one message at a time", () => {
    const config = configOf("posthorn", { url: "https://posthorn.example.com/in/abcdef" });
    expect(batchRules(DESTINATION_KINDS["posthorn"]!, config)).toBeNull();
  });
});
