import i18next from "i18next";
import { beforeAll, describe, expect, it } from "vitest";
import { de } from "../i18n/de.ts";
import { attemptCause } from "./cause.ts";

const german = i18next.createInstance();

beforeAll(async () => {
  await german.init({ lng: "de", resources: { de: { translation: de } } });
});

describe("what came of an attempt", () => {
  it("is told in the language of the page, and by its code where that is not known there", () => {
    const end = (errorCode: string | null, responseStatusCode = 0, status = 2) =>
      attemptCause(german.t, { errorCode, responseStatusCode, status });
    expect(end("connect_refused")).toBe("Verbindung abgelehnt");
    expect(end("success_rule", 200)).toBe("Antwort 200, nach seiner Regel kein Erfolg");
    expect(end("something_new")).toBe("Something new");
    expect(end(null)).toBe("Keine Antwort");
    expect(end("status", 500)).toBe("Antwort 500");
  });
});
