/** Parses documents of sources, in a worker thread. Parsers are loaded when they are first needed. */
import type { ParseJob, ParseResult } from "../driver.ts";

/** Never rejects: an error of a parser becomes the problem of the document. */
export async function parseDocument(job: ParseJob): Promise<ParseResult> {
  try {
    return { kind: "parsed", value: await valueOf(job) };
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    return { kind: "unreadable", detail: text.slice(0, 300) };
  }
}

async function valueOf(job: ParseJob): Promise<unknown> {
  switch (job.kind) {
    case "items":
      return (await import("./items.ts")).parseItems(job);
    case "feed":
      return (await import("./feed.ts")).parseFeed(job.body);
    case "mail":
      return (await import("./mail.ts")).parseMail(job);
    case "multistatus":
      return (await import("./multistatus.ts")).parseMultistatus(job);
    case "calendar":
      return (await import("./calendar.ts")).parseCalendar(job);
  }
}
