import type { Source, SourceResponse } from "../../domain/source/source.ts";
import { dateTime, dateTimeOrNull } from "../wire.ts";

/** API representation of a source, without secrets. */
export function sourceOut(source: Source, ingestUrl: string): object {
  const { key: _key, config, response, expiresAt, createdAt, updatedAt, ...rest } = source;
  return {
    ...rest,
    config: {},
    configured: Object.keys(config),
    ingestUrl,
    response: response === null ? null : responseOut(response),
    expiresAt: dateTimeOrNull(expiresAt),
    createdAt: dateTime(createdAt),
    updatedAt: dateTime(updatedAt),
  };
}

function responseOut({ wait, delayMs = 0, ...rest }: SourceResponse): object {
  const response = { ...rest, delaySeconds: delayMs / 1000 };
  if (wait === null) return { ...response, wait };
  return { ...response, wait: { endpoint: wait.endpoint, timeoutSeconds: wait.timeoutMs / 1000 } };
}
