/** Parses blocks of data by the parser of their language. Those of nginx, Caddy and Prometheus are checked by these programs in a test. */
import { XMLValidator } from "fast-xml-parser";
import { parseAllDocuments } from "yaml";

/** Why data cannot be read, or `null`. Languages without a parser here are checked elsewhere. */
export function faultOfData(language: string, code: string): string | null {
  try {
    PARSERS[language]?.(code);
    return null;
  } catch (error) {
    return `The ${language} cannot be read: ${(error as Error).message}`;
  }
}

const PARSERS: Readonly<Record<string, (code: string) => void>> = {
  json: (code) => void JSON.parse(code),
  yaml: parseYaml,
  xml: parseXml,
  // Custom elements with all of their end tags.
  html: (code) => parseXml(`<body>${code.replaceAll(/ (async|defer)(?=[ >])/g, "")}</body>`),
  ini: parseUnit,
};

function parseYaml(code: string): void {
  for (const { errors } of parseAllDocuments(code)) if (errors[0] !== undefined) throw errors[0];
}

function parseXml(code: string): void {
  const result = XMLValidator.validate(code);
  if (result !== true) throw new Error(result.err.msg);
}

/** A unit file of systemd: sections, and assignments within. */
function parseUnit(code: string): void {
  let section: string | null = null;
  for (const line of code.split("\n").filter((one) => one !== "" && !/^[#;]/.test(one))) {
    const header = /^\[([A-Z]\w+)\]$/.exec(line);
    if (header !== null) section = header[1]!;
    else if (section === null || !/^[A-Z]\w*=/.test(line))
      throw new Error(`"${line}" is neither a section nor an assignment.`);
  }
}
