/** Dashboard for operators, who sign in as users or with a token of the organisation. */
import { Link, useRouterState } from "@tanstack/react-router";
import { lazy, Suspense, useMemo, useState } from "react";
import { Trans } from "react-i18next";
import { Starting } from "../components/starting.tsx";
import { loadTexts } from "../i18n/i18n.ts";
import { isSource } from "../lib/source.ts";
import { ApplicationName } from "../parts/application-name.tsx";
import { AudienceContext, type Audience, type Capability } from "../session/audience.ts";
import { mayCall, maySomewhere, type Permission } from "../lib/caller.ts";
import { useCallerQuery } from "../session/use-caller.ts";
import { useSession } from "../session/use-session.ts";
import { Shell, ShellPlaceholder } from "./shell.tsx";

/** Loaded only when signed out. */
const SignIn = lazy(async () => {
  const [{ SignIn: component }] = await Promise.all([import("../pages/sign-in.tsx"), loadTexts()]);
  return { default: component };
});

/** Few users ever need it. */
const RequiredFactor = lazy(async () => {
  const [{ RequiredFactor: component }] = await Promise.all([import("../pages/required-factor.tsx"), loadTexts()]);
  return { default: component };
});

/** Permission that an operator needs for what a customer's token needs a capability for. */
const PERMISSION_FOR: Readonly<Record<Capability, Permission>> = {
  ViewBase: "read",
  ViewEndpointSecret: "secrets:read",
  ManageEndpointSecret: "endpoints:write",
  ManageTransformations: "endpoints:write",
  CreateAttempts: "messages:replay",
  ManageEndpoint: "endpoints:write",
  ManageWatch: "watches:write",
};

const LINKS: Omit<Audience, "can" | "may"> = {
  kind: "operator",
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
      <Suspense fallback={<Starting />}>
        <SignIn />
      </Suspense>
    );
  }
  return <SignedIn />;
}

function SignedIn() {
  const caller = useCallerQuery();
  const app = useRouterState({ select: ({ matches }) => applicationOf(matches.at(-1)?.params) });
  const { data, isPending } = caller;
  const audience = useMemo((): Audience => {
    const may: Audience["may"] = (permission, of = app) => {
      // Without a response, the page restricts nothing: the server enforces permissions in any case.
      if (data === undefined) return !isPending;
      return of === "anywhere" ? maySomewhere(data, permission) : mayCall(data, permission, of);
    };
    return { ...LINKS, may, can: (capability) => may(PERMISSION_FOR[capability]) };
  }, [data, isPending, app]);
  // Stays until the user continues, because recovery codes are shown only once.
  const [isSettingUp, setSettingUp] = useState(false);
  if (data?.secondFactorRequired === true && !isSettingUp) setSettingUp(true);
  return (
    <AudienceContext value={audience}>
      {isSettingUp ? (
        <Suspense fallback={null}>
          <RequiredFactor onDone={() => setSettingUp(false)} />
        </Suspense>
      ) : isPending ? (
        <ShellPlaceholder />
      ) : (
        <Shell />
      )}
    </AudienceContext>
  );
}

/** The application or source in the path of the page. */
function applicationOf(params: Readonly<Record<string, string | undefined>> | undefined): string | undefined {
  return params?.["app"] ?? params?.["source"];
}
