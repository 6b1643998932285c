/** Models of portal keys. */
import { Type } from "typebox";
import { CAPABILITIES } from "../../domain/access.ts";
import { DateTime, literals, nullable, ref } from "./common.ts";

const Capabilities = Type.Array(literals(CAPABILITIES), {
  minItems: 1,
  maxItems: CAPABILITIES.length,
  uniqueItems: true,
});

export const PortalKeyIn = Type.Object(
  {
    name: Type.String({
      minLength: 1,
      maxLength: 100,
      description: "What the key is for, such as the name of an agent.",
    }),
    capabilities: Type.Optional({
      ...Capabilities,
      default: ["ViewBase"],
      description: "What it may do. By default it only reads.",
    }),
    expiry: Type.Optional(
      nullable(
        Type.Integer({ minimum: 60, maximum: 315_360_000, description: "In seconds. Null: it does not expire." }),
      ),
    ),
  },
  { $id: "PortalKeyIn" },
);

const keyFields = {
  id: Type.String(),
  name: Type.String(),
  tokenCensored: Type.String(),
  capabilities: Type.Array(literals(CAPABILITIES)),
  createdAt: DateTime,
  expiresAt: nullable(DateTime),
};

export const PortalKeyOut = Type.Object(keyFields, { $id: "PortalKeyOut" });
export const PortalKeyCreated = Type.Object(
  { ...keyFields, token: Type.String({ description: "The key. Only this response contains it." }) },
  { $id: "PortalKeyCreated" },
);
export const PortalKeyList = Type.Object(
  { data: Type.Array(ref(PortalKeyOut)) },
  { $id: "PortalKeyList", description: "Oldest first." },
);

export const PORTAL_KEY_MODELS = [PortalKeyIn, PortalKeyOut, PortalKeyCreated, PortalKeyList];
