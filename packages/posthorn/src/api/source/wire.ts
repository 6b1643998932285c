import type { Source, SourceResponse } from "../../domain/source/source.ts";
import { dateTime } from "../wire.ts";

/** A source as the API shows it: without anything that is a secret. */
export function sourceOut(source: Source, ingestUrl: string): object {
  const { key: _key, config, response, createdAt, updatedAt, ...rest } = source;
  return {
    ...rest,
    config: {},
    configured: Object.keys(config),
    ingestUrl,
    response: response === null ? null : responseOut(response),
    createdAt: dateTime(createdAt),
    updatedAt: dateTime(updatedAt),
  };
}

function responseOut({ wait, ...rest }: SourceResponse): object {
  if (wait === null) return { ...rest, wait };
  return { ...rest, wait: { endpoint: wait.endpoint, timeoutSeconds: wait.timeoutMs / 1000 } };
}
