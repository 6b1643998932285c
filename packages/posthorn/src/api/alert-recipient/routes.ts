/** Routes of the recipients of alerts about the endpoints of a customer. */
import {
  addAlertRecipient,
  alertOptions,
  changeAlertRecipient,
  listAlertRecipients,
  removeAlertRecipient,
  resendConfirmation,
  type SentConfirmation,
  type ShownRecipient,
} from "../../domain/alert-recipient/save.ts";
import {
  AlertRecipientCreated,
  AlertRecipientIn,
  AlertRecipientList,
  AlertRecipientOut,
  AlertRecipientPatch,
} from "../models/alert-recipient.ts";
import { created, noContent, ok } from "../reply.ts";
import { defineRoute, type Route } from "../route.ts";
import { dateTime, dateTimeOrNull } from "../wire.ts";

const PATH = "/api/v1/app/:app_id/alert-recipient";
const TAG = "Alert";

function recipientOut({ id, email, endpointId, digest, state, sentAt, createdAt }: ShownRecipient): object {
  return { id, email, endpointId, digest, state, sentAt: dateTimeOrNull(sentAt), createdAt: dateTime(createdAt) };
}

function createdOut({ recipient, emailSent }: SentConfirmation): object {
  return { ...recipientOut(recipient), emailSent };
}

const addRecipient = defineRoute({
  method: "POST",
  path: PATH,
  operationId: "v1.alert-recipient.create",
  tag: TAG,
  summary: "Add an alert recipient",
  description:
    "The recipient is notified when an endpoint of the application needs attention, is disabled, or works again. An email address gets a link first, and no alert before the link is used; each address gets at most three such emails a day. An endpoint does not get alerts about itself.",
  access: "ManageEndpoint",
  permission: "endpoints:write",
  idempotency: "claim",
  body: AlertRecipientIn,
  responses: { 201: AlertRecipientCreated },
  handle: async ({ ctx, params, body }) => {
    const { email = null, endpoint = null, digest, locale } = body;
    const input = { app: params.app_id, email, endpoint, digest: digest ?? "off", locale: locale ?? "en" } as const;
    return created(createdOut(await addAlertRecipient({ ctx, input })));
  },
});

const listRecipients = defineRoute({
  method: "GET",
  path: PATH,
  operationId: "v1.alert-recipient.list",
  tag: TAG,
  summary: "List alert recipients",
  description: "Who is notified about the endpoints of an application, and whether the customer may change it.",
  access: "ViewBase",
  permission: "read",
  responses: { 200: AlertRecipientList },
  handle: async ({ ctx, params }) => {
    const input = { app: params.app_id };
    const [data, { enabled, email }] = await Promise.all([
      listAlertRecipients({ ctx, input }),
      alertOptions({ ctx, input }),
    ]);
    return ok({ data: data.map(recipientOut), enabled, emailAvailable: email });
  },
});

const patchRecipient = defineRoute({
  method: "PATCH",
  path: `${PATH}/:recipient_id`,
  operationId: "v1.alert-recipient.patch",
  tag: TAG,
  summary: "Change an alert recipient",
  description: "Changes how often the recipient gets messages.",
  access: "ManageEndpoint",
  permission: "endpoints:write",
  body: AlertRecipientPatch,
  responses: { 200: AlertRecipientOut },
  handle: async ({ ctx, params, body }) => {
    const input = { app: params.app_id, recipient: params.recipient_id, digest: body.digest };
    return ok(recipientOut(await changeAlertRecipient({ ctx, input })));
  },
});

const resend = defineRoute({
  method: "POST",
  path: `${PATH}/:recipient_id/resend`,
  operationId: "v1.alert-recipient.resend",
  tag: TAG,
  summary: "Send the confirmation of an alert recipient again",
  description: "The link of the earlier email stops working.",
  access: "ManageEndpoint",
  permission: "endpoints:write",
  idempotency: "claim",
  responses: { 200: AlertRecipientCreated },
  handle: async ({ ctx, params }) => {
    const input = { app: params.app_id, recipient: params.recipient_id };
    return ok(createdOut(await resendConfirmation({ ctx, input })));
  },
});

const removeRecipient = defineRoute({
  method: "DELETE",
  path: `${PATH}/:recipient_id`,
  operationId: "v1.alert-recipient.delete",
  tag: TAG,
  summary: "Remove an alert recipient",
  description: "It no longer receives alerts. Recipients of emails can also unsubscribe with the link in each of them.",
  access: "ManageEndpoint",
  permission: "endpoints:write",
  responses: { 204: null },
  handle: async ({ ctx, params }) => {
    await removeAlertRecipient({ ctx, input: { app: params.app_id, recipient: params.recipient_id } });
    return noContent();
  },
});

export const ALERT_RECIPIENT_ROUTES: readonly Route[] = [
  addRecipient,
  listRecipients,
  patchRecipient,
  resend,
  removeRecipient,
];
