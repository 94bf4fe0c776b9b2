import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import ts from 'typescript';

/** A line that a service logs. */
export interface LogMessage {
  /** File and line. */
  readonly where: string;
  /** `<…>` for what is put in; undefined: not written here. */
  readonly text: string | undefined;
}

/** What the sources below a folder log at warn and error, as far as it can be seen in them. */
export function logMessagesIn(root: string, folder: string): LogMessage[] {
  const messages: LogMessage[] = [];
  for (const path of readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })) {
    if (
      !path.endsWith('.ts') ||
      /\.(?:spec|fuzz|bench|fixture)\.|(?:^|\/)(?:testing|conformance)\//.test(path)
    )
      continue;
    const file = join(root, folder, path);
    const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true);
    const visit = (node: ts.Node): void => {
      const message = messageOf(node);
      if (message !== undefined) {
        const { line } = source.getLineAndCharacterOfPosition(node.getStart());
        messages.push({ where: `${relative(root, file)}:${line + 1}`, text: textOf(message) });
      }
      node.forEachChild(visit);
    };
    visit(source);
  }
  return messages;
}

/**
 * `logger.warn(…, message)`, the same of a limited log: `log('warn', …, message)`, `warn(kind, fields, message)`, and
 * `{ level: 'warn', message }`.
 */
function messageOf(node: ts.Node): ts.Expression | undefined {
  if (ts.isCallExpression(node)) return isLogCall(node) ? node.arguments.at(-1) : undefined;
  if (!ts.isObjectLiteralExpression(node)) return undefined;
  const member = (name: string) =>
    node.properties.filter(ts.isPropertyAssignment).find((property) => property.name.getText() === name)
      ?.initializer;
  return isLevel(member('level')) ? member('message') : undefined;
}

function isLogCall({ expression, arguments: [first] }: ts.CallExpression): boolean {
  const callee = expression.getText();
  if (/(?:^|\.)logger\??\.(?:warn|error)$/.test(callee) || callee === 'warn') return first !== undefined;
  return callee === 'log' && isLevel(first);
}

function isLevel(node: ts.Expression | undefined): boolean {
  return node !== undefined && ts.isStringLiteralLike(node) && ['warn', 'error'].includes(node.text);
}

function textOf(node: ts.Expression): string | undefined {
  if (ts.isStringLiteralLike(node)) return node.text;
  if (!ts.isTemplateExpression(node)) return undefined;
  return node.head.text + node.templateSpans.map(({ literal }) => `<…>${literal.text}`).join('');
}
