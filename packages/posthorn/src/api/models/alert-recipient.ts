/** Models of the recipients of alerts about the endpoints of a customer. */
import { Type } from "typebox";
import { DIGESTS } from "../../domain/alert/rule.ts";
import { CUSTOMER_LOCALES } from "../../domain/mail/emails.ts";
import { DateTime, literals, nullable, ref } from "./common.ts";

const DigestModel = {
  ...literals(DIGESTS),
  description: "Whether alerts are combined: at most one message each hour or day. `off` by default.",
};

export const AlertRecipientIn = Type.Object(
  {
    email: Type.Optional(
      Type.String({
        minLength: 3,
        maxLength: 254,
        description: "An address. It gets a link with which it is confirmed.",
      }),
    ),
    endpoint: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 256,
        description:
          "Id or uid of an endpoint of the same application, which gets `endpoint.failing`, `endpoint.disabled` and `endpoint.recovered`.",
      }),
    ),
    digest: Type.Optional(DigestModel),
    locale: Type.Optional({ ...literals(CUSTOMER_LOCALES), description: "Language of the emails. `en` by default." }),
  },
  { $id: "AlertRecipientIn", description: "Set either `email` or `endpoint`.", additionalProperties: false },
);

export const AlertRecipientPatch = Type.Object(
  { digest: DigestModel },
  { $id: "AlertRecipientPatch", additionalProperties: false },
);

const fields = {
  id: Type.String(),
  email: nullable(Type.String()),
  endpointId: nullable(Type.String()),
  digest: DigestModel,
  state: {
    ...literals(["active", "unconfirmed"] as const),
    description: "`unconfirmed`: the link in the email was not used yet. Such an address gets no alerts.",
  },
  sentAt: nullable(DateTime),
  createdAt: DateTime,
};

export const AlertRecipientOut = Type.Object(fields, { $id: "AlertRecipientOut" });
export const AlertRecipientCreated = Type.Object(
  {
    ...fields,
    emailSent: nullable(
      Type.Boolean({ description: "Whether the mail server accepted the confirmation. Null: none is needed." }),
    ),
  },
  { $id: "AlertRecipientCreated" },
);
export const AlertRecipientList = Type.Object(
  {
    data: Type.Array(ref(AlertRecipientOut)),
    enabled: Type.Boolean({ description: "Whether the operator lets this customer add recipients." }),
    emailAvailable: Type.Boolean({ description: "Whether the server can send emails." }),
  },
  { $id: "AlertRecipientList", description: "Oldest first." },
);

export const ALERT_RECIPIENT_MODELS = [
  AlertRecipientIn,
  AlertRecipientPatch,
  AlertRecipientOut,
  AlertRecipientCreated,
  AlertRecipientList,
];
