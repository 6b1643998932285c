import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { DESTINATION_KINDS } from "../../src/destinations/kinds.ts";
import { DRIVER_TESTS, EXCEPTIONS, NOT_SENT, SUITES } from "./conformance.ts";

const text = (path: string): string => readFileSync(fileURLToPath(new URL(path, import.meta.url)), "utf8");

describe("the conformance suite", () => {
  it("runs for every kind that sends, and for each in one place", () => {
    const tested = Object.values(SUITES).flat();
    expect([...tested, ...Object.keys(NOT_SENT)].toSorted()).toEqual(Object.keys(DESTINATION_KINDS).toSorted());
    expect(Object.keys(EXCEPTIONS).toSorted()).toEqual(tested.toSorted());
  });

  it.each(Object.entries(SUITES))("runs in %s for the kinds that are listed", (file, kinds) => {
    const source = text(file);
    expect(source).toContain("destinationSuite(");
    expect(kinds.filter((kind) => !new RegExp(`\\b${kind}\\b`).test(source))).toEqual([]);
  });

  it("tests repetitions for every target that recognises and reports them", () => {
    const createOnly = Object.entries(DESTINATION_KINDS).filter(([, { idempotency }]) => idempotency === "create-only");
    expect(createOnly.filter(([kind]) => EXCEPTIONS[kind]?.has_it_already !== undefined)).toEqual([]);
  });

  it("has a reason for every omission", () => {
    const reasons = [...Object.values(EXCEPTIONS).flatMap((one) => Object.values(one)), ...Object.values(NOT_SENT)];
    for (const reason of reasons) expect(reason).toMatch(/^[A-Z].{20,}\.$/);
  });
});

describe("the driver of every kind with a connection", () => {
  /** Classes of results that each driver must produce with its real counterpart. */
  const CLASSES = {
    success: /\baccepted\(/,
    "an error of the target": /"target_(?:not_found|unavailable)"|"connection_failed"/,
    "wrong credentials": /credentials_refused/,
    "masking of credentials": /not\.toContain\("(?:wrong-password|mail-secret)"\)/,
    "an oversized or refused message": /message_(?:too_large|invalid)/,
    "the death of the target before its confirmation":
      /program\.kill\(\)|server\.stop\("SIGKILL"\)|pg_terminate_backend/,
  } as const;

  it("is tested with a real counterpart", () => {
    const kinds = Object.entries(DESTINATION_KINDS).flatMap(([kind, { family }]) =>
      family === "connection" ? [kind] : [],
    );
    expect(Object.values(DRIVER_TESTS).flat().toSorted()).toEqual(kinds.toSorted());
  });

  it.each(Object.keys(DRIVER_TESTS))("produces every class of result in %s", (file) => {
    const source = text(`../counterparts/${file}`);
    const missing = Object.entries(CLASSES).flatMap(([name, pattern]) => (pattern.test(source) ? [] : [name]));
    expect(missing).toEqual([]);
  });

  it("is part of the tests of timeouts, silence and addresses", () => {
    const source = text("../counterparts/connector.test.ts");
    expect(
      Object.values(DRIVER_TESTS)
        .flat()
        .filter((kind) => !source.includes(`["${kind}", {`)),
    ).toEqual([]);
  });
});
