import { describe, expect, it } from "vitest";
import { packageFindings } from "./packages.ts";

const USES = [
  { kind: "kafka", endpoints: 2 },
  { kind: "mqtt", endpoints: 1 },
];
const noKafka = (kind: string): readonly string[] => (kind === "kafka" ? ["@platformatic/kafka@2"] : []);

describe("the check of packages", () => {
  it("names the package that endpoints need, and the command that installs it", () => {
    const findings = packageFindings(USES, [["kafka"]], noKafka);
    expect(findings).toEqual([
      {
        check: "packages",
        status: "warning",
        found: expect.stringMatching(
          /^2 Apache Kafka endpoints need @platformatic\/kafka@2, which is not installed here\.$/,
        ),
        fix: expect.stringContaining("`npm i @platformatic/kafka@2`"),
      },
    ]);
  });

  it("warns of nothing if another node has the package, or no endpoint needs it", () => {
    expect(packageFindings(USES, [["kafka"], []], noKafka)).toMatchObject([{ status: "ok" }]);
    expect(packageFindings([USES[1]!], [], noKafka)).toMatchObject([{ status: "ok" }]);
  });
});
