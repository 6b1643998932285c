/** Dashboard for operators, who sign in as users or with a token of the organisation. */
import { Link } from "@tanstack/react-router";
import { lazy, Suspense } from "react";
import { Trans } from "react-i18next";
import { isSource } from "../lib/source.ts";
import { ApplicationName } from "../parts/application-name.tsx";
import { AudienceContext, type Audience } from "../session/audience.ts";
import { useSession } from "../session/use-session.ts";
import { Shell } from "./shell.tsx";

/** Loaded only when signed out. */
const SignIn = lazy(async () => {
  const { SignIn: component } = await import("../pages/sign-in.tsx");
  return { default: component };
});

const OPERATOR: Audience = {
  kind: "operator",
  can: () => true,
  endpoint: (app, endpoint) => ({ to: "/applications/$app/endpoints/$endpoint", params: { app, endpoint } }),
  message: (app, message) => ({ to: "/applications/$app/messages/$message", params: { app, message } }),
  attempt: (app, message, attempt) => ({
    to: "/applications/$app/messages/$message/attempts/$attempt",
    params: { app, message, attempt },
  }),
  replay: (app, replay) => ({ to: "/replays/$app/$replay", params: { app, replay } }),
  crumbs: (app) =>
    isSource(app)
      ? [
          <Link key="all" to="/sources">
            <Trans i18nKey="sources.title" />
          </Link>,
          <Link key="source" to="/sources/$source" params={{ source: app }}>
            <ApplicationName app={app} />
          </Link>,
        ]
      : applicationCrumbs(app),
};

function applicationCrumbs(app: string) {
  return [
    <Link key="all" to="/applications">
      <Trans i18nKey="applications.title" />
    </Link>,
    <Link key="app" to="/applications/$app" params={{ app }}>
      <ApplicationName app={app} />
    </Link>,
  ];
}

export function Operator() {
  const session = useSession();
  if (session === null) {
    return (
      <Suspense fallback={null}>
        <SignIn />
      </Suspense>
    );
  }
  return (
    <AudienceContext value={OPERATOR}>
      <Shell />
    </AudienceContext>
  );
}
