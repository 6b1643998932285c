import i18next from "i18next";
import { beforeAll, describe, expect, it } from "vitest";
import { de } from "../i18n/de.ts";
import { attemptCause, causeText } from "./cause.ts";

const german = i18next.createInstance();

beforeAll(async () => {
  await german.init({ lng: "de", resources: { de: { translation: de } } });
});

describe("the cause of an attempt", () => {
  it("is translated, and falls back to the words of its code", () => {
    const end = (errorCode: string | null, responseStatusCode = 0, status = 2) =>
      attemptCause(german.t, { errorCode, responseStatusCode, status });
    expect(end("connect_refused")).toBe("Verbindung abgelehnt");
    expect(end("success_rule", 200)).toBe("HTTP 200 OK, Erfolgsregel nicht erfüllt");
    expect(end("something_new")).toBe("Something new");
    expect(end(null)).toBe("Keine Antwort");
    expect(end("status", 500)).toBe("HTTP 500 Internal Server Error");
  });

  it("is named by its word in filters and incidents", () => {
    expect(["502", "timeout", "0", "something_new"].map((cause) => causeText(german.t, cause))).toEqual([
      "HTTP 502 Bad Gateway",
      german.t("causes.timeout"),
      "Keine Antwort",
      "Something new",
    ]);
  });
});
