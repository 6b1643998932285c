/** Converts the settings of a source to form fields and back. */
import type { components } from "../api/schema.ts";
import type { FormValues } from "../components/form.tsx";
import { headersOf } from "./headers-text.ts";

export type Source = components["schemas"]["IngestSourceOut"];
export type SourceIn = components["schemas"]["IngestSourceIn"];
type Response = NonNullable<SourceIn["response"]>;

export const SOURCE_METHODS = ["POST", "PUT", "PATCH", "DELETE", "GET"] as const;
export const DEDUPLICATIONS = ["auto", "id", "content", "off"] as const;

export function deduplicationOf(name: string | undefined): (typeof DEDUPLICATIONS)[number] {
  return DEDUPLICATIONS.find((known) => known === name) ?? "auto";
}

/** Kinds of response to the sender: the one the provider expects, or a custom one. */
export const RESPONSE_KINDS = ["provider", "own"] as const;
export type ResponseKind = (typeof RESPONSE_KINDS)[number];

/** Choices besides a single endpoint to wait for. */
export const WAIT = { none: "none", any: "any" } as const;

export const GENERIC = "generic-webhook";

const KIB = 1024;

/** Request body that changes nothing. `PUT` resets omitted fields. */
export function sourceInput(source: Source): SourceIn {
  const { id: _id, config: _config, configured: _configured, ingestUrl: _ingestUrl, ...named } = source;
  const { createdAt: _createdAt, updatedAt: _updatedAt, warnings: _warnings, ...kept } = named;
  const { methods, deduplication, ...rest } = kept;
  return {
    ...rest,
    methods: SOURCE_METHODS.filter((method) => methods.includes(method)),
    deduplication: deduplicationOf(deduplication),
  };
}

/** Splits an allow list into names of providers and other entries, one per line. */
export function splitAddresses(allowed: readonly string[], presets: readonly string[]) {
  return {
    presets: allowed.filter((word) => presets.includes(word)),
    others: allowed.filter((word) => !presets.includes(word)).join("\n"),
  };
}

/** A size in bytes as KiB, for a text field. */
export function toKiB(bytes: number | null): string {
  return bytes === null ? "" : String(Math.round((bytes / KIB) * 1000) / 1000);
}

/**
 * Builds the request body from the form.
 *
 * @throws {SyntaxError} when the verification of a generic source is not JSON.
 */
export function sourceFromForm(source: Source, values: FormValues, kind: ResponseKind): SourceIn {
  const { name = "", uid = "", deduplication, maxKiB = "", presets = "", addresses = "" } = values;
  const config = configOf(values);
  return {
    ...sourceInput(source),
    name: name.trim(),
    uid: uid.trim() === "" ? null : uid.trim(),
    allowUnsigned: values["unsigned"] !== undefined,
    methods: SOURCE_METHODS.filter((method) => (values["methods"] ?? "").split(",").includes(method)),
    maxBodyBytes: maxKiB === "" ? null : Math.round(Number(maxKiB) * KIB),
    rateLimit: numberOrNull(values["rateLimit"]),
    dailyQuota: numberOrNull(values["dailyQuota"]),
    toleranceSeconds: numberOrNull(values["tolerance"]),
    allowedAddresses: [...entriesOf(presets), ...entriesOf(addresses)],
    deduplication: deduplicationOf(deduplication),
    response: kind === "own" ? responseOf(values) : null,
    ...(values["verification"] === undefined ? {} : { verification: verificationOf(values["verification"]) }),
    ...(Object.keys(config).length === 0 ? {} : { config }),
  };
}

function responseOf(values: FormValues): Response {
  const { status, headers = "", body = "", delay, wait = WAIT.none, timeout } = values;
  return {
    status: Number(status),
    headers: headersOf(headers),
    body,
    delaySeconds: Number(delay),
    wait:
      wait === WAIT.none ? null : { endpoint: wait === WAIT.any ? null : wait, timeoutSeconds: Number(timeout) || 5 },
  };
}

function verificationOf(text: string): NonNullable<SourceIn["verification"]> | null {
  return text.trim() === "" ? null : (JSON.parse(text) as NonNullable<SourceIn["verification"]>);
}

const CONFIG = "config_";

/** Name of the form field of a provider setting. */
export function configField(name: string): string {
  return CONFIG + name;
}

function configOf(values: FormValues): Record<string, string> {
  const given = Object.entries(values).filter(([name, value]) => name.startsWith(CONFIG) && value.trim() !== "");
  return Object.fromEntries(given.map(([name, value]) => [name.slice(CONFIG.length), value]));
}

function numberOrNull(text: string | undefined): number | null {
  return text === undefined || text === "" ? null : Number(text);
}

function entriesOf(text: string): string[] {
  return text.split(/[,\s]+/).filter((word) => word !== "");
}
