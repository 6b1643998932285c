import { isUtf8 } from "node:buffer";
import type { Quarantined } from "../../domain/quarantine/quarantined.ts";
import type { DiagnosisReport } from "../../ingest/diagnosis.ts";
import { dateTime } from "../wire.ts";

export function quarantinedOut(quarantined: Quarantined): object {
  const { id, reason, detail, request, contentType, bodyBytes, bodyKept, timestamp } = quarantined;
  const { method, path, query, address } = request;
  const what = { id, reason, detail, method, path, query, address };
  return { ...what, contentType, bodyBytes, bodyKept, timestamp: dateTime(timestamp) };
}

export function quarantinedDetailOut(quarantined: Quarantined): object {
  const { body, request } = quarantined;
  const bytes = body === null ? null : Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const encoding = bytes === null || isUtf8(bytes) ? "utf8" : "base64";
  return {
    ...quarantinedOut(quarantined),
    headers: headerPairs(request.headers),
    body: bytes?.toString(encoding) ?? null,
    bodyEncoding: encoding,
  };
}

/** Converts a flat list of headers to name and value pairs. */
export function headerPairs(flat: readonly string[]): readonly { readonly name: string; readonly value: string }[] {
  return flat.flatMap((name, index) => (index % 2 === 0 ? [{ name, value: flat[index + 1]! }] : []));
}

export function diagnosisOut({ kind: _kind, ...report }: DiagnosisReport): object {
  return report;
}
