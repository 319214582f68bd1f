import type { Schema, SchemaFile } from './source.ts';

/** schemas/README.md: one table per kind, from the descriptions. */
export function referenceSource(files: readonly SchemaFile[]): string {
  const parts = files.map(({ kind, schema }) => section(kind, schema));
  return `# Shapes

The files here are the contract: editors, reviewers and other programs read them. \`npm run gen\` makes from them the types and
validators in \`src/core/model/\` and this page. To have an editor help, put this at the top of a file:

\`\`\`yaml
# yaml-language-server: $schema=../schemas/association.schema.json
\`\`\`

${files.map(({ kind, schema }) => `- [${kind}](#${kind}): ${schema.description ?? ''}`).join('\n')}

${parts.join('\n')}`;
}

function section(kind: string, schema: Schema): string {
  const rows = rowsOf(schema, '');
  const example = schema.examples?.[0];
  return `## ${kind}

${schema.description ?? ''}

| key | type | default | what it says |
| --- | --- | --- | --- |
${rows.join('\n')}
${example === undefined ? '' : `\nExample:\n\n\`\`\`json\n${JSON.stringify(example, null, 2)}\n\`\`\`\n`}`;
}

function rowsOf(schema: Schema, prefix: string): readonly string[] {
  const own = Object.entries(schema.properties ?? {}).flatMap(([name, inner]) => {
    const path = prefix === '' ? name : `${prefix}.${name}`;
    const required = schema.required?.includes(name) === true ? ' (required)' : '';
    const value = inner.default === undefined ? '' : code(JSON.stringify(inner.default));
    const row = `| ${code(path)}${required} | ${typeOf(inner)} | ${value} | ${sentence(inner)} |`;
    return [row, ...rowsOf(inner, path)];
  });
  const items = schema.items === undefined ? [] : rowsOf(schema.items, `${prefix}[]`);
  const values =
    typeof schema.additionalProperties === 'object'
      ? rowsOf(schema.additionalProperties, `${prefix}.*`)
      : [];
  const messages = [schema.$defs?.['agentMessage'], schema.$defs?.['serverMessage']].flatMap(
    (both) => both?.oneOf?.map(messageRow) ?? [],
  );
  return [...own, ...items, ...values, ...messages];
}

function messageRow(message: Schema): string {
  const kind = message.properties?.['kind']?.const;
  const keys = Object.keys(message.properties ?? {}).filter((key) => key !== 'kind');
  return `| ${code(String(kind))} | message | | ${message.description ?? ''} ${keys.map(code).join(', ')} |`;
}

function typeOf(schema: Schema): string {
  if (schema.enum !== undefined) return schema.enum.map((value) => code(String(value))).join(', ');
  const { type } = schema;
  if (typeof type === 'string') return type;
  return type?.join(' or ') ?? 'any';
}

function sentence(schema: Schema): string {
  const built =
    schema['x-effect'] === 'not-built-yet'
      ? ' **Not built yet: refused.**'
      : schema['x-effect'] === 'none'
        ? ' **No effect here: a warning.**'
        : schema['x-effect'] === 'kept'
          ? ` **A warning: ${schema['x-missing'] ?? ''}.**`
          : (
              schema['x-notBuiltValues']?.map(
                (value) => ` **${value} is not built yet: refused.**`,
              ) ?? []
            ).join('');
  return `${schema.description ?? ''}${built}`.replaceAll('|', '\\|');
}

function code(text: string): string {
  return `\`${text.replaceAll('|', '\\|')}\``;
}
