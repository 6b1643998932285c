/** Types of the HTTP API's models. */
import type { Static } from "typebox";
import type * as application from "../api/models/application.ts";
import type { AppPortalAccessIn as PortalIn, AppPortalAccessOut as PortalOut } from "../api/models/auth.ts";
import type * as endpoint from "../api/models/endpoint.ts";
import type * as eventType from "../api/models/event-type.ts";
import type * as message from "../api/models/message.ts";

export type ApplicationIn = Static<typeof application.ApplicationIn>;
export type ApplicationPatch = Static<typeof application.ApplicationPatch>;
export type ApplicationOut = Static<typeof application.ApplicationOut>;
export type EndpointIn = Static<typeof endpoint.EndpointIn>;
export type EndpointUpdate = Static<typeof endpoint.EndpointUpsertIn>;
export type EndpointPatch = Static<typeof endpoint.EndpointPatch>;
export type EndpointOut = Static<typeof endpoint.EndpointOut>;
export type EndpointSecretOut = Static<typeof endpoint.EndpointSecretOut>;
export type EndpointSecretRotateIn = Static<typeof endpoint.EndpointSecretRotateIn>;
export type EventTypeIn = Static<typeof eventType.EventTypeIn>;
export type EventTypeUpdate = Static<typeof eventType.EventTypeUpsertIn>;
export type EventTypePatch = Static<typeof eventType.EventTypePatch>;
export type EventTypeOut = Static<typeof eventType.EventTypeOut>;
export type MessageOut = Static<typeof message.MessageOut>;
export type AppPortalAccessIn = Static<typeof PortalIn>;
export type AppPortalAccessOut = Static<typeof PortalOut>;

/** Message as in the HTTP API. The payload can also be bytes, which are stored, signed and sent unchanged. */
export type MessageIn = Omit<Static<typeof message.MessageIn>, "payload" | "data" | "transformationsParams"> & {
  readonly payload: object | Uint8Array;
  /** Content type of a payload of bytes. Default: `application/json`. */
  readonly contentType?: string;
};

/** One page of a list. */
export interface Page<Row> {
  readonly data: readonly Row[];
  /** Pass it as `iterator` for the next page. */
  readonly iterator: string | null;
  readonly prevIterator?: string;
  /** Whether there are no more rows in the paging direction. */
  readonly done: boolean;
}

export interface PageOptions {
  /** 1 to 250. Default: 50. */
  readonly limit?: number;
  readonly iterator?: string;
  readonly order?: "ascending" | "descending";
}
