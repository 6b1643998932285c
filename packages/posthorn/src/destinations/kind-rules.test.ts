import { describe, expect, it } from "vitest";
import { kindRules } from "./kind-rules.ts";

const ENDPOINT = 12;
const noKafka = (kind: string): readonly string[] => (kind === "kafka" ? ["client@2"] : []);

describe("an endpoint of a kind with a package, in a cluster", () => {
  it("has a problem if no node sends to it, whether or not the node that is asked has the package", () => {
    const isSentTo = (_kind: string, endpointId: number | null): boolean => endpointId !== ENDPOINT;
    const lacking = kindRules({ allowed: null, missingPackages: noKafka, isSentTo });
    const complete = kindRules({ allowed: null, isSentTo });
    expect(lacking.problem("kafka", ENDPOINT)).toMatchObject({
      code: "kind_unavailable",
      sentence: expect.stringContaining('Run "npm i client@2"'),
    });
    expect(complete.problem("kafka", ENDPOINT)).toMatchObject({
      code: "kind_unavailable",
      sentence: expect.stringMatching(/^The node of the cluster that sends to this endpoint lacks a package/),
    });
    for (const rules of [lacking, complete])
      expect([rules.problem("kafka"), rules.problem("kafka", 13)]).toEqual([null, null]);
  });

  it("depends on the packages of this node while the cluster is unknown", () => {
    const rules = kindRules({ allowed: null, missingPackages: noKafka, isSentTo: () => null });
    expect([rules.problem("kafka")?.code, rules.problem("mqtt")]).toEqual(["kind_unavailable", null]);
  });

  it("is refused if the kind is not allowed, and webhooks never are", () => {
    const rules = kindRules({ allowed: new Set(["mqtt"]), isSentTo: () => false });
    expect([rules.problem("kafka")?.code, rules.problem("http", ENDPOINT)]).toEqual(["kind_not_allowed", null]);
  });
});
