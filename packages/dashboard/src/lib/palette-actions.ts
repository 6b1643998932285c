/** Actions in the results of the search: on any page, and on the object that was found. */
import type { LinkProps } from "@tanstack/react-router";
import type { TFunction } from "i18next";
import type { LinkedDialog } from "../components/use-dialog.ts";
import type { Audience } from "../session/audience.ts";
import type { Permission } from "./caller.ts";
import { type FoundObject, type LinkItem, linkOf, type Links } from "./palette.ts";

interface Choice {
  readonly permission: Permission;
  /** `null`: in any application. */
  readonly isAnywhere: boolean;
  readonly link: LinkProps;
}

/** Actions that are offered on every page, by the key of their text. */
const ACTIONS = {
  "replays.new": { permission: "messages:replay", isAnywhere: true, link: { to: "/replays/new" } },
  "acrossReplay.title": { permission: "messages:replay", isAnywhere: false, link: { to: "/replays/across" } },
  "applications.new": {
    permission: "applications:write",
    isAnywhere: false,
    link: { to: "/applications", state: { dialog: "new-application" } },
  },
  "eventTypes.new": {
    permission: "event-types:write",
    isAnywhere: false,
    link: { to: "/event-types", state: { dialog: "new-event-type" } },
  },
  "sources.new": {
    permission: "sources:write",
    isAnywhere: false,
    link: { to: "/sources", state: { dialog: "new-source" } },
  },
  "watches.new": { permission: "watches:write", isAnywhere: true, link: { to: "/watches/new" } },
  "alerts.new": {
    permission: "settings:write",
    isAnywhere: false,
    link: { to: "/settings", search: { tab: "alerts" }, state: { dialog: "new-alert-rule" } },
  },
  "keys.new": {
    permission: "keys:manage",
    isAnywhere: false,
    link: { to: "/settings", search: { tab: "keys" }, state: { dialog: "new-key" } },
  },
  "users.invite": {
    permission: "people:manage",
    isAnywhere: false,
    link: { to: "/users", state: { dialog: "invite" } },
  },
} as const satisfies Readonly<Record<string, Choice>>;

/** Actions that the caller may take, on every page. */
export function generalActions({ may }: Pick<Audience, "may">, t: TFunction): readonly LinkItem[] {
  return (Object.keys(ACTIONS) as (keyof typeof ACTIONS)[]).flatMap((name) => {
    const { permission, isAnywhere, link } = ACTIONS[name];
    if (!(isAnywhere ? may(permission, "anywhere") : may(permission))) return [];
    return [{ key: name, group: "action" as const, name: t(name), detail: null, link }];
  });
}

/** Actions on an application or endpoint that was found. They open the dialog on its page. */
export function actionsOn(
  found: FoundObject,
  audience: Links & Pick<Audience, "may">,
  t: TFunction,
): readonly LinkItem[] {
  const link = linkOf(found, audience);
  const action = (key: string, name: string, more: Partial<LinkProps>): LinkItem => {
    return {
      key: `${key} ${found.id}`,
      group: "action",
      name,
      detail: found.name,
      link: { ...link, ...more } as LinkProps,
    };
  };
  const dialog = (name: LinkedDialog): Partial<LinkProps> => ({ state: { dialog: name } });
  if (found.kind === "application") {
    const may = (permission: Permission): boolean => audience.may(permission, found.id);
    return [
      ...(may("messages:publish") ? [action("publish", t("compose.title"), dialog("publish"))] : []),
      ...(may("endpoints:write") ? [action("endpoint", t("endpoints.new"), dialog("new-endpoint"))] : []),
      ...(may("tokens:issue") ? [action("portal", t("palette.portal"), { search: { tab: "settings" } })] : []),
    ];
  }
  if (found.kind === "endpoint" && audience.may("messages:replay", found.appId ?? undefined)) {
    return [
      action("recover", t("endpoints.recover"), dialog("recover")),
      action("example", t("endpoints.test"), dialog("send-example")),
    ];
  }
  return [];
}
