/** The command that adds a table source. */
import type { ConfigValue } from "./destination-config.ts";

const FLAGS = {
  app: "--app",
  appColumn: "--app-column",
  on: "--on",
  columns: "--columns",
  when: "--when",
  type: "--type",
  payload: "--payload",
  name: "--name",
} as const;

interface CommandOptions {
  readonly isDryRun: boolean;
  /** ID of the organisation of the applications; `null`: the server has only one. */
  readonly org: string | null;
}

/** `posthorn tables add` for a configuration of the kind `table`, as one line for a POSIX shell; `null`: a required value is missing. */
export function tableCommand(
  config: Readonly<Record<string, ConfigValue>>,
  { isDryRun, org }: CommandOptions,
): string | null {
  const { table, app, appColumn, strict } = config;
  const hasOneApplication = isText(app) !== isText(appColumn);
  if (!isText(table) || !hasOneApplication) return null;
  const flags = Object.entries(FLAGS).flatMap(([name, flag]) => {
    const value = config[name];
    return isText(value) ? [`${flag} ${quoted(value)}`] : [];
  });
  const switches = [...(strict === true ? ["--strict"] : []), ...(isDryRun ? ["--dry-run"] : [])];
  const organisation = org === null ? [] : [`--org ${quoted(org)}`];
  return ["posthorn tables add", quoted(table), ...flags, ...organisation, ...switches].join(" ");
}

function isText(value: ConfigValue | undefined): value is string {
  return typeof value === "string" && value.trim() !== "";
}

function quoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
