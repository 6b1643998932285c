/** Each value of a policy is present in the API, in the dashboard's form and in the documents. */
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { policy as german } from "../../dashboard/src/i18n/de/policy.ts";
import { policy as english } from "../../dashboard/src/i18n/en/policy.ts";
import { policy as spanish } from "../../dashboard/src/i18n/es/policy.ts";
import { policy as french } from "../../dashboard/src/i18n/fr/policy.ts";
import { POLICY_MODELS } from "../src/api/models/policy/policy.ts";
import type { PlatformDefaults } from "../src/domain/policy/section.ts";
import { SECTION_NAMES, sectionOf } from "../src/domain/policy/sections.ts";

const DEFAULTS: PlatformDefaults = {
  retrySchedule: [1000],
  requestTimeoutMs: 1000,
  maxRequestTimeoutMs: 1000,
  endpointConcurrency: 1,
  autoDisableAfterMs: 0,
  verification: "off",
  signatureStyle: "standard",
  signatureHeader: "",
  customerAlerts: true,
};
const PAGES = new URL("../../../docs/features/", import.meta.url);

function fieldsOf(section: (typeof SECTION_NAMES)[number]): readonly string[] {
  return Object.keys(sectionOf(section).platform(DEFAULTS)).toSorted();
}

function modelOf(section: string): object {
  const id = `${section.charAt(0).toUpperCase()}${section.slice(1)}Policy`;
  const models = POLICY_MODELS as readonly { readonly $id?: string; readonly properties: object }[];
  return models.find(({ $id }) => $id === id)!.properties;
}

describe.each(SECTION_NAMES)("the policy section %s", (section) => {
  const fields = fieldsOf(section);

  it("has the same fields in the API as in the domain", () => {
    expect(Object.keys(modelOf(section)).toSorted()).toEqual(fields);
  });

  it("has a title and labels in the form, in all languages of the portal", () => {
    for (const { policy } of [english, german, french, spanish]) {
      expect(Object.keys(policy.sections)).toContain(section);
      const labels = Object.keys(policy.fields).filter((key) => key.startsWith(`${section}_`));
      expect(labels.toSorted()).toEqual(fields.map((field) => `${section}_${field}`));
    }
  });

  it("is described in docs/features, with each of its fields", () => {
    const pages = readdirSync(PAGES).map((page) => readFileSync(new URL(page, PAGES), "utf8"));
    const described = (field: string): boolean =>
      pages.some((page) => page.includes(section) && new RegExp(`\\b${field}\\b`).test(page));
    expect(fields.filter((field) => !described(field))).toEqual([]);
  });
});
