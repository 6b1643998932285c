/** Content of cards: defaults for any event, templates, and cards that a transformation returns. */
/* oxlint-disable vitest/no-conditional-expect, vitest/expect-expect -- properties check what an event happens to contain */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type ShorteningOptions, excerptOf, shortened } from "../../../src/destinations/chat/excerpt.ts";
import { NO_TEMPLATES, renderCard, type CardTemplates } from "../../../src/destinations/chat/render.ts";
import { parseTemplate, renderTemplate, scopeOf, templateProblem } from "../../../src/destinations/chat/template.ts";
import { readBody } from "../../../src/destinations/chat/event.ts";
import { escapeDiscord } from "../../../src/destinations/chat/discord-card.ts";
import { escapeSlack } from "../../../src/destinations/chat/slack-card.ts";
import type { KindMessage } from "../../../src/destinations/kind.ts";
import { CREATED_AT, message, text } from "./messages.ts";

function shown(sent: KindMessage, templates: Partial<CardTemplates> = {}) {
  const { card } = renderCard(sent, { ...NO_TEMPLATES, ...templates });
  const fields = Object.fromEntries(card.fields.map(({ name, value }) => [name.text, value.text]));
  return { ...card, title: card.title.text, text: card.text.text, footer: card.footer.text, fields };
}

describe("a card without configuration", () => {
  it("has the event type in words, the values at the top level, the link and the severity", () => {
    const card = shown(
      message({
        number: "R-7",
        amount_due: 12.5,
        paid: false,
        html_url: "https://example.com/r/7",
        customer: { id: 3, name: "Acme" },
        lines: [{ a: 1 }],
      }),
    );
    expect(card).toMatchObject({
      title: "Invoice payment failed",
      text: "",
      fields: {
        Number: "R-7",
        "Amount due": "12.5",
        Paid: "false",
        "Html URL": "https://example.com/r/7",
        Customer: "Acme",
      },
      link: "https://example.com/r/7",
      severity: "error",
      footer: "invoice.payment_failed · msg_2x8Yq0",
      timestamp: CREATED_AT,
    });
  });

  it("reads the envelope that products put around their events", () => {
    const stripe = {
      id: "evt_1",
      type: "invoice.payment_failed",
      data: { object: { id: "in_1", hosted_invoice_url: "https://pay.example.com/x", status: "open" } },
    };
    const card = shown(message(stripe));
    expect(card.fields).toEqual({ ID: "in_1", "Hosted invoice URL": "https://pay.example.com/x", Status: "open" });
    expect(card.link).toBe("https://pay.example.com/x");
  });

  it("has the message or description as text", () => {
    expect(shown(message({ message: "Disk is full", host: "db1" }))).toMatchObject({
      text: "Disk is full",
      fields: { Host: "db1" },
    });
  });

  it.each([
    ["invoice.paid", {}, "success"],
    ["deploy.finished", { state: "failed" }, "error"],
    ["alert", { labels: {}, severity: "critical" }, "critical"],
    ["disk.warning", {}, "warning"],
    ["user.created", {}, "info"],
  ])("of %s has a severity", (eventType, body, severity) => {
    expect(shown(message(body, { eventType })).severity).toBe(severity);
  });

  it("shows XML, forms, text, lists and binary content", () => {
    const xml = message('<order id="7"><status>paid</status><total>3</total></order>', {
      contentType: "application/xml",
    });
    expect(shown(xml).fields).toEqual({ "@id": "7", Status: "paid", Total: "3" });
    const form = message("status=paid&total=3", { contentType: "application/x-www-form-urlencoded" });
    expect(shown(form).fields).toEqual({ Status: "paid", Total: "3" });
    expect(shown(message("Hello\r\nworld", { contentType: "text/plain" })).text).toBe("Hello\nworld");
    expect(shown(message([1, 2])).text).toBe("[1,2]");
    expect(shown(message(Buffer.from([0xff, 0xfe]), { contentType: "image/png" })).text).toBe(
      "Binary content, 2 bytes.",
    );
    expect(shown(message("{broken")).text).toBe("{broken");
  });

  it("keeps every digit of large integers", () => {
    expect(shown(message('{"id": 12345678901234567890}')).fields).toEqual({ ID: "12345678901234567890" });
  });

  it("counts the fields that it does not show", () => {
    const card = renderCard(
      message(Object.fromEntries(Array.from({ length: 27 }, (_, index) => [`field${index}`, index]))),
      NO_TEMPLATES,
    ).card;
    expect([card.fields.length, card.fieldsLeftOut]).toEqual([20, 7]);
  });

  it("marks a test", () => {
    expect(shown(message({}, { isTest: true })).title).toBe("Test: Invoice payment failed");
  });

  it.each([
    "javascript:alert(1)",
    "https://user:pass@example.com/",
    "ftp://example.com",
    "//example.com",
    "https://",
    7,
  ])("has no link to %s", (url) => expect(shown(message({ url })).link).toBeNull());
});

