/** A card as the HTML part of an email. It loads nothing, and all texts are escaped. */
import { buildWithin, type Card, type Extent, footerOf, hexColour, shownFields } from "./card.ts";
import { type Excerpt, shortened } from "./excerpt.ts";
import { escapeHtml } from "./google-chat-card.ts";

/** Gmail cuts emails above 102 KB. Recorded on 27 November 2026 (support.google.com/mail, "message clipped"). */
export const MAIL_LIMITS = { html: 100_000 } as const;

export function mailHtml(card: Card): string {
  return buildWithin(
    MAIL_LIMITS.html,
    (html) => Buffer.byteLength(html),
    (extent) => build(card, extent),
  );
}

const FONT = "font-family:-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif";

function build(card: Card, extent: Extent): string {
  const { fields, leftOut } = shownFields(card, extent);
  const title = text(card.title, 250);
  const link = card.link === null ? null : escapeHtml(card.link);
  const heading = link === null ? title : `<a href="${link}" style="color:#111827">${title}</a>`;
  const body = text(card.text, extent.text).replaceAll("\n", "<br>");
  const rows = fields.map(
    ({ name, value }) =>
      `<tr><th scope="row" style="padding:4px 16px 4px 0;text-align:left;vertical-align:top;font-weight:600">${text(name, 100)}</th>` +
      `<td style="padding:4px 0;vertical-align:top">${text(value, extent.value).replaceAll("\n", "<br>")}</td></tr>`,
  );
  const footer = text(footerOf(card, leftOut), 300);
  const parts = [
    `<h1 style="margin:0 0 8px;font-size:18px">${heading}</h1>`,
    body === "" ? "" : `<p style="margin:0 0 12px">${body}</p>`,
    rows.length === 0 ? "" : `<table style="border-collapse:collapse;font-size:14px">${rows.join("")}</table>`,
    footer === "" ? "" : `<p style="margin:12px 0 0;font-size:12px;color:#6b7280">${footer}</p>`,
  ];
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${title}</title></head>
<body style="margin:0;padding:16px;color:#111827;${FONT};font-size:14px;line-height:1.5">
<div style="max-width:600px;border-left:4px solid ${hexColour(card.severity)};padding:4px 0 4px 16px;overflow-wrap:anywhere">
${parts.filter((part) => part !== "").join("\n")}
</div></body></html>
`;
}

function text(excerpt: Excerpt, limit: number): string {
  return shortened(excerpt, { limit, escape: escapeHtml });
}
