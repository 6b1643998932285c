import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import { Button } from "../components/button.tsx";
import { Form, FormError, TextField } from "../components/form.tsx";
import { SignInMethods } from "../parts/sign-in-methods.tsx";
import { ForgotPassword } from "../parts/forgot-password.tsx";
import { SecondFactorForm } from "../parts/second-factor-form.tsx";
import { takeProviderProblem } from "../session/provider-problem.ts";
import { endedWithToken, sessionEnd, signInState, startCookieSession, startSession } from "../session/session.ts";
import { SignInCard } from "./sign-in-card.tsx";
import styles from "./sign-in.module.css";

/**
 * Sign-in with email address and password, or with a token of the organisation. The URL does not change, so that the requested page opens
 * afterwards.
 */
export function SignIn() {
  const { t } = useTranslation();
  const { setupRequired } = signInState();
  const [method, setMethod] = useState<"password" | "token">(
    setupRequired || (sessionEnd() === "expired" && endedWithToken()) ? "token" : "password",
  );
  const [challenge, setChallenge] = useState<string | null>(null);
  const [forgotFor, setForgotFor] = useState<string | null>(null);
  if (forgotFor !== null) {
    return (
      <SignInCard title={t("forgot.title")}>
        <ForgotPassword email={forgotFor} onBack={() => setForgotFor(null)} />
      </SignInCard>
    );
  }
  return (
    <SignInCard title={t("signIn.title")}>
      <EndNote />
      <ProviderProblem />
      {challenge !== null ? (
        <SecondFactorForm challenge={challenge} onBack={() => setChallenge(null)} onSignedIn={startCookieSession} />
      ) : method === "password" ? (
        <PasswordForm onChallenge={setChallenge} onForgot={setForgotFor} />
      ) : (
        <TokenForm />
      )}
      {challenge === null && (
        <Button kind="quiet" onClick={() => setMethod(method === "password" ? "token" : "password")}>
          {t(method === "password" ? "signIn.withToken" : "signIn.withPassword")}
        </Button>
      )}
    </SignInCard>
  );
}

/** Why the page is shown, if the reader was signed in before or followed a link. */
function EndNote() {
  const { t } = useTranslation();
  const end = sessionEnd();
  if (end !== "expired" && end !== "link_invalid") return null;
  const text =
    end === "link_invalid" ? "signIn.linkInvalid" : endedWithToken() ? "signIn.tokenExpired" : "signIn.expired";
  return (
    <p className={styles["bad"]} role="status">
      {t(text)}
    </p>
  );
}

/** Why the sign-in at an identity provider failed, from which the reader has just returned. */
function ProviderProblem() {
  const [problem] = useState(takeProviderProblem);
  return <FormError error={problem} />;
}

interface PasswordFormProps {
  readonly onChallenge: (challenge: string) => void;
  /** @param email What the reader has entered. */
  readonly onForgot: (email: string) => void;
}

function PasswordForm({ onChallenge, onForgot }: PasswordFormProps) {
  const { t } = useTranslation();
  const [email, setEmail] = useState("");
  const signIn = useMutation({
    mutationFn: (body: { readonly email: string; readonly password: string }) =>
      must(api.POST("/api/v1/sign-in", { body })),
    onSuccess: ({ challenge }) => (challenge === null ? startCookieSession() : onChallenge(challenge)),
  });
  return (
    <>
      <Form
        onSubmit={({ email: given = "", password = "" }) => signIn.mutate({ email: given, password })}
        error={signIn.error}
        foot={
          <Button type="submit" kind="primary" disabled={signIn.isPending}>
            {t("signIn.submit")}
          </Button>
        }
      >
        <TextField
          name="email"
          label={t("signIn.email")}
          type="email"
          autoComplete="username"
          onValue={setEmail}
          required
          autoFocus
        />
        <TextField
          name="password"
          label={t("signIn.password")}
          type="password"
          autoComplete="current-password"
          required
        />
      </Form>
      {signInState().resetByEmail ? (
        <Button kind="quiet" onClick={() => onForgot(email)}>
          {t("forgot.open")}
        </Button>
      ) : (
        <p className={styles["muted"]}>{t("signIn.forgot")}</p>
      )}
      <SignInMethods email={email} />
    </>
  );
}

function TokenForm() {
  const { t } = useTranslation();
  const { setupRequired } = signInState();
  const signIn = useMutation({
    // The cheapest request that requires a token of an organisation.
    mutationFn: async (token: string) => {
      const request = api.GET("/api/v1/app", {
        params: { query: { limit: 1 } },
        headers: { authorization: `Bearer ${token}` },
      });
      await must(request);
      return token;
    },
    onSuccess: startSession,
  });
  return (
    <>
      {setupRequired && <p className={styles["muted"]}>{t("signIn.noUsers")}</p>}
      <p className={styles["muted"]}>{t("signIn.tokenText")}</p>
      <Form
        onSubmit={({ token = "" }) => signIn.mutate(token.trim())}
        error={signIn.error}
        foot={
          <Button type="submit" kind="primary" disabled={signIn.isPending}>
            {t("signIn.submit")}
          </Button>
        }
      >
        <TextField name="token" label={t("signIn.token")} type="password" required autoFocus />
      </Form>
    </>
  );
}
