import { useTranslation } from "react-i18next";
import { CodeBlock } from "../components/code-block.tsx";
import { type ApiCall, curlOf } from "../lib/api-command.ts";

/** The API call that creates the first item of an empty list. */
export function ApiCommand({ call }: { readonly call: ApiCall }) {
  const { t } = useTranslation();
  return <CodeBlock label={t("list.command")} text={curlOf(call)} />;
}
