import { describe, expect, it } from "vitest";
import { CUSTOMER_LOCALES } from "../mail/emails.ts";
import { alertMail, confirmationMail } from "./emails.ts";
import type { EndpointAlert } from "./texts.ts";

const to = { to: "ada@example.com", product: "Kontor", application: "Acme Logistics" };
const LINK = "https://posthorn.example/alerts/confirm/token";
const ALERT = {
  host: "hooks.example.com",
  id: "ep_1",
  description: "",
  since: Date.UTC(2026, 4, 3, 14, 30),
  failures: 2,
};

function alert(status: EndpointAlert["status"], description = ""): EndpointAlert {
  return { ...ALERT, status, description };
}

describe.each(CUSTOMER_LOCALES)("emails in %s", (locale) => {
  it("have the link, the product and the application, and not the name of the platform", () => {
    const { subject, text } = confirmationMail(locale, { ...to, url: LINK });
    expect(text.split("\n\n")[1]).toBe(LINK);
    for (const part of ["Kontor", "Acme Logistics"]) expect(text).toContain(part);
    expect(subject).toContain("Kontor");
    expect(subject + text).not.toMatch(/posthorn(?!\.example)|undefined|NaN/i);
  });

  it("name no product when the operator has set none", () => {
    const { subject, text } = confirmationMail(locale, { ...to, product: "", url: LINK });
    expect(subject + text).not.toMatch(/ {2}|undefined|\b(?:from|von|de) [(.]/);
  });

  it("say what happened to each endpoint and since when, and how to unsubscribe", () => {
    const alerts = [alert("failing", "Orders"), alert("disabled"), alert("recovered")];
    const { subject, text } = alertMail(locale, alerts, { ...to, unsubscribe: LINK });
    expect(subject).toMatch(/^\[Kontor, Acme Logistics\] 2 .+, 1 .+$/u);
    expect(text).toContain("Orders, hooks.example.com (ep_1)");
    expect(text.match(/2026,? .*UTC/g)).toHaveLength(2);
    expect(text.trimEnd().endsWith(`\n${LINK}`)).toBe(true);
  });

  it("have singular and plural forms", () => {
    const textOf = (failures: number) =>
      alertMail(locale, [{ ...alert("failing"), failures }], { ...to, unsubscribe: LINK }).text;
    const [one, many] = [textOf(1), textOf(2)].map((text) => /\((\d \p{L}+)\)/u.exec(text)?.[1]);
    expect(one).toMatch(/^1 /);
    expect(many!.slice(2)).not.toBe(one!.slice(2));
  });
});

it("emails differ between languages", () => {
  const texts = CUSTOMER_LOCALES.map(
    (locale) => alertMail(locale, [alert("failing")], { ...to, unsubscribe: LINK }).text,
  );
  expect(new Set(texts).size).toBe(CUSTOMER_LOCALES.length);
});
