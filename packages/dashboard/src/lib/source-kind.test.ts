import { describe, expect, it } from "vitest";
import type { FormKind } from "./kind-texts.ts";
import { configForm, readStateOf, sourceOfForm } from "./source-kind.ts";
import type { Source } from "./source-form.ts";

const field = (name: string, secret = false) => ({ name, type: "text", secret }) as FormKind["fields"][number];
const KIND = {
  kind: "schedule",
  fields: [field("cron"), field("timeZone"), field("payload"), field("contentType"), field("token", true)],
} as unknown as FormKind;
const SOURCE = {
  type: "schedule",
  kind: "schedule",
  config: { cron: "0 9 * * *", timeZone: "UTC" },
  configured: ["cron", "timeZone", "token"],
  metadata: {},
  expiresAt: null,
} as unknown as Source;

describe("the form of a source that Posthorn reads", () => {
  it("has its values, and says which secrets are set", () => {
    expect(configForm(SOURCE, KIND)).toMatchObject({ config: SOURCE.config, secrets: { token: true } });
  });

  it("keeps a secret that was not entered again", () => {
    const values = { name: " Daily ", uid: "", "config.cron": "0 8 * * *", "config.timeZone": "", "config.token": "" };
    expect(sourceOfForm(SOURCE, configForm(SOURCE, KIND), values)).toEqual({
      name: "Daily",
      uid: null,
      type: "schedule",
      kind: "schedule",
      config: { cron: "0 8 * * *", timeZone: null, payload: null, contentType: null },
      metadata: {},
      dailyQuota: null,
      expiresAt: null,
    });
  });

  it("uses the names of the compatible API for sources of the type cron", () => {
    const cron = { ...SOURCE, type: "cron", config: { schedule: "* * * * *", payload: "{}" } } as Source;
    const form = configForm(cron, KIND);
    expect(form.kind.fields.map(({ name }) => name)).toEqual(["cron", "payload", "contentType"]);
    expect(form.config).toMatchObject({ cron: "* * * * *", payload: "{}" });
    expect(sourceOfForm(cron, form, { "config.cron": "0 * * * *", "config.payload": "{}" })).toMatchObject({
      type: "cron",
      config: { schedule: "0 * * * *", payload: "{}", contentType: null },
    });
  });

  it("shows an unknown state as unavailable", () => {
    expect(["running", "asleep"].map(readStateOf)).toEqual(["running", "unavailable"]);
  });
});
