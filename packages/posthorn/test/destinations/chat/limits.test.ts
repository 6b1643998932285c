/** Properties of all chat and paging kinds: no event, however large or hostile, exceeds a limit or changes the structure of a message. */
/* oxlint-disable vitest/no-conditional-expect, vitest/expect-expect -- properties check what an event happens to contain */
import type { InlineKeyboardMarkup } from "@grammyjs/types";
import type { chat_v1 } from "@googleapis/chat";
import type { event as pagerDutyCall } from "@pagerduty/pdjs";
import type { KnownBlock } from "@slack/types";
import { requireOracle } from "@posthorn/testkit/oracles";
import type { RESTPostAPIWebhookWithTokenJSONBody } from "discord-api-types/v10";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ATTACHMENT_LIMITS, type AttachmentMessage } from "../../../src/destinations/chat/attachment-card.ts";
import { DISCORD_LIMITS, type DiscordMessage, embedCharacters } from "../../../src/destinations/chat/discord-card.ts";
import { GOOGLE_CHAT_LIMITS, type GoogleChatMessage } from "../../../src/destinations/chat/google-chat-card.ts";
import { MAIL_LIMITS, mailHtml } from "../../../src/destinations/chat/mail-card.ts";
import { PAGER_DUTY_LIMITS, type PagerDutyEvent } from "../../../src/destinations/chat/pager-duty-event.ts";
import { NO_TEMPLATES, renderCard } from "../../../src/destinations/chat/render.ts";
import { SLACK_LIMITS, type SlackMessage } from "../../../src/destinations/chat/slack-card.ts";
import { TEAMS_LIMITS, type TeamsMessage } from "../../../src/destinations/chat/teams-card.ts";
import { TELEGRAM_LIMITS } from "../../../src/destinations/chat/telegram-card.ts";
import { CARD_KINDS, event, jsonOf, message, requestOf } from "./messages.ts";

const RUNS = { numRuns: 150 };

/** Vendors' types have mutable lists, ours read-only ones. With this type, the compiler compares the rest of the structure. */
type Mutable<T> = T extends object ? { -readonly [Key in keyof T]: Mutable<T[Key]> } : T;

type PagerDutyPayload = Parameters<typeof pagerDutyCall>[0]["data"];

/** The body that each kind sends. */
interface SentBy {
  readonly slack: SlackMessage;
  readonly discord: DiscordMessage;
  readonly teams: TeamsMessage;
  readonly googleChat: GoogleChatMessage;
  readonly telegram: TelegramMessage;
  readonly mattermost: AttachmentMessage;
  readonly rocketChat: AttachmentMessage;
  readonly pagerDuty: PagerDutyEvent;
}

/** Calls a function with the bodies that a kind sends for many events. */
function forEvents<Kind extends keyof SentBy>(kind: Kind, check: (sent: SentBy[Kind], bytes: number) => void): void {
  fc.assert(
    fc.property(event, fc.boolean(), (body, isTest) => {
      const request = requestOf(kind, message(body, { isTest }));
      check(jsonOf(request) as SentBy[Kind], request.body.byteLength);
    }),
    RUNS,
  );
}

