/** Responses of a CalDAV server: a multistatus document (RFC 4918) with the calendars in it (RFC 4791). */
import { parseXml, XmlElement } from "@rgrove/parse-xml";
import { type CalendarEvent, type Occurrence, readCalendar } from "./calendar.ts";

export interface MultistatusJob {
  readonly body: Uint8Array;
  /** Occurrences that start between these times are listed, in Unix milliseconds. */
  readonly from: number;
  readonly to: number;
  /** Time zone of times without one. */
  readonly timeZone: string;
}

export interface Multistatus {
  /** Token of a `sync-collection` report; `null`: it is another response. */
  readonly syncToken: string | null;
  readonly resources: readonly Resource[];
}

export interface Resource {
  readonly href: string;
  /** Status of the whole resource; `null`: only its properties have one. */
  readonly status: number | null;
  readonly etag: string | null;
  readonly name: string | null;
  readonly syncToken: string | null;
  readonly isCalendar: boolean;
  /** Path or URL of the user (RFC 5397); `null`: the server does not name it. */
  readonly principal: string | null;
  /** Paths or URLs of the lists of calendars of the user (RFC 4791, section 6.2.1). */
  readonly homes: readonly string[];
  /** Kinds of entries that the calendar can have, such as `VEVENT`; `null`: the server does not say. */
  readonly components: readonly string[] | null;
  /** `null`: the response has no calendar data of it. */
  readonly calendar: ResourceCalendar | null;
}

export interface ResourceCalendar {
  readonly events: readonly CalendarEvent[];
  readonly occurrences: readonly Occurrence[];
  /** Why its data cannot be read; `null` if it can. */
  readonly problem: string | null;
}

/** More resources of a response are not read. */
const MAX_RESOURCES = 20_000;

/** @throws {Error} If it is not a multistatus document. */
export function parseMultistatus({ body, ...period }: MultistatusJob): Multistatus {
  const { root } = parseXml(new TextDecoder().decode(body));
  if (root === null || localName(root) !== "multistatus") throw new Error("It is not a WebDAV multistatus document.");
  return {
    syncToken: textOf(child(root, "sync-token")),
    resources: elements(root)
      .filter((element) => localName(element) === "response")
      .slice(0, MAX_RESOURCES)
      .map((response) => resourceOf(response, period)),
  };
}

function resourceOf(response: XmlElement, period: Omit<MultistatusJob, "body">): Resource {
  const found = elements(response)
    .filter((element) => localName(element) === "propstat" && isSuccess(statusOf(element)))
    .flatMap((propstat) => elements(child(propstat, "prop")));
  const property = (name: string): XmlElement | null => found.find((element) => localName(element) === name) ?? null;
  const data = textOf(property("calendar-data"));
  return {
    href: textOf(child(response, "href")) ?? "",
    status: statusOf(response),
    etag: textOf(property("getetag")),
    name: textOf(property("displayname")),
    syncToken: textOf(property("sync-token")),
    isCalendar: elements(property("resourcetype")).some((type) => localName(type) === "calendar"),
    principal: hrefsOf(property("current-user-principal"))[0] ?? null,
    homes: hrefsOf(property("calendar-home-set")),
    components: componentsOf(property("supported-calendar-component-set")),
    calendar: data === null ? null : calendarOf(data, period),
  };
}

function hrefsOf(property: XmlElement | null): readonly string[] {
  return elements(property).flatMap((element) => {
    const href = localName(element) === "href" ? textOf(element) : null;
    return href === null ? [] : [href];
  });
}

function componentsOf(property: XmlElement | null): readonly string[] | null {
  if (property === null) return null;
  return elements(property).flatMap(({ attributes }) => (attributes["name"] === undefined ? [] : [attributes["name"]]));
}

/** One calendar that cannot be read must not hide the others. */
function calendarOf(text: string, period: Omit<MultistatusJob, "body">): ResourceCalendar {
  try {
    const { events, occurrences } = readCalendar(text, period);
    return { events, occurrences, problem: null };
  } catch (error) {
    return { events: [], occurrences: [], problem: error instanceof Error ? error.message.slice(0, 300) : "unknown" };
  }
}

/** `HTTP/1.1 404 Not Found` → 404. */
function statusOf(element: XmlElement): number | null {
  const status = /^HTTP\/\S+\s+(\d{3})/.exec(textOf(child(element, "status")) ?? "")?.[1];
  return status === undefined ? null : Number(status);
}

function isSuccess(status: number | null): boolean {
  return status === null || (status >= 200 && status <= 299);
}

/** Servers choose prefixes freely. The few names that are read here mean the same in all namespaces that occur. */
function localName({ name }: XmlElement): string {
  return name.slice(name.indexOf(":") + 1).toLowerCase();
}

function elements(parent: XmlElement | null): readonly XmlElement[] {
  return parent === null ? [] : parent.children.filter((node) => node instanceof XmlElement);
}

function child(parent: XmlElement, name: string): XmlElement | null {
  return elements(parent).find((element) => localName(element) === name) ?? null;
}

function textOf(element: XmlElement | null): string | null {
  const text = element?.text.trim() ?? "";
  return text === "" ? null : text;
}
