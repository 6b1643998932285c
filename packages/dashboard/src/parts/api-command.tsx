import { useTranslation } from "react-i18next";
import { CodeBlock } from "../components/code-block.tsx";
import { type ApiCall, curlOf } from "../lib/api-command.ts";

/** The call of the API that creates what an empty list would show. */
export function ApiCommand({ call }: { readonly call: ApiCall }) {
  const { t } = useTranslation();
  return <CodeBlock label={t("list.command")} text={curlOf(call)} />;
}
