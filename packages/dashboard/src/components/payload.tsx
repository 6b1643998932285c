/**
 * Viewer for a body: always rendered as text, never as markup, regardless of its content type. Only the visible lines are in the DOM, so that a
 * body of 1 MiB scrolls smoothly.
 */
import { useVirtualizer } from "@tanstack/react-virtual";
import { ChevronDown, ChevronUp, WrapText } from "lucide-react";
import { type ReactNode, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { formatBytes } from "../lib/format.ts";
import { usePayloadView } from "../lib/payload-view.ts";
import { type Body, bytesOf, hexLines, kindOf, prettyLines } from "../parts/payload-text.ts";
import { IconButton } from "./button.tsx";
import { Copy } from "./copy.tsx";
import { SelectField } from "./form.tsx";
import { Note } from "./state.tsx";
import styles from "./payload.module.css";

export interface PayloadProps {
  readonly label: string;
  readonly text: string;
  readonly base64?: boolean;
  readonly contentType?: string;
  /** Note next to content type and size. */
  readonly note?: ReactNode;
}

type View = "pretty" | "raw" | "hex";

const LINE_HEIGHT = 19;
/** Longer lines are split into pieces of this length: browsers are slow with a line of 1 MiB. */
const LINE_LENGTH = 2000;
/** Up to this number of lines, wrapping is on by default. */
const WRAPPED_LINES = 5000;

export function Payload({ label, text, base64 = false, contentType = "", note }: PayloadProps) {
  const { t, i18n } = useTranslation();
  const body: Body = useMemo(() => ({ text, base64, contentType }), [text, base64, contentType]);
  const [view, setView] = useState<View>("pretty");
  const lines = useMemo(() => linesOf(body, view), [body, view]);
  const size = useMemo(() => bytesOf(body).length, [body]);
  const [wrap, setWrap] = useState(lines.length <= WRAPPED_LINES);
  const kind = kindOf(body);
  const shown = usePayloadView();
  if (shown === "none") return <Note>{t("payload.hidden")}</Note>;
  const views: readonly View[] = kind === "binary" ? ["pretty", "raw"] : ["pretty", "raw", "hex"];
  return (
    <div className={styles["box"]}>
      <Lines
        key={`${view}${String(wrap)}`}
        label={label}
        lines={lines}
        wrap={wrap}
        coloured={kind === "json" && view !== "hex"}
        about={
          <span className={styles["about"]}>
            {contentType !== "" && <code>{contentType}</code>}
            <span className="numeric">{formatBytes(i18n.language, size)}</span>
            {note}
            {shown === "masked" && <span>{t("payload.masked")}</span>}
          </span>
        }
        tools={
          <>
            <SelectField
              bare
              label={t("payload.view")}
              value={view}
              onChange={(value) => setView(value as View)}
              choices={views.map((value) => ({
                value,
                label: t(kind === "binary" ? `payload.binary.${value}` : `payload.${value}`),
              }))}
            />
            <IconButton small label={t("payload.wrap")} aria-pressed={wrap} onClick={() => setWrap(!wrap)}>
              <WrapText aria-hidden />
            </IconButton>
            <Copy text={text} />
          </>
        }
      />
    </div>
  );
}

interface LinesProps {
  readonly label: string;
  readonly lines: readonly string[];
  readonly wrap: boolean;
  readonly coloured: boolean;
  readonly about: ReactNode;
  readonly tools: ReactNode;
}

function Lines({ label, lines, wrap, coloured, about, tools }: LinesProps) {
  const { t } = useTranslation();
  const scroll = useRef<HTMLDivElement>(null);
  const [search, setSearch] = useState("");
  const [at, setAt] = useState(0);
  const hits = useMemo(() => hitsOf(lines, search), [lines, search]);
  const hitSet = useMemo(() => new Set(hits), [hits]);
  const rows = useVirtualizer({
    count: lines.length,
    getScrollElement: () => scroll.current,
    estimateSize: () => LINE_HEIGHT,
    overscan: 20,
  });
  const go = (to: number): void => {
    if (hits.length === 0) return;
    const next = (to + hits.length) % hits.length;
    setAt(next);
    rows.scrollToIndex(hits[next]!, { align: "center" });
  };
  const changed = (text: string): void => {
    setSearch(text);
    setAt(0);
    const [first] = hitsOf(lines, text);
    if (first !== undefined) rows.scrollToIndex(first, { align: "center" });
  };
  return (
    <>
      <div className={styles["head"]}>
        {about}
        <div className={styles["tools"]}>
          <div className={styles["find"]}>
            <input
              type="search"
              placeholder={t("payload.find")}
              aria-label={t("payload.findIn", { label })}
              value={search}
              onChange={(event) => changed(event.target.value)}
              onKeyDown={(event) => event.key === "Enter" && go(at + (event.shiftKey ? -1 : 1))}
            />
            {search !== "" && (
              <>
                <span role="status" className="numeric">
                  {hits.length === 0 ? "0" : `${at + 1}/${hits.length}`}
                </span>
                <IconButton small label={t("payload.previous")} onClick={() => go(at - 1)}>
                  <ChevronUp aria-hidden />
                </IconButton>
                <IconButton small label={t("payload.next")} onClick={() => go(at + 1)}>
                  <ChevronDown aria-hidden />
                </IconButton>
              </>
            )}
          </div>
          {tools}
        </div>
      </div>
      <div
        ref={scroll}
        className={`${styles["body"]} ${wrap ? styles["wrap"] : ""}`}
        tabIndex={0}
        role="group"
        aria-label={label}
      >
        <div className={styles["lines"]} style={{ height: rows.getTotalSize() }}>
          {rows.getVirtualItems().map(({ index, start }) => (
            <div
              key={index}
              ref={rows.measureElement}
              data-index={index}
              className={styles["line"]}
              data-hit={hitSet.has(index) ? (hits[at] === index ? "current" : "true") : undefined}
              style={{ transform: `translateY(${start}px)` }}
            >
              <span className={styles["number"]} aria-hidden>
                {index + 1}
              </span>
              <span className={styles["text"]}>{coloured ? colour(lines[index]!) : lines[index]}</span>
            </div>
          ))}
        </div>
      </div>
    </>
  );
}

function linesOf(body: Body, view: View): readonly string[] {
  if (view === "hex") return hexLines(bytesOf(body));
  const lines = view === "pretty" ? prettyLines(body) : body.text.split(/\r\n|\n|\r/);
  return lines.flatMap((line) => (line.length <= LINE_LENGTH ? [line] : piecesOf(line)));
}

function piecesOf(line: string): readonly string[] {
  return Array.from({ length: Math.ceil(line.length / LINE_LENGTH) }, (_, piece) =>
    line.slice(piece * LINE_LENGTH, (piece + 1) * LINE_LENGTH),
  );
}

function hitsOf(lines: readonly string[], search: string): readonly number[] {
  if (search === "") return [];
  const searched = search.toLowerCase();
  return lines.flatMap((line, index) => (line.toLowerCase().includes(searched) ? [index] : []));
}

const TOKENS = /"(?:[^"\\]|\\.)*"(\s*:)?|-?\d[\d.eE+-]*|true|false|null/g;

/** Highlights names, strings and literals in a line of JSON. */
function colour(line: string): ReactNode {
  const parts: ReactNode[] = [];
  let at = 0;
  for (const match of line.matchAll(TOKENS)) {
    const [token, colon] = match;
    parts.push(line.slice(at, match.index));
    const name = colon !== undefined ? "name" : token.startsWith('"') ? "string" : "other";
    parts.push(
      <span key={match.index} className={styles[name]}>
        {token}
      </span>,
    );
    at = match.index + token.length;
  }
  parts.push(line.slice(at));
  return parts;
}
