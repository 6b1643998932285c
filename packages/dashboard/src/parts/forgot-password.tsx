/** Asks for an email with a link for a new password. */
import { useMutation } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import { Button } from "../components/button.tsx";
import { Form, TextField } from "../components/form.tsx";
import { Note } from "../components/state.tsx";

export interface ForgotPasswordProps {
  /** The email address that the reader entered on the sign-in page. */
  readonly email: string;
  readonly onBack: () => void;
}

export function ForgotPassword({ email, onBack }: ForgotPasswordProps) {
  const { t, i18n } = useTranslation();
  const request = useMutation({
    mutationFn: async (address: string) => {
      const locale = i18n.language === "de" ? "de" : "en";
      await must(api.POST("/api/v1/sign-in/reset/request", { body: { email: address, locale } }));
      return address;
    },
  });
  return (
    <>
      {request.data === undefined ? (
        <>
          <p className="muted">{t("forgot.text")}</p>
          <Form
            onSubmit={({ email: address = "" }) => request.mutate(address.trim())}
            error={request.error}
            foot={
              <Button type="submit" kind="primary" disabled={request.isPending}>
                {t("forgot.submit")}
              </Button>
            }
          >
            <TextField
              name="email"
              label={t("signIn.email")}
              type="email"
              autoComplete="username"
              value={email}
              required
              autoFocus
            />
          </Form>
        </>
      ) : (
        <Note tone="good">{t("forgot.sent", { email: request.data })}</Note>
      )}
      <Button kind="quiet" onClick={onBack}>
        {t("forgot.back")}
      </Button>
    </>
  );
}
