/** The template with the tables of all keys in the place of its marker. */
export function configurationPage(template, keys) {
  return template.replace('<!-- keys -->', () => tables(keys).join('\n\n'));
}

/** A heading and a table for each section with keys of its own. */
function tables(keys) {
  const sections = keys.filter(({ allowed }) => allowed === '');
  return sections.flatMap((section) => {
    const name = section.path.join('.');
    const own = keys.filter(({ path, allowed }) => allowed !== '' && path.slice(0, -1).join('.') === name);
    const heading = `${'#'.repeat(section.path.length === 1 ? 3 : 4)} ${name}\n\n${section.about}`;
    return own.length === 0 ? [heading] : [heading, table(own)];
  });
}

function table(keys) {
  const rows = keys.map(({ path, allowed, unit, byDefault, about, built }) => [
    code(path.at(-1)),
    allowed,
    unit,
    byDefault === '' ? '' : code(withoutQuotes(byDefault)),
    about,
    { all: 'yes', none: 'not yet' }[built] ?? `only ${built}`,
  ]);
  return [['key', 'values', 'unit', 'default', 'meaning', 'built'], Array(6).fill('---'), ...rows]
    .map((cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`)
    .join('\n');
}

function code(text) {
  return `\`${text}\``;
}

/** Text as YAML has it: without quotes where none are needed. */
function withoutQuotes(json) {
  return /^"[^"\s]+"$/.test(json) ? json.slice(1, -1) : json;
}
