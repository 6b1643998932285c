/** Each sentence that the server shows by a stable code has a German text in the dashboard and the portal. */
import { EGRESS_ERRORS } from "@posthorn/egress";
import { WEBHOOK_ERROR_CODES } from "@posthorn/webhooks";
import type { FindingCode } from "@posthorn/webhooks/doctor";
import { describe, expect, it } from "vitest";
import { doctor } from "../../dashboard/src/i18n/de/doctor.ts";
import { causes } from "../../dashboard/src/i18n/de/causes.ts";
import { quarantine as german } from "../../dashboard/src/i18n/de/quarantine.ts";
import { server } from "../../dashboard/src/i18n/de/server.ts";
import { quarantine as english } from "../../dashboard/src/i18n/en/quarantine.ts";
import { QUARANTINE_REASONS } from "../../dashboard/src/lib/quarantine.ts";
import { DESTINATION_ERROR_CODES } from "../src/destinations/kind.ts";
import { STATUS_SENTENCES } from "../src/domain/attempt/sentence.ts";
import { ORIGIN_NOT_ALLOWED } from "../src/domain/quarantine/permission.ts";
import type { KindProblem } from "../src/destinations/kind-rules.ts";
import type { TableSourceProblem } from "../src/domain/source/table-sources.ts";
import type { PosthornErrorCode } from "../src/lib/errors.ts";
import type { SourceKindProblem } from "../src/sources/kind-rules.ts";
import { SOURCE_ERROR_CODES, UNREADABLE_REASONS } from "../src/sources/source-event.ts";

const { sentences, summaries } = server;

/** Codes of errors that stop the start of a process, and so never reach a page. */
type StartErrorCode =
  | "body_consumed"
  | "config_invalid"
  | "data_folder_in_use"
  | "encryption_key_unavailable"
  | "schema_too_new"
  | "schema_mismatch"
  | "copy_unfinished"
  | "copy_refused"
  | "restore_unfinished"
  | "backup_refused"
  | "backup_invalid"
  | "restore_refused";
type ApiErrorCode = Exclude<PosthornErrorCode, StartErrorCode>;

// The compiler names missing codes: these lists exist only as types.
const API_TEXTS: Readonly<Record<ApiErrorCode, string>> = summaries.api;
const FINDING_TEXTS: Readonly<Record<FindingCode, string>> = { ...doctor.sentences, ...doctor.summaries };
/** Unknown and forbidden kinds are not offered. */
const KIND_TEXTS: Readonly<Record<Exclude<KindProblem["code"], "kind_unknown" | "kind_not_allowed">, string>> =
  summaries.kind;

/** Codes of a source that cannot be read now, apart from those of its reads. */
type StateCode = "quota_exceeded" | SourceKindProblem["code"] | TableSourceProblem["code"];
const STATE_TEXTS: Readonly<Record<StateCode, string>> = summaries.reading;
/** A kind that the server does not have has no hint. */
const STATE_HINTS: Readonly<Record<Exclude<StateCode, SourceKindProblem["code"]>, string>> = summaries.readingHint;

/** Codes of attempts whose sentence names details of the endpoint or its response. */
const WITH_DETAILS = ["redirect", "success_rule", "transform_failed", "format_failed", ...DESTINATION_ERROR_CODES];

function missing(codes: Iterable<string>, ...texts: readonly object[]): readonly string[] {
  return [...codes].filter((code) => !texts.some((group) => Object.hasOwn(group, code)));
}

const REASONS = [...WEBHOOK_ERROR_CODES, ORIGIN_NOT_ALLOWED, ...UNREADABLE_REASONS];

it("the dashboard knows each reason of a rejected request, and has a name for it in its languages", () => {
  expect([...QUARANTINE_REASONS].toSorted()).toEqual(REASONS.toSorted());
  for (const names of [english, german]) {
    expect(Object.keys(names.quarantineReasons).toSorted()).toEqual(REASONS.toSorted());
  }
});

describe("a German text exists", () => {
  it("for the sentence of each code that an attempt can fail with", () => {
    expect(missing(Object.keys(EGRESS_ERRORS), sentences.attempt)).toEqual([]);
    expect(missing(WITH_DETAILS, sentences.attempt, summaries.attempt)).toEqual([]);
  });

  it("for the short cause of each code that an attempt is recorded with", () => {
    const recorded = Object.entries(EGRESS_ERRORS).filter(([, { fault }]) => fault === "target" || fault === "refused");
    expect(missing([...recorded.map(([code]) => code), ...WITH_DETAILS], causes.causes)).toEqual([]);
  });

  it("for the sentence of each status, and for no other status", () => {
    const exact = Object.keys(sentences.status).filter((status) => /^\d+$/.test(status));
    expect(exact).toEqual(Object.keys(STATUS_SENTENCES));
  });

  it.each([
    ["for each error of the API", API_TEXTS],
    ["for each finding of the signature doctor", FINDING_TEXTS],
    ["for each problem with a destination kind", KIND_TEXTS],
    ["for each state of a source that prevents reading", STATE_TEXTS],
    ["for each hint about such a state", STATE_HINTS],
  ])("%s", (_, texts) => {
    expect(Object.entries(texts).filter(([, text]) => text.trim() === "")).toEqual([]);
  });

  it("for each code that reading a source can fail with, and for its hint", () => {
    expect(missing(SOURCE_ERROR_CODES, summaries.reading)).toEqual([]);
    expect(missing(SOURCE_ERROR_CODES, summaries.readingHint)).toEqual([]);
  });

  it("for each reason of a rejected request", () => {
    expect(missing(REASONS, summaries.quarantine)).toEqual([]);
  });
});
