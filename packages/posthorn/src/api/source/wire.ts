import type { Source, SourceResponse } from "../../domain/source/source.ts";
import { shownConfig } from "../../fields/config.ts";
import { sourceKindNamed } from "../../sources/kinds.ts";
import { CRON_TYPE, cronConfigOut } from "./cron.ts";
import { dateTime, dateTimeOrNull } from "../wire.ts";

/** API representation of a source, without secrets. */
export function sourceOut(source: Source, ingestUrl: string): object {
  const {
    key: _key,
    config: _config,
    kindConfig: _kindConfig,
    response,
    expiresAt,
    createdAt,
    updatedAt,
    ...rest
  } = source;
  return {
    ...rest,
    ...configOut(source),
    ingestUrl: sourceKindNamed(source.kind)?.receives === true ? ingestUrl : null,
    response: response === null ? null : responseOut(response),
    expiresAt: dateTimeOrNull(expiresAt),
    createdAt: dateTime(createdAt),
    updatedAt: dateTime(updatedAt),
  };
}

function configOut({ type, kind, config, kindConfig }: Source): {
  readonly config: object;
  readonly configured: object;
} {
  const declaration = sourceKindNamed(kind);
  if (declaration === null || kindConfig === null) return { config: {}, configured: Object.keys(config) };
  const { values } = shownConfig(declaration, kindConfig);
  const configured = Object.keys(kindConfig).filter((name) => kindConfig[name] !== null);
  return { config: type === CRON_TYPE ? cronConfigOut(kindConfig) : values, configured };
}

function responseOut({ wait, delayMs = 0, ...rest }: SourceResponse): object {
  const response = { ...rest, delaySeconds: delayMs / 1000 };
  if (wait === null) return { ...response, wait };
  return { ...response, wait: { endpoint: wait.endpoint, timeoutSeconds: wait.timeoutMs / 1000 } };
}
