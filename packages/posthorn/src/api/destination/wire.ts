/** Converts destinations between the API and the domain. */
import type { Static } from "typebox";
import { typeOfConfig } from "../../domain/destination/config.ts";
import type { Destination } from "../../domain/destination/destination.ts";
import type { DestinationChange, DestinationInput } from "../../domain/destination/save.ts";
import type { DestinationIn, DestinationPatch } from "../models/destination.ts";
import { dateTime, dateTimeOrNull } from "../wire.ts";

export function destinationOut(destination: Destination): object {
  const { endpoint, type, headers, status, position, failureReason, nextRetryAt, batch } = destination;
  const { id, uid, url, config, eventTypes, channels, metadata, createdAt, updatedAt } = endpoint;
  return {
    id,
    uid,
    type,
    config: headers === null ? typeOfConfig(type, config?.values ?? {}) : { url, headers },
    status,
    currentIterator: position,
    failureReason,
    nextRetryAt: dateTimeOrNull(nextRetryAt),
    batchSize: batch.maxItems,
    maxWaitSecs: Math.ceil(batch.maxWaitSeconds),
    eventTypes,
    channels,
    metadata,
    createdAt: dateTime(createdAt),
    updatedAt: dateTime(updatedAt),
  };
}

export function destinationInput(body: Static<typeof DestinationIn>): DestinationInput {
  return {
    type: body.type,
    config: body.config ?? {},
    uid: body.uid ?? null,
    disabled: body.status === "disabled",
    batch: { maxItems: body.batchSize ?? 1, maxWaitSeconds: body.maxWaitSecs ?? 0 },
    eventTypes: orAll(body.eventTypes),
    channels: orAll(body.channels),
    metadata: body.metadata ?? {},
  };
}

export function destinationChange(body: Static<typeof DestinationPatch>): DestinationChange {
  return {
    type: body.type,
    ...(body.config === undefined ? {} : { config: body.config }),
    ...(body.uid === undefined ? {} : { uid: body.uid }),
    ...(body.status === undefined || body.status === null ? {} : { disabled: body.status === "disabled" }),
    ...batchChange(body),
    ...(body.eventTypes === undefined ? {} : { eventTypes: orAll(body.eventTypes) }),
    ...(body.channels === undefined ? {} : { channels: orAll(body.channels) }),
    ...(body.metadata === undefined ? {} : { metadata: body.metadata ?? {} }),
  };
}

function orAll(names: readonly string[] | null | undefined): readonly string[] | null {
  return names === null || names === undefined || names.length === 0 ? null : names;
}

/** `null` restores the default. */
function batchChange({ batchSize, maxWaitSecs }: Static<typeof DestinationPatch>): Pick<DestinationChange, "batch"> {
  if (batchSize === undefined && maxWaitSecs === undefined) return {};
  return {
    batch: {
      ...(batchSize === undefined ? {} : { maxItems: batchSize ?? 1 }),
      ...(maxWaitSecs === undefined ? {} : { maxWaitSeconds: maxWaitSecs ?? 0 }),
    },
  };
}
