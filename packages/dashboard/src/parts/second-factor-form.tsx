import { useMutation } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import { Button } from "../components/button.tsx";
import { Form, TextField } from "../components/form.tsx";

export interface SecondFactorFormProps {
  /** Of the first step of the sign-in. */
  readonly challenge: string;
  readonly onBack: () => void;
  readonly onSignedIn: () => Promise<void>;
}

/** Second step of a sign-in: a code of the authenticator app, or a recovery code. */
export function SecondFactorForm({ challenge, onBack, onSignedIn }: SecondFactorFormProps) {
  const { t } = useTranslation();
  const verify = useMutation({
    mutationFn: (code: string) => must(api.POST("/api/v1/sign-in/second-factor", { body: { challenge, code } })),
    onSuccess: onSignedIn,
  });
  return (
    <>
      <p className="muted">{t("signIn.codeText")}</p>
      <Form
        onSubmit={({ code = "" }) => verify.mutate(code.trim())}
        error={verify.error}
        foot={
          <>
            <Button onClick={onBack}>{t("signIn.back")}</Button>
            <Button type="submit" kind="primary" disabled={verify.isPending}>
              {t("signIn.verify")}
            </Button>
          </>
        }
      >
        <TextField name="code" label={t("signIn.code")} autoComplete="one-time-code" required autoFocus />
      </Form>
    </>
  );
}
