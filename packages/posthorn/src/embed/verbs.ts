/** The most common operations for programs. All others are available in the HTTP API, which `fetch` calls within the process. */
import { createApplication } from "../api/application/create.ts";
import { deleteApplication } from "../api/application/delete.ts";
import { getApplication } from "../api/application/get.ts";
import { listApplications } from "../api/application/list.ts";
import { patchApplication } from "../api/application/patch.ts";
import { upsertApplication } from "../api/application/upsert.ts";
import { appPortalAccess } from "../api/auth/app-portal-access.ts";
import { createEndpoint } from "../api/endpoint/create.ts";
import { deleteEndpoint } from "../api/endpoint/delete.ts";
import { getSecret } from "../api/endpoint/get-secret.ts";
import { getEndpoint } from "../api/endpoint/get.ts";
import { listEndpoints } from "../api/endpoint/list.ts";
import { patchEndpoint } from "../api/endpoint/patch.ts";
import { rotateSecret } from "../api/endpoint/rotate-secret.ts";
import { upsertEndpoint } from "../api/endpoint/upsert.ts";
import { createEventType } from "../api/event-type/create.ts";
import { deleteEventType } from "../api/event-type/delete.ts";
import { getEventType } from "../api/event-type/get.ts";
import { listEventTypes } from "../api/event-type/list.ts";
import { patchEventType } from "../api/event-type/patch.ts";
import { upsertEventType } from "../api/event-type/upsert.ts";
import type { Caller, CallOptions } from "./call.ts";
import type * as types from "./types.ts";

type Done = Promise<void>;

/** Operations on applications. `appId` is an id or a uid. */
export function applicationVerbs(on: Caller) {
  const [create, get, list] = [on(createApplication), on(getApplication), on(listApplications)];
  const [update, patch, remove] = [on(upsertApplication), on(patchApplication), on(deleteApplication)];
  type Out = Promise<types.ApplicationOut>;
  return {
    /** Rejects with `conflict` if an application with this uid exists. */
    create: (body: types.ApplicationIn, options?: CallOptions): Out => create({ body, ...options }),
    /** Creates an application, or returns the existing one with this uid unchanged. */
    getOrCreate: (body: types.ApplicationIn, options?: CallOptions): Out =>
      create({ body, query: { get_if_exists: true }, ...options }),
    get: (appId: string): Out => get({ path: [appId] }),
    list: (query?: types.PageOptions): Promise<types.Page<types.ApplicationOut>> => list({ query }),
    /** Replaces all fields. Creates the object if no object has this uid. */
    update: (appId: string, body: types.ApplicationIn): Out => update({ path: [appId], body }),
    patch: (appId: string, body: types.ApplicationPatch): Out => patch({ path: [appId], body }),
    delete: (appId: string): Done => remove({ path: [appId] }),
  };
}

/** Operations on endpoints. */
export function endpointVerbs(on: Caller) {
  const [create, get, list] = [on(createEndpoint), on(getEndpoint), on(listEndpoints)];
  const [update, patch, remove] = [on(upsertEndpoint), on(patchEndpoint), on(deleteEndpoint)];
  const [secret, rotate] = [on(getSecret), on(rotateSecret)];
  type Out = Promise<types.EndpointOut>;
  return {
    create: (appId: string, body: types.EndpointIn, options?: CallOptions): Out =>
      create({ path: [appId], body, ...options }),
    get: (appId: string, endpointId: string): Out => get({ path: [appId, endpointId] }),
    list: (appId: string, query?: types.PageOptions): Promise<types.Page<types.EndpointOut>> =>
      list({ path: [appId], query }),
    /** Replaces all fields. Creates the object if no object has this uid. */
    update: (appId: string, endpointId: string, body: types.EndpointUpdate): Out =>
      update({ path: [appId, endpointId], body }),
    patch: (appId: string, endpointId: string, body: types.EndpointPatch): Out =>
      patch({ path: [appId, endpointId], body }),
    delete: (appId: string, endpointId: string): Done => remove({ path: [appId, endpointId] }),
    /** The secret with which the receiver verifies signatures. */
    getSecret: (appId: string, endpointId: string): Promise<types.EndpointSecretOut> =>
      secret({ path: [appId, endpointId] }),
    rotateSecret: (
      appId: string,
      endpointId: string,
      body: types.EndpointSecretRotateIn = {},
      options?: CallOptions,
    ): Done => rotate({ path: [appId, endpointId], body, ...options }),
  };
}

/** Operations on event types. */
export function eventTypeVerbs(on: Caller) {
  const [create, get, list] = [on(createEventType), on(getEventType), on(listEventTypes)];
  const [update, patch, remove] = [on(upsertEventType), on(patchEventType), on(deleteEventType)];
  type Out = Promise<types.EventTypeOut>;
  return {
    create: (body: types.EventTypeIn, options?: CallOptions): Out => create({ body, ...options }),
    get: (name: string): Out => get({ path: [name] }),
    list: (query?: types.PageOptions): Promise<types.Page<types.EventTypeOut>> => list({ query }),
    /** Replaces all fields. Creates the event type if it does not exist. */
    update: (name: string, body: types.EventTypeUpdate): Out => update({ path: [name], body }),
    patch: (name: string, body: types.EventTypePatch): Out => patch({ path: [name], body }),
    /** Archives the event type. */
    delete: (name: string): Done => remove({ path: [name] }),
  };
}

/** Access to the portal for customers. */
export function authenticationVerbs(on: Caller) {
  const access = on(appPortalAccess);
  return {
    /** Returns a token for one application and the URL of its portal. */
    appPortalAccess: (appId: string, body: types.AppPortalAccessIn = {}): Promise<types.AppPortalAccessOut> =>
      access({ path: [appId], body }),
  };
}
