import i18next from "i18next";
import { beforeAll, describe, expect, it } from "vitest";
import { server } from "../i18n/de/server.ts";
import { attemptText, errorText, SERVER_TEXTS, serverText } from "./server-text.ts";

const german = i18next.createInstance();
const english = i18next.createInstance();

beforeAll(async () => {
  await german.init({ lng: "de", resources: { de: { [SERVER_TEXTS]: server } } });
  await english.init({ lng: "en" });
});

describe("a sentence of the server", () => {
  const failed = (responseStatusCode: number, errorCode: string | null) =>
    attemptText(german, { responseStatusCode, errorCode }, "English.");

  it("is shown as sent on an English page", () => {
    const attempt = { responseStatusCode: 0, errorCode: "timeout" };
    expect(attemptText(english, attempt, "English.")).toEqual({ text: "English.", original: null });
  });

  it("is translated by its error code or status, also by the class of a status", () => {
    expect(failed(0, "dns_not_found")).toEqual({ text: server.sentences.attempt.dns_not_found, original: null });
    expect(failed(502, "status")).toEqual({ text: server.sentences.status["502"], original: null });
    expect(failed(418, null).text).toBe(server.sentences.status["4xx"]);
    expect(failed(599, "status").text).toBe(server.sentences.status["5xx"]);
    expect(failed(204, "status").text).toBe(server.sentences.status.other);
  });

  it("with details follows its translation", () => {
    expect(failed(200, "success_rule")).toEqual({ text: server.summaries.attempt.success_rule, original: "English." });
    expect(serverText(german, "quarantine", "signature_mismatch", "English.").original).toBe("English.");
  });

  it("in an error of the API is translated by its code, and an error without one is shown as it is", () => {
    const coded = Object.assign(new Error("English."), { code: "validation" });
    expect(errorText(german, coded)).toEqual({ text: server.summaries.api.validation, original: "English." });
    expect(errorText(english, coded)).toEqual({ text: "English.", original: null });
    expect(errorText(german, new Error("Deutsch."))).toEqual({ text: "Deutsch.", original: null });
  });

  it("with an unknown code is shown as sent", () => {
    expect(failed(0, "something_new")).toEqual({ text: "English.", original: null });
  });
});
