import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { dropLinkCode, type LinkPage } from "../session/link-code.ts";
import { startCookieSession } from "../session/session.ts";
import { SecondFactorForm } from "./second-factor-form.tsx";
import { TextField } from "../components/form.tsx";

/** Name and a new password, for forms that create an account. */
export function AccountFields() {
  const { t } = useTranslation();
  return (
    <>
      <TextField name="name" label={t("signIn.name")} autoComplete="name" required />
      <NewPasswordField />
    </>
  );
}

export function NewPasswordField({ name = "password" }: { readonly name?: string }) {
  const { t } = useTranslation();
  return (
    <TextField
      name={name}
      label={t(name === "password" ? "signIn.password" : "signIn.newPassword")}
      help={t("signIn.passwordHelp")}
      type="password"
      autoComplete="new-password"
      required
    />
  );
}

interface Result {
  readonly challenge: string | null;
}

/** Next step after a form that uses up a link: the overview, or first the second factor, which `step` shows. */
export function useSignedIn(page: LinkPage) {
  const navigate = useNavigate();
  const [challenge, setChallenge] = useState<string | null>(null);
  const enter = async (): Promise<void> => {
    await startCookieSession();
    await navigate({ to: "/", replace: true });
    // Removed only now, because without a code the page says that the link is not valid.
    dropLinkCode(page);
  };
  const signedIn = async (result: Result): Promise<void> => {
    if (result.challenge === null) await enter();
    else setChallenge(result.challenge);
  };
  const step =
    challenge === null ? null : (
      <SecondFactorForm
        challenge={challenge}
        onBack={() => void navigate({ to: "/", replace: true })}
        onSignedIn={enter}
      />
    );
  return { signedIn, step };
}