describe("a Slack message", () => {
  it("is within the limits of Block Kit, and of its types", () => {
    forEvents("slack", (sent: SlackMessage) => {
      // The compiler checks the form of the blocks.
      const blocks: KnownBlock[] = (sent as Mutable<SlackMessage>).blocks;
      expect(blocks.length).toBeLessThanOrEqual(SLACK_LIMITS.blocks);
      expect(JSON.stringify(sent).length).toBeLessThanOrEqual(SLACK_LIMITS.messageCharacters);
      for (const block of sent.blocks) {
        if (block.type === "header") expectLength(block.text.text, 1, SLACK_LIMITS.header);
        else if (block.type === "context") {
          expect(block.elements.length).toBeLessThanOrEqual(SLACK_LIMITS.contextElements);
          for (const { text } of block.elements) expectLength(text, 1, SLACK_LIMITS.sectionFieldText);
        } else if ("fields" in block) {
          expect(block.fields.length).toBeLessThanOrEqual(SLACK_LIMITS.sectionFields);
          for (const { text } of block.fields) expectLength(text, 1, SLACK_LIMITS.sectionFieldText);
        } else expectLength(block.text.text, 1, SLACK_LIMITS.sectionText);
      }
    });
  });

  it("has no mentions and no links except its own, because control characters are entities", () => {
    forEvents("slack", ({ text, blocks }: SlackMessage) => {
      for (const part of [text, ...blocks.flatMap(slackTexts)]) {
        const own = /^<https?:\/\/[^<>|\s]+\|View details>$/.test(part);
        if (!own) expect(part).not.toMatch(/[<>]|&(?!amp;|lt;|gt;)/);
      }
      for (const block of blocks) {
        if (block.type !== "section" || !("fields" in block)) continue;
        for (const { type, text: name } of block.fields) if (type === "mrkdwn") expect(name).toMatch(/^\*[^*_~`]*\*$/);
      }
    });
  });
});

function slackTexts(block: SlackMessage["blocks"][number]): string[] {
  if (block.type === "context") return block.elements.map(({ text }) => text);
  return "fields" in block ? block.fields.map(({ text }) => text) : [block.text.text];
}

describe("a Discord message", () => {
  it("is within the limits of embeds, and of its types", () => {
    forEvents("discord", (sent: DiscordMessage) => {
      const typed: RESTPostAPIWebhookWithTokenJSONBody = sent as Mutable<DiscordMessage>;
      expect(typed.allowed_mentions).toEqual({ parse: [] });
      expect(typed.content).toBeUndefined();
      const [embed] = sent.embeds;
      expect(embedCharacters(embed)).toBeLessThanOrEqual(DISCORD_LIMITS.embedCharacters);
      expectLength(embed.title, 1, DISCORD_LIMITS.title);
      expectLength(embed.description ?? "-", 1, DISCORD_LIMITS.description);
      expect(embed.fields.length).toBeLessThanOrEqual(DISCORD_LIMITS.fields);
      for (const { name, value } of embed.fields) {
        expectLength(name, 1, DISCORD_LIMITS.fieldName);
        expectLength(value, 1, DISCORD_LIMITS.fieldValue);
      }
      expect(Date.parse(embed.timestamp)).not.toBeNaN();
    });
  });

  it("escapes every character of Markdown, mentions and links", () => {
    forEvents("discord", ({ embeds: [embed] }: DiscordMessage) => {
      for (const part of [
        embed.title,
        embed.description ?? "",
        ...embed.fields.flatMap(({ name, value }) => [name, value]),
      ]) {
        expect(withoutMarker(part).replace(/\\[^A-Za-z0-9\s]/g, "")).not.toMatch(/[\\*_~`|<>#@:[\]]/);
      }
    });
  });
});

interface AdaptiveCards {
  readonly AdaptiveCard: new () => {
    parse(content: object, context: object): void;
    validateProperties(): { readonly validationEvents: readonly unknown[] };
    getItemCount(): number;
  };
  readonly SerializationContext: new (version: unknown) => { readonly eventCount: number };
  readonly Versions: { readonly v1_2: unknown };
}

describe("a Teams message", () => {
  const { AdaptiveCard, SerializationContext, Versions } = requireOracle<AdaptiveCards>(
    "adaptivecards/dist/adaptivecards.js",
  );

  it("is a valid Adaptive Card within 28 KB", () => {
    forEvents("teams", (sent: TeamsMessage, bytes) => {
      expect(bytes).toBeLessThanOrEqual(TEAMS_LIMITS.messageBytes);
      const { content } = sent.attachments[0];
      const card = new AdaptiveCard();
      const context = new SerializationContext(Versions.v1_2);
      card.parse(content, context);
      expect(card.validateProperties().validationEvents).toEqual([]);
      expect(context.eventCount).toBe(0);
      expect(card.getItemCount()).toBe(content.body.length);
    });
  });

  it("contains texts of the event only in text runs, without functions of Adaptive Cards", () => {
    forEvents("teams", (sent: TeamsMessage) => {
      const { body, actions = [] } = sent.attachments[0].content;
      for (const block of body) {
        expect(block.type).toBe("RichTextBlock");
        for (const { type, text } of block.inlines) {
          expect(type).toBe("TextRun");
          expect(text).not.toContain("{{");
        }
      }
      for (const { title, url } of actions) {
        expect(title).toBe("View details");
        expect(url).toMatch(/^https?:\/\//);
      }
    });
  });
});

describe("a Google Chat message", () => {
  it("is within 32,000 bytes, and of the types of the API", () => {
    forEvents("googleChat", (sent: GoogleChatMessage, bytes) => {
      const typed: chat_v1.Schema$Message = sent as Mutable<GoogleChatMessage>;
      expect(bytes).toBeLessThanOrEqual(GOOGLE_CHAT_LIMITS.messageBytes);
      expect(typed.text).toBeUndefined();
      const [section] = sent.cardsV2[0].card.sections;
      expect(section!.widgets.length).toBeGreaterThan(0);
      expect(section!.widgets.length).toBeLessThanOrEqual(GOOGLE_CHAT_LIMITS.widgets);
    });
  });

  it("has no HTML except the colour of a card without content", () => {
    forEvents("googleChat", (sent: GoogleChatMessage) => {
      const { header, sections } = sent.cardsV2[0].card;
      expect(`${header.title}${header.subtitle ?? ""}${sent.fallbackText}`).not.toMatch(/[<>]/);
      for (const widget of sections[0]!.widgets) {
        if ("decoratedText" in widget) expect(widget.decoratedText.topLabel).not.toMatch(/[<>]/);
        const text =
          "textParagraph" in widget
            ? widget.textParagraph.text
            : "decoratedText" in widget
              ? widget.decoratedText.text
              : "";
        if (!/^<font color="#[\da-f]{6}">\w+<\/font>$/.test(text))
          expect(text).not.toMatch(/[<>"]|&(?!amp;|lt;|gt;|quot;)/);
      }
    });
  });
});

interface TelegramMessage {
  readonly text: string;
  readonly parse_mode: string;
  readonly reply_markup?: InlineKeyboardMarkup;
}

describe("a Telegram message", () => {
  it("is within 4,096 characters, and its HTML is balanced and has only its own elements", () => {
    forEvents("telegram", ({ text, parse_mode: mode }: TelegramMessage) => {
      expect(mode).toBe("HTML");
      expectLength(text, 1, TELEGRAM_LIMITS.text);
      const open: string[] = [];
      const rest = text.replace(
        /<(\/?)(b|i|a)(?: href="https?:\/\/[^"<>\s]+")?>/g,
        (_tag, slash: string, element: string) => {
          if (slash === "") open.push(element);
          else expect(open.pop()).toBe(element);
          return "";
        },
      );
      expect(open).toEqual([]);
      expect(rest).not.toMatch(/[<>"]|&(?!amp;|lt;|gt;|quot;)/);
      expect(rest).not.toMatch(/[@/#][^\u2060]/);
    });
  });
});

describe.each(["mattermost", "rocketChat"] as const)("a message of %s", (kind) => {
  it("is within the limit of a post, and has no mention", () => {
    forEvents(kind, (sent: AttachmentMessage) => {
      expect(JSON.stringify(sent).length).toBeLessThanOrEqual(ATTACHMENT_LIMITS.messageCharacters);
      const [{ title, text = "", fields, footer = "", fallback }] = sent.attachments;
      expect(title).not.toBe("");
      for (const part of [title, text, footer, fallback, ...fields.flatMap((field) => [field.title, field.value])]) {
        expect(part).not.toMatch(/@[^\u2060]/);
        expect(part).not.toMatch(kind === "mattermost" ? /[<>]/ : /[<>\]][^\u2060]/);
        expect(part).not.toMatch(/\]\(/);
      }
    });
  });
});

describe("a PagerDuty event", () => {
  it("is within 512 KB and its other limits", () => {
    forEvents("pagerDuty", (sent: PagerDutyEvent, bytes) => {
      expect(bytes).toBeLessThanOrEqual(PAGER_DUTY_LIMITS.eventBytes);
      expectLength(sent.payload.summary, 1, PAGER_DUTY_LIMITS.summary);
      expectLength(sent.dedup_key, 1, PAGER_DUTY_LIMITS.dedupKey);
      const { event_action: action, payload }: PagerDutyPayload = sent as Mutable<PagerDutyEvent>;
      expect(action).toBe("trigger");
      expect(["critical", "error", "warning", "info"]).toContain(payload.severity);
    });
  });

  it("omits the event from its details if it is too large, and says so", () => {
    const large = { message: "m", blob: "x".repeat(900_000) };
    const sent = jsonOf(requestOf("pagerDuty", message(large))) as PagerDutyEvent;
    expect(sent.payload.custom_details["event"]).toBe("Left out: the event is larger than PagerDuty accepts.");
    const small = jsonOf(requestOf("pagerDuty", message('{"id":12345678901234567890,"a":{"b":1}}'))) as PagerDutyEvent;
    expect(small.payload.custom_details["event"]).toEqual({ id: "12345678901234567890", a: { b: 1 } });
  });
});

describe.each(CARD_KINDS)("%s", (kind) => {
  it("sends well-formed Unicode for bodies of any bytes and any content type", () => {
    const types = fc.constantFrom(
      "application/json",
      "text/plain",
      "application/xml",
      "image/png",
      "application/x-www-form-urlencoded",
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), types, (bytes, contentType) => {
        const { body } = requestOf(kind, message(bytes, { contentType, eventType: "a\ud800b<!channel>" }));
        const sent = Buffer.from(body).toString("utf8");
        expect(sent).not.toContain("\\ud8");
        expect(sent).not.toContain("\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd");
      }),
      { numRuns: 50 },
    );
  });

  it("does not read an event of more than 1 MiB, and says so", () => {
    const { body } = requestOf(kind, message(Buffer.alloc(1_100_000, 0x20)));
    expect(Buffer.from(body).toString("utf8")).toMatch(/too large to show here/);
  });
});

function expectLength(value: string, least: number, most: number): void {
  expect(value.length).toBeGreaterThanOrEqual(least);
  expect(value.length).toBeLessThanOrEqual(most);
}

/** Without the note about shortening, which Posthorn writes itself. */
function withoutMarker(value: string): string {
  return value.replace(/… \(shortened[^()]*\)$/, "");
}

describe("the HTML part of an email", () => {
  /** Tags of the template. Texts of events must not add any, and must not leave their attribute. */
  const TAG =
    /^<(?:!doctype html|html lang="en"|meta charset="utf-8"|br|a href="https?:[^"<>\s]*" style="color:#111827"|(?:body|div|h1|p|table|th scope="row"|td) style="[^"<>]*"|head|title|tr|\/(?:html|head|title|body|div|h1|a|p|table|tr|th|td))>$/;

  it("has a limited size, and contains no tags of the event", () => {
    fc.assert(
      fc.property(event, (body) => {
        const html = mailHtml(renderCard(message(body), NO_TEMPLATES).card);
        expect(Buffer.byteLength(html)).toBeLessThanOrEqual(MAIL_LIMITS.html);
        expect((html.match(/<[^>]*>?/g) ?? []).filter((tag) => !TAG.test(tag))).toEqual([]);
      }),
      RUNS,
    );
  });
});
