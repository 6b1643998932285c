/** Exports a list with its filters as a file, with progress and a way to cancel. */
import { Download, X } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { must } from "../api/client.ts";
import { Button } from "../components/button.tsx";
import { Menu, MenuItem } from "../components/menu.tsx";
import { Note } from "../components/state.tsx";
import { download } from "../lib/download.ts";
import { formatNumber } from "../lib/format.ts";

const FORMATS = ["csv", "ndjson"] as const;
export type ExportFormat = (typeof FORMATS)[number];
const TYPES: Readonly<Record<ExportFormat, string>> = { csv: "text/csv", ndjson: "application/x-ndjson" };

interface Opened {
  readonly data?: unknown;
  readonly error?: unknown;
  readonly response: Response;
}

export interface ExportButtonProps {
  /** Name of the file, without its extension. */
  readonly name: string;
  /** Requests the export as a stream. */
  readonly open: (format: ExportFormat, signal: AbortSignal) => Promise<Opened>;
}

interface Running {
  readonly rows: number;
  readonly cancel: () => void;
}

export function ExportButton({ name, open }: ExportButtonProps) {
  const { t, i18n } = useTranslation();
  const [running, setRunning] = useState<Running | null>(null);
  const [error, setError] = useState<Error | null>(null);
  const current = useRef<AbortController | null>(null);
  useEffect(() => () => current.current?.abort(), []);
  const run = async (format: ExportFormat): Promise<void> => {
    const abort = new AbortController();
    current.current = abort;
    const cancel = (): void => abort.abort();
    setError(null);
    setRunning({ rows: 0, cancel });
    try {
      const stream = (await must(open(format, abort.signal))) as ReadableStream<Uint8Array<ArrayBuffer>>;
      // The first line of a CSV file has the names of the columns.
      const parts = await collect(stream, (lines) => setRunning({ rows: lines - (format === "csv" ? 1 : 0), cancel }));
      download(`${name}.${format}`, parts, TYPES[format]);
    } catch (failure) {
      if (!abort.signal.aborted) setError(failure as Error);
    }
    if (current.current === abort) setRunning(null);
  };
  if (running !== null) {
    const rows = { count: running.rows, value: formatNumber(i18n.language, Math.max(0, running.rows)) };
    return (
      <Button onClick={running.cancel} aria-label={t("list.exportCancel")}>
        <X aria-hidden />
        {t("list.exportRows", rows)}
      </Button>
    );
  }
  return (
    <>
      <Menu
        trigger={
          <Button>
            <Download aria-hidden />
            {t("list.export")}
          </Button>
        }
      >
        {FORMATS.map((format) => (
          <MenuItem key={format} onClick={() => void run(format)}>
            {t(`list.exportFormats.${format}`)}
          </MenuItem>
        ))}
      </Menu>
      {error !== null && <Note tone="bad">{error.message}</Note>}
    </>
  );
}

const LINE_FEED = 10;

/** Reads a stream to its end. `onLines` receives the number of lines read so far; line breaks within cells count as well. */
async function collect(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  onLines: (lines: number) => void,
): Promise<readonly Uint8Array<ArrayBuffer>[]> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let lines = 0;
  const reader = stream.getReader();
  for (let chunk = await reader.read(); chunk.value !== undefined; chunk = await reader.read()) {
    parts.push(chunk.value);
    for (const byte of chunk.value) if (byte === LINE_FEED) lines++;
    onLines(lines);
  }
  return parts;
}
