/** Fields that several models of users have. */
import { Type } from "typebox";
import { ROLES } from "../../domain/role.ts";
import { literals } from "./common.ts";

export const Email = Type.String({ minLength: 3, maxLength: 254, description: "Case-insensitive." });
export const PersonName = Type.String({ minLength: 1, maxLength: 100, pattern: "\\S" });
/** The rules are in `domain/user/password-rules.ts`. */
export const NewPassword = Type.String({
  maxLength: 1024,
  description:
    "At least 12 characters that are hard to guess: not a common password, a pattern, or the name of the user.",
});
export const Password = Type.String({ maxLength: 1024 });
export const FactorCode = Type.String({
  minLength: 6,
  maxLength: 40,
  description: "A code of the authenticator app, or a recovery code.",
});
export const RoleName = literals(ROLES);