describe("a card with templates", () => {
  it("has the results of the templates", () => {
    const card = shown(
      message({ amount: 1250, currency: "eur", customer: { name: "Acme" }, due: "2026-12-01T09:30:00Z" }),
      {
        title:
          "{{ body.customer.name | upper }} pays {{ body.amount | divide: 100 | round: 2 }} {{ body.currency | upper }}",
        text: 'Due on {{ body.due | date: "DD.MM.YYYY HH:mm", "Europe/Berlin" }}.',
        fields: "Customer: {{ body.customer.name }}\n\nMissing: {{ body.nothing }}\nUnit: EUR",
        link: "https://example.com/{{ id }}",
        severity: '{{ body.currency | map: "eur", "warning" }}',
      },
    );
    expect(card).toMatchObject({
      title: "ACME pays 12.50 EUR",
      text: "Due on 01.12.2026 10:30.",
      fields: { Customer: "Acme", Unit: "EUR" },
      link: "https://example.com/msg_2x8Yq0",
      severity: "warning",
    });
  });

  it("has the event type as title if the template has an empty result", () => {
    expect(shown(message({}), { title: "{{ body.none }}" }).title).toBe("Invoice payment failed");
  });
});

describe("a card that a transformation returned", () => {
  it("is shown unchanged", () => {
    const card = {
      title: "T",
      text: "Text",
      fields: [
        { name: "A", value: 1 },
        { title: "B", value: { c: 2 } },
      ],
      link: "https://example.com",
      severity: "success",
      footer: "F",
      timestamp: 0,
    };
    expect(shown(message(card))).toMatchObject({
      title: "T",
      text: "Text",
      fields: { A: "1", B: '{"c":2}' },
      link: "https://example.com/",
      severity: "success",
      footer: "F",
      timestamp: 0,
    });
    expect(shown(message({ title: "T", fields: { A: 1 } })).fields).toEqual({ A: "1" });
  });

  it("can have anything in its members", () => {
    fc.assert(
      fc.property(fc.record({ title: fc.string() }, { requiredKeys: ["title"] }), fc.jsonValue(), (card, value) => {
        for (const name of ["text", "fields", "link", "severity", "footer", "timestamp"])
          shown(message({ ...card, [name]: value }));
      }),
    );
  });
});

