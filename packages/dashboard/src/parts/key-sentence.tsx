import { useTranslation } from "react-i18next";
import { NOTABLE, PERMISSIONS, permissionsOf } from "../lib/permissions.ts";

export interface DescribedKey {
  readonly scopes: readonly string[] | null;
  readonly applications: readonly { readonly name: string }[] | null;
  readonly networks: readonly string[] | null;
}

/** Says what a key can and cannot do. */
export function KeySentence({ scopes, applications, networks }: DescribedKey) {
  const { t, i18n } = useTranslation();
  const listed = (words: readonly string[], type: "conjunction" | "disjunction") =>
    new Intl.ListFormat(i18n.language, { type }).format(words);
  const permissions = permissionsOf(scopes);
  const has = (name: string) => permissions === null || permissions.includes(name);
  const can = PERMISSIONS.filter(([name]) => has(name));
  const cannot = PERMISSIONS.filter(([name]) => NOTABLE.has(name) && !has(name));
  const what =
    can.length === PERMISSIONS.length
      ? t("keys.everything")
      : listed(
          can.map(([, key]) => t(`keys.can.${key}`)),
          "conjunction",
        );
  const names = applications?.map(({ name }) => name) ?? null;
  return (
    <>
      {names === null
        ? t("keys.canDo", { what })
        : t("keys.canDoIn", { what, applications: listed(names, "conjunction") })}
      {cannot.length > 0 && (
        <>
          {" "}
          {t("keys.cannotDo", {
            what: listed(
              cannot.map(([, key]) => t(`keys.can.${key}`)),
              "disjunction",
            ),
          })}
        </>
      )}
      {networks !== null && <> {t("keys.onlyFrom", { networks: listed(networks, "disjunction") })}</>}
    </>
  );
}
