/** Every named model of the API. */
import type { TSchema } from "typebox";
import { ApplicationEgress, ApplicationIn, ApplicationList, ApplicationOut, ApplicationPatch } from "./application.ts";
import { AttemptDetail } from "./attempt-detail.ts";
import { MessageDeliveryList, MessageDeliveryOut } from "./delivery.ts";
import { ApiKeyCreated, ApiKeyIn, ApiKeyList, ApiKeyOut, AppPortalAccessIn, AppPortalAccessOut } from "./auth.ts";
import { EmptyResponse, HttpError, HttpValidationError } from "./common.ts";
import {
  EndpointHeadersIn,
  EndpointHeadersOut,
  EndpointHeadersPatchIn,
  EndpointIn,
  EndpointList,
  EndpointOut,
  EndpointPatch,
  EndpointSecretOut,
  EndpointSecretRotateIn,
  EndpointStats,
  EndpointUpsertIn,
  EventExampleIn,
  MessageStats,
  RecoverIn,
} from "./endpoint.ts";
import { EndpointEgressIn, EndpointEgressOut, EndpointVerifyIn, EndpointVerifyOut } from "./endpoint-egress.ts";
import { EventTypeIn, EventTypeList, EventTypeOut, EventTypePatch, EventTypeUpsertIn } from "./event-type.ts";
import {
  EndpointMessageList,
  EndpointMessageOut,
  MessageAttemptList,
  MessageAttemptOut,
  MessageEndpointList,
  MessageEndpointOut,
  MessageIn,
  MessageList,
  MessageOut,
} from "./message.ts";
import { REPLAY_MODELS } from "./replay.ts";
import { BackgroundTaskList, BackgroundTaskOut, RecoverOut, ReplayOut } from "./task.ts";
import { POLICY_MODELS } from "./policy/policy.ts";

export const MODELS: readonly TSchema[] = [
  HttpError,
  HttpValidationError,
  EmptyResponse,
  ApplicationIn,
  ApplicationPatch,
  ApplicationOut,
  ApplicationList,
  ApplicationEgress,
  EventTypeIn,
  EventTypeUpsertIn,
  EventTypePatch,
  EventTypeOut,
  EventTypeList,
  EndpointIn,
  EndpointUpsertIn,
  EndpointPatch,
  EndpointOut,
  EndpointList,
  EndpointSecretOut,
  EndpointSecretRotateIn,
  EndpointHeadersIn,
  EndpointHeadersPatchIn,
  EndpointHeadersOut,
  EndpointEgressIn,
  EndpointEgressOut,
  EndpointVerifyIn,
  EndpointVerifyOut,
  ...POLICY_MODELS,
  EndpointStats,
  MessageStats,
  RecoverIn,
  EventExampleIn,
  MessageIn,
  MessageOut,
  MessageList,
  EndpointMessageOut,
  EndpointMessageList,
  MessageEndpointOut,
  MessageEndpointList,
  MessageDeliveryOut,
  MessageDeliveryList,
  AttemptDetail,
  MessageAttemptOut,
  MessageAttemptList,
  AppPortalAccessIn,
  AppPortalAccessOut,
  ApiKeyIn,
  ApiKeyOut,
  ApiKeyCreated,
  ApiKeyList,
  RecoverOut,
  ReplayOut,
  BackgroundTaskOut,
  BackgroundTaskList,
  ...REPLAY_MODELS,
];