describe("a template", () => {
  const sent = message({
    a: { "odd name": ["x", "y"] },
    empty: "",
    zero: 0,
    list: [1, 2],
    n: null,
    long: "abcdefghij",
    o: { b: 1 },
  });
  const scope = scopeOf(sent, readBody(sent));
  const render = (template: string): string => renderTemplate(parseTemplate(template), scope).text;

  it.each([
    ["plain } text { {", "plain } text { {"],
    ['{{ body.a["odd name"][0] }}{{ body.a["odd name"][-1] }}', "xy"],
    ["{{body.zero}}{{ body.n }}{{ body.none.more[3] }}", "0"],
    ['{{ body.empty | default: "none" }}', "none"],
    ["{{ body.zero | default: 5 }}", "0"],
    ["{{ body.o }}", '{"b":1}'],
    ["{{ body.o | json }} {{ body.list | size }}", '{"b":1} 2'],
    ['{{ body.list | join: ", " }}', "1, 2"],
    ["{{ body.long | truncate: 5 }}", "abcd…"],
    ['{{ "{{" }} {{ test }} {{ eventType | humanise }}', "{{ false Invoice payment failed"],
    ['{{ time | date: "YYYY-MM-DD" }}', "2026-11-27"],
    ['{{ body.long | date: "YYYY" }}', "abcdefghij"],
    ["{{ data.zero }}{{ payload.zero }}{{ topic }}", "00invoice.payment_failed"],
    ["{{ body.__proto__ }}{{ body.constructor }}{{ body.list.length }}", ""],
  ])("%s renders %s", (template, expected) => {
    expect(render(template)).toBe(expected);
  });

  it.each([
    ["{{ }}", "expected the path"],
    ["{{ name }}", '"name" is unknown. Paths start with body'],
    ["{{ body.x | shout }}", '"shout" is not a filter'],
    ["a\n{{ body.x | constructor }}", "Line 2"],
    ["{{ body.x | truncate }}", "takes a whole number"],
    ['{{ body.x | map: "a" }}', "takes pairs"],
    ['{{ body.x | date: "YYYY", "Mars/Base" }}', "does not know the time zone"],
    ['{{ "open }}', "a quote is not closed"],
    ["{{ body.x", 'expected "|" or "}}"'],
    ["{{ body. }}", "expected a name after the dot"],
    ["{{ 1 }}".repeat(101), "more than 100 values"],
  ])("%s is rejected with a message", (template, problem) => {
    expect(templateProblem(template)).toContain(problem);
  });

  it("of any text is either rejected or rendered, and never fails otherwise", () => {
    const piece = fc.constantFrom(
      "{{",
      "}}",
      "body",
      ".",
      "a",
      "[",
      "]",
      '"',
      "|",
      "upper",
      "date",
      ":",
      ",",
      "1",
      " ",
      "map",
      "'x'",
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => {
        const template = pieces.join("");
        if (templateProblem(template) === null) render(template);
      }),
      { numRuns: 2000 },
    );
  });
});

describe("a shortened text", () => {
  const escapes: Readonly<Record<string, ShorteningOptions["escape"]>> = {
    none: (part) => part,
    slack: escapeSlack,
    discord: escapeDiscord,
  };

  it("is within its limit, ends between graphemes, and counts the characters that are missing", () => {
    const segmenter = new Intl.Segmenter("en", { granularity: "grapheme" });
    fc.assert(
      fc.property(
        text,
        fc.integer({ min: 80, max: 400 }),
        fc.constantFrom(...Object.keys(escapes)),
        (whole, limit, name) => {
          const escape = escapes[name]!;
          const excerpt = excerptOf(whole);
          const result = shortened(excerpt, { limit, escape });
          expect(result.length).toBeLessThanOrEqual(limit);
          expect(result.isWellFormed()).toBe(true);
          const note = /… \(shortened, (\d+) more characters?\)$/.exec(result);
          if (note === null) {
            expect(result).toBe(escape(excerpt.text));
            return;
          }
          const kept = result.slice(0, note.index);
          const graphemes = [...segmenter.segment(excerpt.text)].map(({ segment }) => segment);
          let end = 0;
          const boundaries = new Set([0, ...graphemes.map((segment) => (end += segment.length))]);
          const at = [...boundaries].find((boundary) => escape(excerpt.text.slice(0, boundary)).trimEnd() === kept);
          const isHuge = graphemes.some((segment) => segment.length > 64);
          if (!isHuge) expect(at).toBeDefined();
          const missing = Number(note[1]);
          expect(missing).toBeGreaterThan(0);
          if (at !== undefined)
            expect(missing).toBeLessThanOrEqual(Array.from(excerpt.text.slice(at)).length + excerpt.more);
        },
      ),
      { numRuns: 300 },
    );
  });

  it("says how much of the original is missing, not of the kept part", () => {
    expect(shortened(excerptOf("a".repeat(20_000)), { limit: 100 })).toBe(
      `${"a".repeat(100 - 36)}… (shortened, 19936 more characters)`,
    );
    expect(shortened(excerptOf("😀".repeat(50)), { limit: 10 })).toBe("😀😀😀😀…");
  });
});
