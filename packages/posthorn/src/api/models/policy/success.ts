import { Type } from "typebox";
import { nullable } from "../common.ts";
import { StatusCodeList } from "./status-codes.ts";

export const SuccessPolicyModel = Type.Object(
  { statusCodes: Type.Optional(nullable(StatusCodeList("Answers that are a success."))) },
  { $id: "SuccessPolicy", description: "Which answers are a success." },
);
